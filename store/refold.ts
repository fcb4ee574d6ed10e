import type { Database, Statement } from "better-sqlite3";
import { type Archive, openArchive } from "./archive/archive.ts";
import type { Chronicle, Chronicler, Halves, Part } from "./chronicle.ts";
import { watchedBy } from "./chronicle.ts";
import type { AsideChronicle } from "./chronicle-aside.ts";
import type { DocumentSet } from "./documents.ts";
import { createDocuments } from "./documents.ts";
import type { EventRow } from "./find-events.ts";
import { openNames } from "./names.ts";
import { prepared } from "./prepared.ts";
import type { Documents, FoldEvent, Projection, Repetition } from "./projection.ts";
import { inSnapshot } from "./transaction.ts";
import { twoGenerations } from "./two-generations.ts";

/** Rows fetched in one call: fewer crossings from SQLite into JavaScript, and few enough to keep memory flat. */
const CHUNK = 512;
/** Chunks read as of one commit, and written aside by one: each commit touches the file. */
const CHUNKS_AT_ONCE = 8;
/** Places of the log that are searched in one call for what is no sample. */
const STRETCH = 8192;
/** More ranges than this are slower to compare with than a list is to search. */
const MOST_RANGES = 12;
const REMEMBERED_SERIES = 16384;

type Row = [seriesId: number, recordedAtUs: number, lag: number, payload: string | number, seq?: number];

interface Chunk {
  readonly rows: readonly Row[];
  /** Its places follow one another and are not told. */
  readonly isDense: boolean;
  /** There is no more at the moment. */
  readonly isLast: boolean;
  /** The place up to which it goes, where that is not its last row's. */
  readonly throughSeq?: number;
}

/** What the last event about an agent was, as long as the next one may be taken for its repetition. */
interface Latest {
  reader: Reader | null;
  /** The number of its payload. */
  payload: number;
  /** How many events of nobody there had been by then. */
  ofNobody: number;
  folds: readonly Repetition[];
}

/** A fold of one series: its names, the folds that read it and the documents they change. */
interface Reader {
  /** It belongs to the other half: nothing is folded of it. */
  readonly isPassed: boolean;
  readonly latest: Latest;
  readonly agent: string | null;
  readonly type: string;
  readonly schemaVersion: number;
  readonly source: string;
  readonly precision: "s" | "ms" | "us";
  readonly folds: readonly Projection[];
  readonly documents: Documents;
  readonly chronicler: Chronicler | null;
  /** The shared payload met last, which the next beat of the series most often has too. */
  lastPayload: number;
  lastValue: unknown;
}

export interface Folds {
  readonly projections: readonly Projection[];
  readonly chronicle: Chronicle | null;
}

/** The fold of a log, or of a half of it, in steps of some chunks each. */
export interface Refold {
  readonly partitions: ReadonlyMap<number, DocumentSet>;
  lastSeq(): number;
  /** Folds a step; whether there may be more. One transaction: what it writes aside locks nobody out. */
  step(): boolean;
}

export function startRefold(
  database: Database,
  { projections, chronicle }: Folds,
  aside: AsideChronicle | null,
  { part = "whole", untilSeq = Infinity }: { readonly part?: Part; readonly untilSeq?: number } = {},
): Refold {
  const halves = chronicle?.halves ?? null;
  const names = openNames(database);
  // Seqs follow one another, so a full range need not be told its own: a fifth of the cost of a row is each of its columns.
  const columns = "series_id, recorded_at, lag, payload";
  const dense = prepared(
    database,
    `SELECT ${columns} FROM events WHERE seq > ? AND seq <= ? ORDER BY seq`,
    "raw",
  );
  const sparse = prepared(
    database,
    `SELECT ${columns}, seq FROM events WHERE seq > ? ORDER BY seq LIMIT ?`,
    "raw",
  );
  const samplesOf = prepared(
    database,
    "SELECT series_id FROM series JOIN kinds USING (kind_id) WHERE substr(type, 1, length(?)) = ? ORDER BY 1",
    "pluck",
  );
  let rest: { readonly samples: string; readonly statement: Statement } | null = null;
  /** What is no sample, as far as the samples' series are known; a new one is passed when its rows come. */
  const restOf = ({ samples, lateUs, documentsEvery }: Halves): Statement => {
    const isSample = isAnyOf(samplesOf().all(samples, samples) as number[]);
    if (rest?.samples !== isSample) {
      const sql = `SELECT ${columns}, seq FROM events NOT INDEXED WHERE seq > ? AND seq <= ?
        AND (NOT ${isSample} OR lag > ${lateUs} OR seq % ${documentsEvery} = 0) ORDER BY seq`;
      rest = { samples: isSample, statement: database.prepare(sql).raw() };
    }
    return rest.statement;
  };
  const newest = prepared(database, "SELECT coalesce(max(seq), 0) FROM events", "pluck");
  const recordedAt = prepared(database, "SELECT recorded_at FROM events WHERE seq = ?", "pluck");
  const archive = openArchive(database);
  const archived = archivedRows(archive);
  const partitions = new Map<number, DocumentSet>();
  const watched = new Map<number, { documents: Documents; chronicler: Chronicler | null }>();
  const latest = new Map<string, Latest>();
  let ofNobody = 0;
  const readers = twoGenerations<number, Reader>(REMEMBERED_SERIES);
  let lastSeq = 0;
  let lastUs = 0;

  /** The next rows, as of one commit: of the files that older events were archived into, then of the table. */
  const nextRows = (): Chunk => {
    const rows = archived.next(lastSeq, CHUNK);
    if (rows.length === CHUNK) return { rows, isDense: false, isLast: false };
    if (part === "rest" && halves !== null) {
      const from = rows.at(-1)?.[4] ?? lastSeq;
      const end = newest().get() as number;
      const to = Math.min(from + STRETCH, Math.max(from, end));
      const found = restOf(halves).all(from, to) as Row[];
      return { rows: [...rows, ...found], isDense: false, isLast: to >= end, throughSeq: to };
    }
    if (rows.length === 0) {
      const full = dense().all(lastSeq, lastSeq + CHUNK) as Row[];
      if (full.length === CHUNK) return { rows: full, isDense: true, isLast: false };
    }
    const from = rows.at(-1)?.[4] ?? lastSeq;
    const more = sparse().all(from, CHUNK - rows.length) as Row[];
    return { rows: [...rows, ...more], isDense: false, isLast: rows.length + more.length < CHUNK };
  };

  /** When the event before this one was recorded, where not every event is read. */
  const recordedBefore = (seq: number): number =>
    (recordedAt().get(seq - 1) as number | undefined) ?? archive.row(seq - 1)?.[2] ?? 0;

  const readerOf = (seriesId: number): Reader => {
    const { partitionId, ...series } = names.seriesOf(seriesId);
    let documents = partitions.get(partitionId);
    if (documents === undefined) {
      documents = createDocuments("untracked");
      partitions.set(partitionId, documents);
      const chronicler = (aside && chronicle?.open(aside.open(partitionId), part)) ?? null;
      const seen = chronicler && chronicle ? watchedBy(chronicler, chronicle.ignores, documents) : documents;
      watched.set(partitionId, { documents: seen, chronicler });
    }
    const folds = projections.filter(({ types }) => types === null || types.has(series.type));
    const seen = watched.get(partitionId) as { documents: Documents; chronicler: Chronicler | null };
    const key = `${partitionId} ${series.agent}`;
    const ofAgent = latest.get(key) ?? { reader: null, payload: 0, ofNobody: 0, folds: [] };
    latest.set(key, ofAgent);
    const isPassed = halves !== null && isOfOther(part, halves, series.type);
    const reader = {
      ...series,
      isPassed,
      folds,
      ...seen,
      latest: ofAgent,
      lastPayload: 0,
      lastValue: undefined,
    };
    readers.set(seriesId, reader);
    return reader;
  };

  return { partitions, lastSeq: () => lastSeq, step: () => inSnapshot(database, step) };

  function step(): boolean {
    for (let chunk = 0; chunk < CHUNKS_AT_ONCE; chunk += 1) if (!foldChunk()) return false;
    return true;
  }

  /** Whether the chunk was a whole one. */
  function foldChunk(): boolean {
    const { rows, isDense, isLast, throughSeq } = nextRows();
    for (const row of rows) {
      if (lastSeq >= untilSeq) return false;
      // By index: taking rows apart by pattern costs a tenth of the store's share of a rebuild.
      const recordedAtUs = row[1];
      const stored = row[3];
      lastSeq = isDense ? lastSeq + 1 : (row[4] as number);
      const reader = readers.get(row[0]) ?? readerOf(row[0]);
      const previousUs = lastUs;
      lastUs = recordedAtUs;
      const occurredAtUs = recordedAtUs - row[2];
      const { latest } = reader;
      if (part === "samples" && reader.isPassed && !(halves as Halves).isDue(lastSeq)) continue;
      if (latest.reader === reader && latest.payload === stored && latest.ofNobody === ofNobody) {
        if (isTaken(latest.folds, lastSeq, occurredAtUs, recordedAtUs)) continue;
      }
      const { agent, type, schemaVersion, source, precision, folds, documents, chronicler } = reader;
      if (reader.isPassed) {
        const event = {
          seq: lastSeq,
          agent,
          type,
          schemaVersion,
          source,
          occurredAtUs,
          precision,
          recordedAtUs,
        };
        chronicler?.pass({ ...event, payload: undefined }, documents);
        continue;
      }
      if (agent === null) ofNobody += 1;
      latest.reader = null;
      if (folds.length === 0 && chronicler === null) continue;
      let payload = reader.lastValue;
      if (stored !== reader.lastPayload) {
        payload = names.valueOf(stored);
        if (typeof stored === "number") {
          reader.lastPayload = stored;
          reader.lastValue = payload;
        }
      }
      const event = {
        seq: lastSeq,
        agent,
        type,
        schemaVersion,
        source,
        occurredAtUs,
        precision,
        recordedAtUs,
        payload,
      };
      const isBound = part === "rest" && source === halves?.boundBy;
      chronicler?.begin(event, isBound ? recordedBefore(lastSeq) : previousUs);
      for (const fold of folds) fold.evolve(documents, event);
      chronicler?.end(event, documents);
      if (typeof stored === "number" && agent !== null) repeat(reader, event, stored);
    }
    if (throughSeq !== undefined) lastSeq = throughSeq;
    return !isLast;
  }

  /** From here on events like this one may be taken for its repetition, where every fold of it knows how. */
  function repeat(reader: Reader, event: FoldEvent, payload: number): void {
    const { latest, folds, documents, chronicler } = reader;
    const known: Repetition[] = [];
    for (const fold of folds) {
      const repetition = fold.repetition?.(documents, event) ?? null;
      if (repetition === null) return;
      known.push(repetition);
    }
    if (chronicler !== null) {
      const repetition = chronicler.repetition(event);
      if (repetition === null) return;
      known.push(repetition);
    }
    latest.reader = reader;
    latest.payload = payload;
    latest.ofNobody = ofNobody;
    latest.folds = known;
  }
}

/** Whether a series is one of these. Ids are given one after the other, so most often a few ranges hold them: cheaper than any list. */
function isAnyOf(ids: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const id of ids) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === id - 1) last[1] = id;
    else ranges.push([id, id]);
  }
  if (ranges.length > MOST_RANGES) return `series_id IN (${ids.join(", ")})`;
  ranges.sort(([a, b], [c, d]) => d - c - (b - a));
  return `(${ranges.map(([from, to]) => `series_id BETWEEN ${from} AND ${to}`).join(" OR ") || "false"})`;
}

function isOfOther(part: Part, { samples, with: both }: Halves, type: string): boolean {
  if (part === "whole") return false;
  return type.startsWith(samples) ? part === "rest" : part === "samples" && !type.startsWith(both);
}

/** Whether all folds took it; where a later one did not, the earlier ones come to the same when they fold it again. */
function isTaken(
  folds: readonly Repetition[],
  seq: number,
  occurredAtUs: number,
  recordedAtUs: number,
): boolean {
  for (const fold of folds) if (!fold(seq, occurredAtUs, recordedAtUs)) return false;
  return true;
}

/** Archived rows in the order of seq. The floor may rise while they are read: what follows is in the table, or archived too. */
function archivedRows(archive: Archive) {
  let reading: Generator<EventRow> | null = null;
  return {
    /** At most `count` rows after `afterSeq`; fewer, where the table goes on. */
    next(afterSeq: number, count: number): Row[] {
      const rows: Row[] = [];
      const floor = archive.floor();
      for (let seq = afterSeq; seq < floor && rows.length < count; ) {
        reading ??= archive.rows({
          fromSeq: seq + 1,
          toSeq: floor,
          series: null,
          sinceUs: null,
          untilUs: null,
        });
        const next = reading.next();
        if (next.done) reading = null;
        else {
          const [at, seriesId, recordedAtUs, lag, payload] = next.value;
          rows.push([seriesId, recordedAtUs, lag, payload, at]);
          seq = at;
        }
      }
      return rows;
    },
  };
}

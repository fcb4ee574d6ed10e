import type { Database } from "better-sqlite3";
import { type Archive, openArchive } from "./archive/archive.ts";
import type { Chronicle, Chronicler } from "./chronicle.ts";
import { watchedBy } from "./chronicle.ts";
import { openAsideChronicle } from "./chronicle-aside.ts";
import type { DocumentSet } from "./documents.ts";
import { createDocuments } from "./documents.ts";
import { FleetError } from "./errors.ts";
import type { EventRow } from "./find-events.ts";
import { openNames } from "./names.ts";
import type { Documents, FoldEvent, Projection, Repetition } from "./projection.ts";
import { storedVersions, storeVersions } from "./projection-versions.ts";
import { inSnapshot, inTransaction } from "./transaction.ts";
import { twoGenerations } from "./two-generations.ts";

/** Rows fetched in one call: fewer crossings from SQLite into JavaScript, and few enough to keep memory flat. */
const CHUNK = 1024;
/** Chunks read as of one commit, and written aside by one: each commit touches the file. */
const CHUNKS_AT_ONCE = 8;
const REMEMBERED_SERIES = 16384;

type Row = [seriesId: number, recordedAtUs: number, lag: number, payload: string | number, seq?: number];

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

/**
 * Folds the whole log again and puts the result in place of the documents, in one transaction. Appending goes on
 * meanwhile: the write lock is held only for the last rows and the exchange. Cursors, observations, gauges and the lease are not touched.
 */
export function rebuild(
  database: Database,
  folded: Folds,
  progress: (seq: number) => void = () => {},
): { events: number } {
  const all = [...folded.projections, folded.chronicle];
  const refold = startRefold(database, folded);
  while (refold.step()) progress(refold.lastSeq());
  inTransaction(database, () => {
    if (storedVersions(database, all) === "newer") {
      throw new FleetError("too-new", "the tables of this log are kept by a newer fleet", {
        hint: "Rebuild with the fleet that is installed now. Nothing was changed.",
      });
    }
    while (refold.step());
    database.prepare("DELETE FROM documents").run();
    const put = database.prepare(
      "INSERT INTO documents (partition_id, family, id, document) VALUES (?, ?, ?, ?)",
    );
    for (const [partitionId, documents] of refold.partitions)
      for (const { family, id, document } of documents.all())
        put.run(partitionId, family, id, JSON.stringify(document));
    refold.putChronicle();
    storeVersions(database, all);
    database.prepare("UPDATE state SET generation = generation + 1").run();
  });
  progress(refold.lastSeq());
  return { events: refold.events() };
}

export interface Folds {
  readonly projections: readonly Projection[];
  readonly chronicle: Chronicle | null;
}

/** The fold in steps of some chunks each; `step` says whether there may be more. */
export function startRefold(database: Database, { projections, chronicle }: Folds) {
  const aside = openAsideChronicle(database);
  const names = openNames(database);
  // Seqs follow one another, so a full range need not be told its own: a fifth of the cost of a row is each of its columns.
  const columns = "series_id, recorded_at, lag, payload";
  const dense = database
    .prepare(`SELECT ${columns} FROM events WHERE seq > ? AND seq <= ? ORDER BY seq`)
    .raw();
  const sparse = database
    .prepare(`SELECT ${columns}, seq FROM events WHERE seq > ? ORDER BY seq LIMIT ?`)
    .raw();
  const archived = archivedRows(openArchive(database));
  const partitions = new Map<number, DocumentSet>();
  const watched = new Map<number, { documents: Documents; chronicler: Chronicler | null }>();
  const latest = new Map<string, Latest>();
  let ofNobody = 0;
  const readers = twoGenerations<number, Reader>(REMEMBERED_SERIES);
  let lastSeq = 0;
  let lastUs = 0;
  let events = 0;

  /** The next rows, as of one commit: of the files that older events were archived into, then of the table. */
  const nextRows = (): { rows: Row[]; isDense: boolean } => {
    const rows = archived.next(lastSeq, CHUNK);
    if (rows.length === CHUNK) return { rows, isDense: false };
    if (rows.length === 0) {
      const full = dense.all(lastSeq, lastSeq + CHUNK) as Row[];
      if (full.length === CHUNK) return { rows: full, isDense: true };
    }
    const from = rows.at(-1)?.[4] ?? lastSeq;
    return { rows: [...rows, ...(sparse.all(from, CHUNK - rows.length) as Row[])], isDense: false };
  };

  const readerOf = (seriesId: number): Reader => {
    const { partitionId, ...series } = names.seriesOf(seriesId);
    let documents = partitions.get(partitionId);
    if (documents === undefined) {
      documents = createDocuments("untracked");
      partitions.set(partitionId, documents);
      const chronicler = chronicle?.open(aside.open(partitionId)) ?? null;
      const seen = chronicler && chronicle ? watchedBy(chronicler, chronicle.ignores, documents) : documents;
      watched.set(partitionId, { documents: seen, chronicler });
    }
    const folds = projections.filter(({ types }) => types === null || types.has(series.type));
    const seen = watched.get(partitionId) as { documents: Documents; chronicler: Chronicler | null };
    const key = `${partitionId} ${series.agent}`;
    const ofAgent = latest.get(key) ?? { reader: null, payload: 0, ofNobody: 0, folds: [] };
    latest.set(key, ofAgent);
    const reader = { ...series, folds, ...seen, latest: ofAgent, lastPayload: 0, lastValue: undefined };
    readers.set(seriesId, reader);
    return reader;
  };

  return {
    /** Puts the chronicle in place of the one that is there; nothing is settled of it yet. */
    putChronicle: aside.put,
    partitions: partitions as ReadonlyMap<number, DocumentSet>,
    lastSeq: () => lastSeq,
    events: () => events,
    /** One transaction each: what it writes aside is this connection's own and locks nobody out. */
    step: () => inSnapshot(database, step),
  };

  function step(): boolean {
    for (let chunk = 0; chunk < CHUNKS_AT_ONCE; chunk += 1) if (!foldChunk()) return false;
    return true;
  }

  /** Whether the chunk was a whole one. */
  function foldChunk(): boolean {
    const { rows, isDense } = nextRows();
    for (const row of rows) {
      // By index: taking rows apart by pattern costs a tenth of the store's share of a rebuild.
      const recordedAtUs = row[1];
      const stored = row[3];
      lastSeq = isDense ? lastSeq + 1 : (row[4] as number);
      const reader = readers.get(row[0]) ?? readerOf(row[0]);
      const previousUs = lastUs;
      lastUs = recordedAtUs;
      const occurredAtUs = recordedAtUs - row[2];
      const { latest } = reader;
      if (latest.reader === reader && latest.payload === stored && latest.ofNobody === ofNobody) {
        if (isTaken(latest.folds, lastSeq, occurredAtUs, recordedAtUs)) continue;
      }
      const { agent, type, schemaVersion, source, precision, folds, documents, chronicler } = reader;
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
      chronicler?.begin(event, previousUs);
      for (const fold of folds) fold.evolve(documents, event);
      chronicler?.end(event, documents);
      if (typeof stored === "number" && agent !== null) repeat(reader, event, stored);
    }
    events += rows.length;
    return rows.length === CHUNK;
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

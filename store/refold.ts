import type { Database } from "better-sqlite3";
import type { Chronicle, Chronicler, Halves, Part } from "./chronicle.ts";
import { watchedBy } from "./chronicle.ts";
import type { AsideChronicle } from "./chronicle-aside.ts";
import type { DocumentSet } from "./documents.ts";
import { createDocuments } from "./documents.ts";
import { openNames } from "./names.ts";
import type { Documents, FoldEvent, Projection, Repetition } from "./projection.ts";
import { openRows } from "./refold-rows.ts";
import { inSnapshot } from "./transaction.ts";
import { twoGenerations } from "./two-generations.ts";

/** Chunks read as of one commit, and written aside by one: each commit touches the file. */
const CHUNKS_AT_ONCE = 8;
const REMEMBERED_SERIES = 16384;

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
  const rowsOf = openRows(database, part === "rest" ? halves : null);
  const partitions = new Map<number, DocumentSet>();
  const watched = new Map<number, { documents: Documents; chronicler: Chronicler | null }>();
  const latest = new Map<string, Latest>();
  let ofNobody = 0;
  const readers = twoGenerations<number, Reader>(REMEMBERED_SERIES);
  let lastSeq = 0;
  let lastUs = 0;

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
    const { rows, isDense, isLast, throughSeq } = rowsOf.after(lastSeq);
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
      const { agent, source, folds, documents, chronicler } = reader;
      if (reader.isPassed) {
        chronicler?.pass(eventOf(reader, lastSeq, occurredAtUs, recordedAtUs, undefined), documents);
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
      const event = eventOf(reader, lastSeq, occurredAtUs, recordedAtUs, payload);
      const isBound = part === "rest" && source === halves?.boundBy;
      chronicler?.begin(event, isBound ? rowsOf.recordedBefore(lastSeq) : previousUs);
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

function eventOf(
  { agent, type, schemaVersion, source, precision }: Reader,
  seq: number,
  occurredAtUs: number,
  recordedAtUs: number,
  payload: unknown,
): FoldEvent {
  return { seq, agent, type, schemaVersion, source, occurredAtUs, precision, recordedAtUs, payload };
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

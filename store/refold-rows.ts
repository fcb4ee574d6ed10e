import type { Database, Statement } from "better-sqlite3";
import { type Archive, openArchive } from "./archive/archive.ts";
import type { Halves } from "./chronicle.ts";
import type { EventRow } from "./find-events.ts";
import { prepared } from "./prepared.ts";

/** Rows fetched in one call: fewer crossings from SQLite into JavaScript, and few enough to keep memory flat. */
const CHUNK = 512;
/** Places of the log that are searched in one call for what is no sample. */
const STRETCH = 8192;
/** More ranges than this are slower to compare with than a list is to search. */
const MOST_RANGES = 12;

export type Row = [
  seriesId: number,
  recordedAtUs: number,
  lag: number,
  payload: string | number,
  seq?: number,
];

export interface Chunk {
  readonly rows: readonly Row[];
  /** Its places follow one another and are not told. */
  readonly isDense: boolean;
  /** There is no more at the moment. */
  readonly isLast: boolean;
  /** The place up to which it goes, where that is not its last row's. */
  readonly throughSeq?: number;
}

/** The rows of a log in the order of seq, archived ones included, some in each call: few enough to keep memory flat. */
export interface Rows {
  /** The next ones, as of one commit. */
  after(lastSeq: number): Chunk;
  /** When the event before this one was recorded, where not every event is read. */
  recordedBefore(seq: number): number;
}

/** `rest`: only what the half that folds no samples reads. */
export function openRows(database: Database, rest: Halves | null): Rows {
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
  let passed: { readonly samples: string; readonly statement: Statement } | null = null;
  /** What is no sample, as far as the samples' series are known; a new one is passed when its rows come. */
  const restOf = ({ samples, lateUs, documentsEvery }: Halves): Statement => {
    const isSample = isAnyOf(samplesOf().all(samples, samples) as number[]);
    if (passed?.samples !== isSample) {
      const sql = `SELECT ${columns}, seq FROM events NOT INDEXED WHERE seq > ? AND seq <= ?
        AND (NOT ${isSample} OR lag > ${lateUs} OR seq % ${documentsEvery} = 0) ORDER BY seq`;
      passed = { samples: isSample, statement: database.prepare(sql).raw() };
    }
    return passed.statement;
  };
  const newest = prepared(database, "SELECT coalesce(max(seq), 0) FROM events", "pluck");
  const recordedAt = prepared(database, "SELECT recorded_at FROM events WHERE seq = ?", "pluck");
  const archive = openArchive(database);
  const archived = archivedRows(archive);

  /** The next rows, as of one commit: of the files that older events were archived into, then of the table. */
  const after = (lastSeq: number): Chunk => {
    const rows = archived.next(lastSeq, CHUNK);
    if (rows.length === CHUNK) return { rows, isDense: false, isLast: false };
    if (rest !== null) {
      const from = rows.at(-1)?.[4] ?? lastSeq;
      const end = newest().get() as number;
      const to = Math.min(from + STRETCH, Math.max(from, end));
      const found = restOf(rest).all(from, to) as Row[];
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

  return { after, recordedBefore };
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

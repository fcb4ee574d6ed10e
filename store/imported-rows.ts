import type { Database } from "better-sqlite3";
import { batchDigest } from "./chain.ts";

/** Rows in one INSERT: each call from JavaScript into SQLite costs more than the row it carries. */
const ROWS_AT_ONCE = 50;
const COLUMNS = 7;

export interface ImportSeries {
  readonly id: number;
  readonly partitionId: number;
  readonly canonical: string;
  readonly seen: { text: string; id: bigint | null }[];
  /** The last batch that met it, and its number in that one. */
  batch: number;
  number: number;
}

/** The links of the new log's chain. */
export function openChain(database: Database) {
  const insert = database.prepare("INSERT INTO batches (last_seq, digest) VALUES (?, ?)");
  let previous = database.prepare("SELECT log_id FROM log_ids WHERE n = 1").pluck().get() as string;
  let batch = { number: 1, firstSeq: 1, afterUs: 0, series: 0 };
  let lines = "";
  return {
    /** What stands for a series in the line of its next event. */
    nameOf(series: ImportSeries): string | number {
      if (series.batch === batch.number) return series.number;
      series.batch = batch.number;
      series.number = batch.series++;
      return series.canonical;
    },
    add(line: string): void {
      lines += line;
    },
    /** Ends a batch with the event that was added last; without one since the last link it does nothing. */
    link(seq: number, recordedAtUs: number): void {
      if (lines === "") return;
      const digest = batchDigest({ previous, ...batch }, lines);
      insert.run(seq, digest);
      previous = digest.toString("hex");
      batch = { number: batch.number + 1, firstSeq: seq + 1, afterUs: recordedAtUs, series: 0 };
      lines = "";
    },
  };
}

/** Rows of events, many to a statement. */
export function openInserts(database: Database) {
  const row = `(${Array(COLUMNS).fill("?").join(", ")})`;
  const insert =
    "INSERT INTO events (seq, series_id, recorded_at, lag, payload, origin_id, origin_seq) VALUES";
  const insertOne = database.prepare(`${insert} ${row}`);
  const insertMany = database.prepare(`${insert} ${Array(ROWS_AT_ONCE).fill(row).join(", ")}`);
  let rows: unknown[] = [];
  return {
    add(...values: readonly unknown[]): void {
      rows.push(...values);
      if (rows.length < ROWS_AT_ONCE * COLUMNS) return;
      insertMany.run(rows);
      rows = [];
    },
    flush(): void {
      for (let at = 0; at < rows.length; at += COLUMNS) insertOne.run(rows.slice(at, at + COLUMNS));
      rows = [];
    },
  };
}

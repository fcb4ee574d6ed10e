import type { Database } from "better-sqlite3";
import { batchDigest, type NamedSeries, nameIn } from "./chain.ts";

export interface ImportSeries extends NamedSeries {
  readonly id: number;
  readonly partitionId: number;
  readonly seen: { text: string; id: bigint | null }[];
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
      return nameIn(batch, series);
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

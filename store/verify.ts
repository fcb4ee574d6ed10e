import type { Database } from "better-sqlite3";
import { batchDigest, canonicalLine, canonicalSeries } from "./chain.ts";
import { FleetError } from "./errors.ts";
import { storing } from "./failure.ts";
import { openNames } from "./names.ts";
import { openForReading } from "./open.ts";
import { inSnapshot } from "./transaction.ts";

/** Rows read at a time; a batch may be larger than that. */
const CHUNK = 4096;

export type Verified =
  | { readonly ok: true; readonly events: number; readonly batches: number; readonly lastSeq: number }
  /** The first batch whose rows are not what was written: one of the events from `fromSeq` to `toSeq`, or its digest. */
  | { readonly ok: false; readonly fromSeq: number; readonly toSeq: number; readonly problem: string };

type Row = [
  seq: number,
  seriesId: number,
  recordedAtUs: number,
  lag: number,
  payload: string | number,
  originId: number | null,
  originSeq: number | null,
];

/** Checks the log at `path`; see `verifyChain`. */
export function verifyLog(path: string, progress?: (seq: number) => void): Verified {
  return storing(path, () => {
    const database = openForReading(path);
    try {
      return verifyChain(database, progress);
    } finally {
      database.close();
    }
  });
}

/**
 * Computes the chain of digests again from the rows and compares it with `batches`. It finds a changed, missing, added or
 * reordered event; that somebody rewrote the chain from some point on is found only by who remembers a digest.
 */
export function verifyChain(database: Database, progress: (seq: number) => void = () => {}): Verified {
  return inSnapshot(database, () => {
    const names = openNames(database);
    /** One batch's lines; see `canonicalLine`. */
    const startLines = () => {
      const numbers = new Map<number, number>();
      let lines = "";
      return {
        add([, seriesId, recordedAtUs, lag, payload, originId, originSeq]: Row, previousUs: number): void {
          const number = numbers.get(seriesId);
          if (number === undefined) numbers.set(seriesId, numbers.size);
          const series = number ?? canonicalSeries(names.seriesOf(seriesId));
          if (originId !== null) lines += `@${names.originOf(originId)}:${originSeq} `;
          lines += canonicalLine(recordedAtUs - previousUs, lag, series, names.textOf(payload));
        },
        text: () => lines,
      };
    };

    const chunk = database
      .prepare(
        `SELECT seq, series_id, recorded_at, lag, payload, origin_id, origin_seq
         FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ${CHUNK}`,
      )
      .raw();
    const batches = database.prepare("SELECT last_seq, digest FROM batches ORDER BY last_seq").raw();
    let digest = database.prepare("SELECT log_id FROM log_ids WHERE n = 1").pluck().get() as string;
    let seq = 0;
    let recordedAtUs = 0;
    let count = 0;
    let events = 0;

    for (const [toSeq, stored] of batches.iterate() as Iterable<[number, Buffer]>) {
      const fromSeq = seq + 1;
      const afterUs = recordedAtUs;
      const bad = (problem: string): Verified => ({ ok: false, fromSeq, toSeq, problem });
      const lines = startLines();
      try {
        for (let rows = chunk.all(seq, toSeq) as Row[]; rows.length > 0; ) {
          for (const row of rows) {
            if (row[0] !== seq + 1)
              return { ok: false, fromSeq: seq + 1, toSeq: row[0] - 1, problem: "missing" };
            if (row[2] <= recordedAtUs) return bad(`recorded_at goes back at seq ${row[0]}`);
            lines.add(row, recordedAtUs);
            [seq, , recordedAtUs] = row;
          }
          events += rows.length;
          rows = seq < toSeq ? (chunk.all(seq, toSeq) as Row[]) : [];
        }
      } catch (error) {
        if (error instanceof FleetError) return bad(error.message);
        throw error;
      }
      if (seq !== toSeq) return { ok: false, fromSeq: seq + 1, toSeq, problem: "missing" };
      const computed = batchDigest({ previous: digest, firstSeq: fromSeq, afterUs }, lines.text());
      if (!computed.equals(stored)) return bad("the rows do not give the digest that was written with them");
      digest = computed.toString("hex");
      count += 1;
      if (count % 1024 === 0) progress(seq);
    }
    const last = database.prepare("SELECT coalesce(max(seq), 0) FROM events").pluck().get() as number;
    if (last !== seq)
      return { ok: false, fromSeq: seq + 1, toSeq: last, problem: "written outside of any batch" };
    return { ok: true, events, batches: count, lastSeq: seq };
  });
}

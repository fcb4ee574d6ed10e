import type { Database } from "better-sqlite3";
import { batchDigest, canonicalLine, canonicalSeries } from "./chain.ts";
import { FleetError } from "./errors.ts";
import { storing } from "./failure.ts";
import { openNames } from "./names.ts";
import { openForReading } from "./open.ts";
import { inSnapshot } from "./transaction.ts";

/** Rows read at a time; a batch may be larger than that. */
const CHUNK = 4096;

/** A log that is whole. `digest` is the chain's end: who keeps it, with its seq, can tell later that nothing before it was rewritten. */
export interface Whole {
  readonly ok: true;
  readonly events: number;
  readonly batches: number;
  readonly lastSeq: number;
  readonly digest: string;
}

/** The first event that is not what was written: one of those from `fromSeq` to `toSeq`, or the digest over them. */
export interface Damaged {
  readonly ok: false;
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly problem: string;
}

export type Verified = Whole | Damaged;

export interface VerifyOptions {
  readonly progress?: (seq: number) => void;
  /** What somebody remembers: the chain's digest (hex) when `seq` was the newest event. */
  readonly expected?: { readonly seq: number; readonly digest: string };
}

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
export function verifyLog(path: string, options: VerifyOptions = {}): Verified {
  return storing(path, () => {
    const database = openForReading(path);
    try {
      return verifyChain(database, options);
    } finally {
      database.close();
    }
  });
}

/**
 * Reads every event, checks its envelope, computes the chain of digests again from the rows and compares it with `batches`. It
 * finds a changed, missing, added or reordered event; that somebody rewrote the chain from some point on is found only by
 * who remembers a digest. At last the indexes are compared with the rows, since a search trusts them.
 */
export function verifyChain(database: Database, options: VerifyOptions = {}): Verified {
  let reached = 0;
  try {
    return inSnapshot(database, () =>
      verifyRows(database, options, (seq) => {
        reached = seq;
      }),
    );
  } catch (error) {
    // Pages that SQLite cannot make sense of: everything up to here was read and is as it was written.
    if (!isMalformed(error)) throw error;
    return damaged(reached + 1, reached + 1, `not readable (${(error as Error).message})`);
  }
}

function verifyRows(database: Database, options: VerifyOptions, reach: (seq: number) => void): Verified {
  const { progress = () => {}, expected } = options;
  const names = openNames(database);
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
  let remembered = expected === undefined || (expected.seq === 0 && expected.digest === digest);
  /** The rows of one batch; null when they are what was written. */
  const verifyBatch = (toSeq: number, stored: Buffer): Damaged | null => {
    const fromSeq = seq + 1;
    const afterUs = recordedAtUs;
    const lines = startLines(names);
    while (seq < toSeq) {
      const rows = chunk.all(seq, toSeq) as Row[];
      for (const row of rows) {
        if (row[0] !== seq + 1) return damaged(seq + 1, row[0] - 1, "missing");
        const odd = lines.add(row, recordedAtUs);
        if (odd !== null) return damaged(row[0], row[0], odd);
        if (row[2] <= recordedAtUs) return damaged(fromSeq, toSeq, `recorded_at goes back at #${row[0]}`);
        [seq, , recordedAtUs] = row;
      }
      reach(seq);
      if (rows.length === 0) return damaged(seq + 1, toSeq, "missing");
    }
    const computed = batchDigest({ previous: digest, firstSeq: fromSeq, afterUs }, lines.text());
    if (!computed.equals(stored))
      return damaged(fromSeq, toSeq, "the rows do not give the digest that was written with them");
    digest = computed.toString("hex");
    return null;
  };

  for (const [toSeq, stored] of batches.iterate() as Iterable<[number, Buffer]>) {
    const bad = verifyBatch(toSeq, stored);
    if (bad !== null) return bad;
    count += 1;
    if (expected?.seq === seq) {
      if (expected.digest !== digest)
        return damaged(1, seq, `the chain's digest at #${seq} is ${digest}, not the one expected`);
      remembered = true;
    }
    if (count % 1024 === 0) progress(seq);
  }
  const last = database.prepare("SELECT coalesce(max(seq), 0) FROM events").pluck().get() as number;
  if (last !== seq) return damaged(seq + 1, last, "written outside of any batch");
  if (!remembered)
    return damaged(seq + 1, expected?.seq ?? seq, `no batch ends at #${expected?.seq}, as expected`);
  const odd = database.pragma("integrity_check(events)", { simple: true }) as string;
  if (odd !== "ok")
    return damaged(
      1,
      seq,
      `each event is what was written, but an index over them is not (${odd}; REINDEX mends it)`,
    );
  return { ok: true, events: seq, batches: count, lastSeq: seq, digest };
}

function damaged(fromSeq: number, toSeq: number, problem: string): Damaged {
  return { ok: false, fromSeq, toSeq, problem };
}

/** One batch's lines as they are hashed; `add` says what is wrong with a row that no writer has written so. */
function startLines(names: ReturnType<typeof openNames>) {
  const numbers = new Map<number, number>();
  let lines = "";
  return {
    add(
      [, seriesId, recordedAtUs, lag, payload, originId, originSeq]: Row,
      previousUs: number,
    ): string | null {
      try {
        const number = numbers.get(seriesId);
        if (number === undefined) numbers.set(seriesId, numbers.size);
        const series = number ?? canonicalSeries(names.seriesOf(seriesId));
        if (originId !== null) lines += `@${names.originOf(originId)}:${originSeq} `;
        lines += canonicalLine(recordedAtUs - previousUs, lag, series, names.textOf(payload));
        names.valueOf(payload);
        return null;
      } catch (error) {
        if (error instanceof FleetError) return error.message.replace(/^the log is damaged: /, "");
        throw error;
      }
    },
    text: () => lines,
  };
}

function isMalformed(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" && (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB");
}

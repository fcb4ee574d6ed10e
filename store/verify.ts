import type { Database } from "better-sqlite3";
import { type Archive, openArchive, type SegmentRow } from "./archive/archive.ts";
import { decodeBlock, misnamed, commitsOf as sizesOf } from "./archive/block.ts";
import { hashOfRead } from "./archive/file-hash.ts";
import { type Broken, walkChain } from "./chain-walk.ts";
import { FleetError } from "./errors.ts";
import { storing } from "./failure.ts";
import type { EventRow } from "./find-events.ts";
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
  /** It is a file of the archive that is lost or harmed; the database is whole as far as it was read. */
  readonly archived?: true;
  /** It agrees with itself so far, and differs only from what somebody remembers. */
  readonly unexpected?: true;
}

export type Verified = Whole | Damaged;

export interface VerifyOptions {
  readonly progress?: (seq: number) => void;
  /** What somebody remembers: the chain's digest (hex) when `seq` was the newest event. */
  readonly expected?: { readonly seq: number; readonly digest: string };
}

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
    if (error instanceof BadArchive) return error.damage;
    // Pages that SQLite cannot make sense of: everything up to here was read and is as it was written.
    if (!isMalformed(error)) throw error;
    return damaged(reached + 1, reached + 1, `not readable (${(error as Error).message})`);
  }
}

function verifyRows(database: Database, options: VerifyOptions, reach: (seq: number) => void): Verified {
  const { progress = () => {}, expected } = options;
  const logId = database.prepare("SELECT log_id FROM log_ids WHERE n = 1").pluck().get() as string;
  const walk = walkChain(openNames(database), { seq: 0, recordedAtUs: 0, digest: logId });
  let commits = 0;
  let remembered = expected === undefined || (expected.seq === 0 && expected.digest === logId);
  /** The end of the chain that was last compared with what was written. */
  let comparedSeq = 0;

  for (const { toSeq, digest, pieces } of commitsOf(database)) {
    let broken: Broken | null;
    try {
      broken = walk.commit(toSeq, pieces());
    } finally {
      reach(walk.end().seq);
    }
    if (broken !== null) return damaged(broken.fromSeq, broken.toSeq, broken.problem);
    const computed = walk.end().digest;
    if (digest !== null && digest !== computed)
      return damaged(comparedSeq + 1, toSeq, "the rows do not give the digest that was written with them");
    if (digest !== null) comparedSeq = toSeq;
    commits += 1;
    if (expected?.seq === toSeq) {
      if (expected.digest !== computed)
        return unexpected(toSeq, `the chain's digest at #${toSeq} is ${computed}, not the one expected`);
      remembered = true;
    }
    if (commits % 1024 === 0) progress(toSeq);
  }
  const { seq, digest } = walk.end();
  const last = database.prepare("SELECT coalesce(max(seq), 0) FROM events").pluck().get() as number;
  if (last !== seq) return damaged(seq + 1, last, "written outside of any batch");
  if (!remembered && expected !== undefined) {
    if (expected.seq > seq)
      return damaged(
        seq + 1,
        expected.seq,
        `the log ends at #${seq}; it was longer when that digest was printed, or that was another log`,
      );
    return unexpected(expected.seq, `no commit ends at #${expected.seq}`);
  }
  const odd = database.pragma("integrity_check(events)", { simple: true }) as string;
  if (odd !== "ok")
    return damaged(
      1,
      seq,
      `each event is what was written, but an index over them is not (${odd}; REINDEX mends it)`,
    );
  return { ok: true, events: seq, batches: commits, lastSeq: seq, digest };
}

/** A commit as the log keeps it. */
interface Commit {
  readonly toSeq: number;
  /** What was written with it, hex; null where it is not kept, in the middle of an archived block. */
  readonly digest: string | null;
  readonly pieces: () => Iterable<readonly EventRow[]>;
}

/** Every commit from the first on: those that were archived, then those in the table. */
function* commitsOf(database: Database): Generator<Commit> {
  const archive = openArchive(database);
  for (const segment of archive.segments()) yield* archivedCommits(database, archive, segment);
  const chunk = database
    .prepare(
      `SELECT seq, series_id, recorded_at, lag, payload, origin_id, origin_seq
       FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ${CHUNK}`,
    )
    .raw();
  function* pieces(afterSeq: number, toSeq: number): Generator<readonly EventRow[]> {
    for (let seq = afterSeq; seq < toSeq; ) {
      const rows = chunk.all(seq, toSeq) as EventRow[];
      if (rows.length === 0) return;
      yield rows;
      seq = (rows.at(-1) as EventRow)[0];
    }
  }
  let afterSeq = archive.floor();
  const batches = database
    .prepare("SELECT last_seq, lower(hex(digest)) FROM batches ORDER BY last_seq")
    .raw();
  for (const [toSeq, digest] of batches.iterate() as Iterable<[number, string]>) {
    const from = afterSeq;
    yield { toSeq, digest, pieces: () => pieces(from, toSeq) };
    afterSeq = toSeq;
  }
}

/** The commits of a segment. A file that cannot be read is told for the events of the part that is bad. */
function* archivedCommits(database: Database, archive: Archive, segment: SegmentRow): Generator<Commit> {
  const names = openNames(database);
  const attempt = <T>(fromSeq: number, toSeq: number, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (error instanceof FleetError) throw new BadArchive(damaged(fromSeq, toSeq, error.message));
      throw error;
    }
  };
  const { firstSeq, lastSeq } = segment;
  // Its blocks are read in their order, so that its bytes need not be read again.
  const read = hashOfRead();
  const { manifest, block } = attempt(firstSeq, lastSeq, () => archive.openAnew(segment, read.take));
  for (const [at, entry] of manifest.blocks.entries()) {
    const [from, to] = [entry.first_seq, entry.last_seq];
    const { its, rows } = attempt(from, to, () => {
      const its = block(at);
      const wrong = misnamed(its, names);
      if (wrong !== null) throw new FleetError("corrupt", wrong);
      return { its, rows: decodeBlock(its) };
    });
    let done = 0;
    for (const size of sizesOf(its)) {
      const piece = rows.slice(done, done + size);
      done += size;
      const toSeq = from + done - 1;
      const digest = toSeq === lastSeq ? segment.digest.toString("hex") : toSeq === to ? entry.digest : null;
      yield { toSeq, digest, pieces: () => [piece] };
    }
  }
  // A flipped bit may lie where no event is read from (a header of zstd), and still be the first of many.
  if (!read.digest(archive.pathOf(segment)).equals(segment.sha256))
    throw new BadArchive(
      damaged(
        firstSeq,
        lastSeq,
        `each event is what was written, but ${segment.file} is not: its bytes give another sha256`,
      ),
    );
}

/** Carries what is wrong with a file of the archive out of the walk over the commits. */
class BadArchive extends Error {
  readonly damage: Damaged;
  constructor(damage: Damaged) {
    super(damage.problem);
    this.damage = { ...damage, archived: true };
  }
}

/** Another log's digest, or a past that was written anew as a whole: from within the two look the same. */
function unexpected(toSeq: number, problem: string): Damaged {
  return { ...damaged(1, toSeq, problem), unexpected: true };
}

function damaged(fromSeq: number, toSeq: number, problem: string): Damaged {
  return { ok: false, fromSeq, toSeq, problem };
}

function isMalformed(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" && (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB");
}

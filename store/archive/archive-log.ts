import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Database } from "better-sqlite3";
import Sqlite from "better-sqlite3";
import type { ChainEnd } from "../chain-walk.ts";
import { FleetError } from "../errors.ts";
import { storing } from "../failure.ts";
import { BUSY_TIMEOUT_MS, openForAppend, openForReading } from "../open.ts";
import { inSnapshot, inTransaction } from "../transaction.ts";
import { archiveDirectory, openArchive, type SegmentRow } from "./archive.ts";
import { openSegment } from "./segment.ts";
import { writeSegment } from "./write-segment.ts";

/** How many events make a segment, at most, and a block, at least. */
export interface ArchiveSizes {
  readonly segment: number;
  readonly block: number;
}

/**
 * A segment is removed in one transaction, for which the recorder waits: some hundred ms. A block is large enough to compress well,
 * and small enough to be unpacked for one answer.
 */
const SIZES: ArchiveSizes = { segment: 131_072, block: 16_384 };
const SUFFIX = ".jsonl.zst";

/** A closed month of the log's clock (UTC), as far as it is still in the database. */
export interface Month {
  /** `2026-05` */
  readonly month: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** The months that have ended by `beforeUs` and are still in the table, oldest first. */
export function monthsBefore(path: string, beforeUs: number): Month[] {
  return storing(path, () => {
    const database = openForReading(path);
    try {
      return inSnapshot(database, () => closedMonths(database, beforeUs));
    } finally {
      database.close();
    }
  });
}

export function listSegments(path: string): SegmentRow[] {
  return storing(path, () => {
    const database = openForReading(path);
    try {
      return openArchive(database).segments();
    } finally {
      database.close();
    }
  });
}

export interface ArchiveOptions {
  readonly path: string;
  readonly beforeUs: number;
  readonly nowUs: () => number;
  readonly sizes?: ArchiveSizes;
  /** Called after each segment that has been recorded; false ends it there. */
  readonly recorded?: (segment: { readonly file: string; readonly lastSeq: number }) => boolean;
}

export interface Archived {
  readonly segments: number;
  readonly events: number;
  readonly bytes: number;
}

/**
 * Moves closed months into files. For each segment: written under another name, to the disk, read back and held against the chain, put
 * in its place; then one transaction records it and removes what it covers. Killed at any instant, every event is in the table or
 * in a recorded file, and in one of them only; the file that was not recorded is removed by the next run.
 */
export function archiveLog(options: ArchiveOptions): Archived {
  const { path, beforeUs, nowUs, sizes = SIZES, recorded = () => true } = options;
  return storing(path, () => {
    const directory = archiveDirectory(path);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // Each time, since a run may have been killed after it made the directory: files in it are safe only when it is itself on the disk.
    syncDirectory(dirname(directory));
    const release = lockArchive(directory);
    const database = openForAppend(path, BUSY_TIMEOUT_MS);
    try {
      removeLeftovers(database, directory);
      let [segments, events, bytes] = [0, 0, 0];
      for (const { month, firstSeq, lastSeq } of inSnapshot(database, () =>
        closedMonths(database, beforeUs),
      )) {
        for (let from = firstSeq - 1; from < lastSeq; ) {
          const toSeq = lastCommit(database, from, Math.min(lastSeq, from + sizes.segment));
          const file = `${month}-${String(from + 1).padStart(12, "0")}${SUFFIX}`;
          bytes += moveOut(database, { directory, file, afterSeq: from, toSeq, nowUs, block: sizes.block });
          segments += 1;
          events += toSeq - from;
          from = toSeq;
          if (!recorded({ file, lastSeq: toSeq })) return { segments, events, bytes };
        }
      }
      return { segments, events, bytes };
    } finally {
      database.close();
      release();
    }
  });
}

/** One segment: file, proof, transaction. Returns the size of the file. */
function moveOut(
  database: Database,
  of: {
    readonly directory: string;
    readonly file: string;
    readonly afterSeq: number;
    readonly toSeq: number;
    readonly nowUs: () => number;
    readonly block: number;
  },
): number {
  const { directory, file, afterSeq, toSeq, nowUs, block } = of;
  const draft = join(directory, `.${file}.draft`);
  // As of one commit, and so without asking for a lock at each look into a dictionary.
  const written = inSnapshot(database, () =>
    writeSegment(database, draft, { from: chainAt(database, afterSeq), toSeq, block }),
  );
  renameSync(draft, join(directory, file));
  syncDirectory(directory);
  const { manifest, commits, bytes, sha256, end } = written;
  const occurred = manifest.blocks.flatMap((block) => [block.first_occurred_at, block.last_occurred_at]);
  const row = [
    afterSeq + 1,
    toSeq,
    manifest.blocks[0]?.first_recorded_at,
    end.recordedAtUs,
    Math.min(...occurred),
    Math.max(...occurred),
    commits,
    Buffer.from(end.digest, "hex"),
    file,
    bytes,
    sha256,
    Math.floor(nowUs()),
  ];
  // The trigger of this INSERT removes what the segment covers, and refuses one that does not cover it.
  inTransaction(database, () =>
    database.prepare(`INSERT INTO segments VALUES (${row.map(() => "?").join(", ")})`).run(row),
  );
  return bytes;
}

/** The chain after `seq`, which is the end of a commit that was archived, or 0. */
function chainAt(database: Database, seq: number): ChainEnd {
  if (seq === 0) {
    const digest = database.prepare("SELECT log_id FROM log_ids WHERE n = 1").pluck().get() as string;
    return { seq: 0, recordedAtUs: 0, digest };
  }
  const [recordedAtUs, digest] = database
    .prepare("SELECT last_recorded_at, lower(hex(digest)) FROM segments WHERE last_seq = ?")
    .raw()
    .get(seq) as [number, string];
  return { seq, recordedAtUs, digest };
}

/** The end of the last commit that ends in (from, to]; a commit that is larger than that goes whole. */
function lastCommit(database: Database, from: number, to: number): number {
  const within = "SELECT max(last_seq) FROM batches WHERE last_seq > ? AND last_seq <= ?";
  const found = database.prepare(within).pluck().get(from, to) as number | null;
  if (found !== null) return found;
  return database.prepare("SELECT min(last_seq) FROM batches WHERE last_seq > ?").pluck().get(to) as number;
}

function closedMonths(database: Database, beforeUs: number): Month[] {
  const recordedAt = database.prepare("SELECT recorded_at FROM events WHERE seq = ?").pluck();
  const commitEnd = database.prepare("SELECT min(last_seq) FROM batches WHERE last_seq > ?").pluck();
  // The newest commit stays: it is the end of the chain that the next one is linked to.
  const newest = (database
    .prepare("SELECT max(last_seq) FROM batches WHERE last_seq < (SELECT max(last_seq) FROM batches)")
    .pluck()
    .get() ?? 0) as number;
  const months: Month[] = [];
  for (let after = openArchive(database).floor(); after < newest; ) {
    // A commit belongs to the month in which it ended.
    const firstEnd = commitEnd.get(after) as number;
    const { month, endUs } = monthOf(recordedAt.get(firstEnd) as number);
    if (endUs > beforeUs) break;
    const lastSeq = lastCommit(
      database,
      after,
      lastRecordedBefore(database, endUs, { from: firstEnd, to: newest }),
    );
    months.push({ month, firstSeq: after + 1, lastSeq });
    after = lastSeq;
  }
  return months;
}

/** The last seq in [from, to] that was recorded before `us`. */
function lastRecordedBefore(
  database: Database,
  us: number,
  { from, to }: { from: number; to: number },
): number {
  const at = database.prepare("SELECT recorded_at FROM events WHERE seq = ?").pluck();
  let [low, high] = [from, to];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((at.get(middle) as number) < us) low = middle;
    else high = middle - 1;
  }
  return low;
}

function monthOf(us: number): { month: string; endUs: number } {
  const date = new Date(us / 1000);
  const endUs = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) * 1000;
  return { month: date.toISOString().slice(0, 7), endUs };
}

/**
 * Files that a killed run left behind: drafts, and the one segment that it finished and did not record. Any other file that is not
 * listed may hold the only copy of its events, where the database was restored or begun anew beside an archive, and so it
 * is refused before anything is removed: whoever puts the right database back finds its files as they were.
 */
function removeLeftovers(database: Database, directory: string): void {
  const archive = openArchive(database);
  const recorded = new Set(archive.segments().map(({ file }) => file));
  const names = readdirSync(directory);
  const unlisted = names.filter((name) => name.endsWith(SUFFIX) && !recorded.has(name));
  for (const name of unlisted) refuseForeign(database, join(directory, name), archive.floor());
  // A draft is never the only copy: what it holds leaves the table after it got its name.
  const drafts = names.filter((name) => name.startsWith(".") && name.endsWith(`${SUFFIX}.draft`));
  for (const name of [...unlisted, ...drafts]) rmSync(join(directory, name), { force: true });
}

/**
 * The killed run's segment is the one that comes next, and the chain's digest at its end, which covers all before it beginning with
 * the log's own id, is still in the table: then its events are there too.
 */
function refuseForeign(database: Database, path: string, floor: number): void {
  let cause: unknown;
  try {
    const { first_seq, last_seq, digest } = openSegment(path).manifest;
    const ofTable = database.prepare("SELECT lower(hex(digest)) FROM batches WHERE last_seq = ?").pluck();
    if (first_seq === floor + 1 && last_seq > floor && ofTable.get(last_seq) === digest) return;
  } catch (error) {
    // Whatever it is that cannot be read, nothing is proved of it.
    cause = error;
  }
  throw new FleetError(
    "conflict",
    `${path} is not a segment of this log, and may be the only copy of its events`,
    {
      hint: "Was the database restored or begun anew? Put the one back that it belongs to, or move the files that `fleet archive --list` does not name out of that directory. Nothing was removed.",
      cause,
    },
  );
}

/** One run at a time. SQLite's lock on a file of its own goes with the process that holds it, however that ends. */
function lockArchive(directory: string): () => void {
  const path = join(directory, "lock");
  closeSync(openSync(path, "a", 0o600));
  const lock = new Sqlite(path, { timeout: 0 });
  try {
    lock.pragma("journal_mode = MEMORY");
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if ((error as { code?: string }).code !== "SQLITE_BUSY") throw error;
    throw new FleetError("conflict", "another `fleet archive` is at work on this log", {
      hint: "Wait for it to end.",
      cause: error,
    });
  }
  return () => lock.close();
}

/** A file is in its directory for good once the directory itself is on the disk. */
function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import type { Database } from "better-sqlite3";
import type { ChainEnd } from "../chain-walk.ts";
import { walkChain } from "../chain-walk.ts";
import { FleetError } from "../errors.ts";
import type { EventRow } from "../find-events.ts";
import { openNames } from "../names.ts";
import { commitsOf, decodeBlock, encodeBlock, misnamed } from "./block.ts";
import { hashOfRead } from "./file-hash.ts";
import type { Frame } from "./seekable.ts";
import { compressFrame, seekTable } from "./seekable.ts";
import type { BlockEntry, Manifest } from "./segment.ts";
import { openSegment, SEGMENT_FORMAT } from "./segment.ts";

/** Higher levels of zstd cost several times as long for a few hundredths of a byte. */
const LEVEL = 9;

const HEADING = {
  format: SEGMENT_FORMAT,
  about:
    "Events of a fleet log as columns, one block a line; the last line lists the blocks. `store/archive/README.md` in the sources of fleet explains each field.",
};

/** What is to be written: whole commits, from the one after `from` on. */
export interface Stretch {
  readonly from: ChainEnd;
  readonly toSeq: number;
  /** Events in a block, at least. */
  readonly block: number;
}

export interface Written {
  readonly manifest: Manifest;
  readonly commits: number;
  readonly bytes: number;
  readonly sha256: Buffer;
  /** Where the chain stands after it. */
  readonly end: ChainEnd;
}

/** Writes the stretch into a new file, to the disk, and reads it back: what comes out must give the digests that the log holds. */
export function writeSegment(database: Database, path: string, { from, toSeq, block }: Stretch): Written {
  const names = openNames(database);
  const walk = walkChain(names, from);
  const frames: Frame[] = [];
  const blocks: BlockEntry[] = [];
  const file = createHash("sha256");
  const descriptor = openSync(path, "wx", 0o600);
  let bytes = 0;
  let commits = 0;
  const put = (buffer: Buffer): void => {
    for (let at = 0; at < buffer.length; ) at += writeSync(descriptor, buffer, at);
    file.update(buffer);
    bytes += buffer.length;
  };
  const putLine = (value: unknown): void => {
    const text = `${JSON.stringify(value)}\n`;
    const frame = compressFrame(text, LEVEL);
    frames.push({ compressed: frame.length, plain: Buffer.byteLength(text) });
    put(frame);
  };
  try {
    putLine(HEADING);
    for (const { rows, sizes } of blocksOf(database, { afterSeq: from.seq, toSeq, block })) {
      const afterUs = walk.end().recordedAtUs;
      let done = 0;
      for (const size of sizes) {
        const piece = rows.slice(done, done + size);
        done += size;
        const broken = walk.commit((rows[done - 1] as EventRow)[0], [piece]);
        if (broken !== null) throw notWhole(`#${broken.fromSeq}: ${broken.problem}`);
      }
      commits += sizes.length;
      putLine(encodeBlock(rows, { afterUs, commits: sizes, names }));
      blocks.push(entryOf(rows, walk.end().digest));
    }
    const manifest: Manifest = {
      format: SEGMENT_FORMAT,
      first_seq: from.seq + 1,
      last_seq: toSeq,
      previous: from.digest,
      digest: walk.end().digest,
      blocks,
    };
    putLine(manifest);
    put(seekTable(frames));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  const sha256 = file.digest();
  const end = walk.end();
  if (end.digest !== storedDigest(database, toSeq))
    throw notWhole(`the chain of digests is broken at #${toSeq}`);
  const manifest = proved(database, path, { from, end, sha256 });
  return { manifest, commits, bytes, sha256, end };
}

/** Reads the file as anybody will, and computes the chain from what it says. */
function proved(
  database: Database,
  path: string,
  { from, end, sha256 }: { readonly from: ChainEnd; readonly end: ChainEnd; readonly sha256: Buffer },
): Manifest {
  const names = openNames(database);
  const read = hashOfRead();
  const { manifest, block } = openSegment(path, read.take);
  const walk = walkChain(names, from);
  for (const at of manifest.blocks.keys()) {
    const its = block(at);
    const wrong = misnamed(its, names);
    if (wrong !== null) throw notWritten(path, wrong);
    const rows = decodeBlock(its);
    let done = 0;
    for (const size of commitsOf(its)) {
      const piece = rows.slice(done, done + size);
      done += size;
      const broken = walk.commit(its.first_seq + done - 1, [piece]);
      if (broken !== null) throw notWritten(path, `#${broken.fromSeq}: ${broken.problem}`);
    }
  }
  const { seq, digest } = walk.end();
  if (seq !== end.seq || digest !== end.digest)
    throw notWritten(path, "it does not give the digest of the log");
  if (!read.digest(path).equals(sha256)) throw notWritten(path, "it is not what was written");
  return manifest;
}

/** Whole commits, gathered until they are a block. */
function* blocksOf(
  database: Database,
  { afterSeq, toSeq, block }: { readonly afterSeq: number; readonly toSeq: number; readonly block: number },
): Generator<{ rows: EventRow[]; sizes: number[] }> {
  const ends = database
    .prepare("SELECT last_seq FROM batches WHERE last_seq > ? AND last_seq <= ? ORDER BY last_seq LIMIT ?")
    .pluck();
  const within = database
    .prepare(
      `SELECT seq, series_id, recorded_at, lag, payload, origin_id, origin_seq
       FROM events WHERE seq > ? AND seq <= ? ORDER BY seq`,
    )
    .raw();
  for (let from = afterSeq; from < toSeq; ) {
    // A commit has an event at least, so these reach far enough; how many of them make a block is up to their sizes.
    const near = ends.all(from, toSeq, block) as number[];
    const enough = near.findIndex((end) => end - from >= block);
    const chosen = enough < 0 ? near : near.slice(0, enough + 1);
    const end = chosen.at(-1);
    if (end === undefined) throw notWhole(`no commit ends at #${toSeq}`);
    const sizes = chosen.map((last, i) => last - (chosen[i - 1] ?? from));
    const rows = within.all(from, end) as EventRow[];
    if (rows.length !== end - from) throw notWhole(`events are missing between #${from + 1} and #${end}`);
    yield { rows, sizes };
    from = end;
  }
}

function entryOf(rows: readonly EventRow[], digest: string): BlockEntry {
  const [first, last] = [rows[0], rows.at(-1)] as [EventRow, EventRow];
  let firstOccurredAtUs = Number.POSITIVE_INFINITY;
  let lastOccurredAtUs = Number.NEGATIVE_INFINITY;
  const series = new Set<number>();
  for (const [, seriesId, recordedAtUs, lag] of rows) {
    firstOccurredAtUs = Math.min(firstOccurredAtUs, recordedAtUs - lag);
    lastOccurredAtUs = Math.max(lastOccurredAtUs, recordedAtUs - lag);
    series.add(seriesId);
  }
  return {
    first_seq: first[0],
    last_seq: last[0],
    first_recorded_at: first[2],
    last_recorded_at: last[2],
    first_occurred_at: firstOccurredAtUs,
    last_occurred_at: lastOccurredAtUs,
    series: [...series].sort((a, b) => a - b),
    digest,
  };
}

function storedDigest(database: Database, seq: number): unknown {
  return database.prepare("SELECT lower(hex(digest)) FROM batches WHERE last_seq = ?").pluck().get(seq);
}

function notWhole(what: string): FleetError {
  return new FleetError("corrupt", `the log is not whole, and is not archived from here on: ${what}`, {
    hint: "`fleet verify` says more. Nothing was removed.",
  });
}

function notWritten(path: string, what: string): FleetError {
  return new FleetError("unavailable", `${path}: what was written cannot be read back: ${what}`, {
    hint: "Is the disk in order? Nothing was removed.",
  });
}

import { closeSync, readSync } from "node:fs";
import { openFiles, type SpoolPlace, startOf } from "./spool-file.ts";
import type { SpoolPosition } from "./spool-position.ts";

const CHUNK_BYTES = 128 * 1024;
/** Longer than anything a hook writes (facts: lines over 4 KB may be torn anyway). */
export const MAX_LINE_BYTES = 64 * 1024;
/** A line, or bytes that cannot be one. */
export type SpoolRecord =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "garbage"; readonly reason: string; readonly raw: Buffer; readonly bytes: number };

export interface SpoolChunk {
  readonly records: readonly SpoolRecord[];
  readonly next: SpoolPosition;
  /** Nothing more to read now. */
  readonly atEnd: boolean;
}

/** Reads the next lines after a position, from the oldest file on. A line without its newline waits. */
export function readSpool(place: SpoolPlace, position: SpoolPosition): SpoolChunk {
  const records: SpoolRecord[] = [];
  const next: Record<string, number> = {};
  let atEnd = true;
  for (const file of openFiles(place)) {
    try {
      const from = startOf(file, position);
      const read: LinesRead = atEnd
        ? readLines(file.fd, from, file.size)
        : { records: [], to: from, atEnd: true };
      records.push(...read.records);
      next[file.generation] = read.to;
      atEnd &&= read.atEnd;
    } finally {
      closeSync(file.fd);
    }
  }
  return { records, next, atEnd };
}

interface LinesRead {
  readonly records: SpoolRecord[];
  readonly to: number;
  readonly atEnd: boolean;
}

function readLines(fd: number, from: number, size: number): LinesRead {
  const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, size - from));
  const length = buffer.length === 0 ? 0 : readSync(fd, buffer, 0, buffer.length, from);
  const bytes = buffer.subarray(0, length);
  const records: SpoolRecord[] = [];
  let at = 0;
  for (let end = bytes.indexOf(10, at); end !== -1; end = bytes.indexOf(10, at)) {
    records.push(recordOf(bytes.subarray(at, end)));
    at = end + 1;
  }
  if (at === 0 && length >= MAX_LINE_BYTES) return skipLine(fd, from, size, bytes);
  return { records, to: from + at, atEnd: from + length >= size || length === 0 };
}

function recordOf(bytes: Buffer): SpoolRecord {
  if (bytes.length <= MAX_LINE_BYTES) return { kind: "line", text: bytes.toString("utf8") };
  return {
    kind: "garbage",
    reason: "a line of more than 64 KB",
    raw: bytes.subarray(0, 4096),
    bytes: bytes.length,
  };
}

/** No line is this long: all of it up to the next newline (or the end) is one piece of garbage. */
function skipLine(fd: number, from: number, size: number, beginning: Buffer): LinesRead {
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let to = from + beginning.length;
  let newline = -1;
  while (newline === -1 && to < size) {
    const length = readSync(fd, buffer, 0, Math.min(buffer.length, size - to), to);
    if (length === 0) break;
    newline = buffer.subarray(0, length).indexOf(10);
    to += newline === -1 ? length : newline + 1;
  }
  const raw = Buffer.from(beginning.subarray(0, 4096));
  const record: SpoolRecord = {
    kind: "garbage",
    reason: "more than 64 KB without a line break",
    raw,
    bytes: to - from,
  };
  return { records: [record], to, atEnd: to >= size };
}

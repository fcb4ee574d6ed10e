import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from "node:fs";
import { printable } from "../printable.ts";
import { MAX_BEAT_BYTES, type ParsedBeat, parseBeat } from "./parse.ts";

export type ReadBeat =
  | { readonly state: "gone" }
  /** The same file as when it was read last, by its stamp. */
  | { readonly state: "unchanged" }
  | { readonly state: "beat"; readonly stamp: string; readonly beat: Extract<ParsedBeat, { ok: true }> }
  | {
      readonly state: "rejected";
      readonly stamp: string;
      readonly reason: string;
      /** At most 1024 printable characters of it; empty where it was not read. */
      readonly raw: string;
      readonly bytes: number;
      /** It was read and made no sense, so it may be half written and worth a second look. */
      readonly wasRead: boolean;
    };

export const MAX_RAW_CHARS = 1024;

/**
 * Reads one heartbeat file without trusting it. Only a regular file of this uid is opened, never through a link, never
 * waiting (opening a FIFO would let its writer go on), and never one that is too large to be a beat.
 * Synchronous: these are local files of some hundred bytes, and a trip to the thread pool costs ten times the read.
 * Throws what is our own trouble (no file descriptors left), which must not be taken for the file's.
 */
export function readBeatFile(path: string, uid: number, lastStamp: string | null): ReadBeat {
  let fd: number | null = null;
  try {
    const named = lstatSync(path);
    const stamp = stampOf(named);
    if (stamp === lastStamp) return { state: "unchanged" };
    const refusal = refusalOf(named, uid);
    if (refusal !== null) return unread(stamp, refusal, named.size);
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    // The name may have been given to another file since.
    const opened = fstatSync(fd);
    const openedRefusal = refusalOf(opened, uid);
    if (openedRefusal !== null) return unread(stampOf(opened), openedRefusal, opened.size);
    return judge(stampOf(opened), contentOf(fd));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (code === "ENOENT" || code === "ENOTDIR") return { state: "gone" };
    if (code === "ELOOP") return unread(code, "is a symbolic link", 0);
    if (UNREADABLE.includes(code)) return unread(code, `cannot be read: ${code}`, 0);
    throw error;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

const UNREADABLE = ["EACCES", "EPERM", "EIO", "ENXIO", "ENODEV", "EISDIR", "ESTALE"];

function refusalOf(stats: Stats, uid: number): string | null {
  if (stats.isSymbolicLink()) return "is a symbolic link";
  if (!stats.isFile()) return "is not a regular file";
  if (stats.uid !== uid) return `belongs to uid ${stats.uid}, not to ${uid}`;
  if (stats.size > MAX_BEAT_BYTES) return `is larger than ${MAX_BEAT_BYTES} bytes`;
  return null;
}

/** At most one byte more than a beat may have: a file that grows while it is read is seen to be too large. */
function contentOf(fd: number): Buffer {
  const buffer = Buffer.alloc(MAX_BEAT_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    const bytesRead = readSync(fd, buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function judge(stamp: string, content: Buffer): ReadBeat {
  const beat = parseBeat(content);
  if (beat.ok) return { state: "beat", stamp, beat };
  const raw = printable(content, MAX_RAW_CHARS);
  return { state: "rejected", stamp, reason: beat.reason, raw, bytes: content.length, wasRead: true };
}

function unread(stamp: string, reason: string, bytes: number): ReadBeat {
  return { state: "rejected", stamp, reason, raw: "", bytes, wasRead: false };
}

/** Changes whenever the file does, but for a rewrite of the same length within one tick of the kernel's clock (4 ms). */
function stampOf(stats: Stats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`;
}

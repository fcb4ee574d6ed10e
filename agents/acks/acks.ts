import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { checkAgentName } from "../beat/beat.ts";

/** One line of `NAME.acks`: what a runtime said of one prompt (agents/README.md). */
export interface Ack {
  readonly atMs: number;
  /** `received`: the runtime holds it. `taken-up`: it went into the conversation. Later versions may know more words. */
  readonly what: string;
  readonly sha256: string;
  /** A turn was running when it came: it waits in the runtime's own queue. */
  readonly queued: boolean;
  readonly source: string;
  readonly message: string | null;
  readonly session: string | null;
  readonly turn: string | null;
}

/** A place in the file of an agent, from which on one wants to read. */
export interface AckMark {
  readonly inode: number | null;
  readonly size: number;
}

/** Everything that is still kept: the file that was put aside, and the one behind it. */
export const FROM_THE_BEGINNING = "from the beginning";

/** More than two whole generations of the file; what is longer was not written by an adapter. */
const MAX_BYTES = 1 << 20;

export function ackFileOf(directory: string, name: string): string {
  return join(directory, `${checkAgentName(name)}.acks`);
}

/** Where the file of this agent ends now: taken before a message is typed. */
export function markAcks(directory: string, name: string, uid: number): AckMark {
  const file = openOwn(ackFileOf(directory, name), uid);
  if (file === null) return { inode: null, size: 0 };
  closeSync(file.descriptor);
  return { inode: file.inode, size: file.size };
}

/** What was appended since the mark, oldest first, also where the file was put aside (`NAME.acks.old`) meanwhile. */
export function readAcks(
  directory: string,
  name: string,
  uid: number,
  mark: AckMark | typeof FROM_THE_BEGINNING,
): Ack[] {
  const path = ackFileOf(directory, name);
  let [aside, current] = ["", ""];
  // Put aside between the two readings, a generation would be seen in neither.
  for (let tries = 0, before: number | null = -1; tries < 3; tries += 1) {
    const now = inodeOf(`${path}.old`, uid);
    if (now === before) break;
    before = now;
    aside = readFrom(`${path}.old`, uid, mark, false);
    current = readFrom(path, uid, mark, true);
  }
  // What follows the last line end is still being written.
  const text = aside + current;
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .flatMap((line) => parseAck(line) ?? []);
}

function inodeOf(path: string, uid: number): number | null {
  const file = openOwn(path, uid);
  if (file === null) return null;
  closeSync(file.descriptor);
  return file.inode;
}

/** The text after the mark of the file that the mark was taken of; the whole of one that was begun later. */
function readFrom(
  path: string,
  uid: number,
  mark: AckMark | typeof FROM_THE_BEGINNING,
  isCurrent: boolean,
): string {
  const file = openOwn(path, uid);
  if (file === null) return "";
  try {
    const [marked, size] = mark === FROM_THE_BEGINNING ? [file.inode, 0] : [mark.inode, mark.size];
    const isMarked = file.inode === marked;
    // The file that was put aside counts only if it is the one that was marked: older ones were read before.
    if (!isMarked && !isCurrent) return "";
    const from = isMarked && size <= file.size ? size : 0;
    const buffer = Buffer.alloc(Math.min(MAX_BYTES, file.size - from));
    return buffer.toString("utf8", 0, readSync(file.descriptor, buffer, 0, buffer.length, from));
  } finally {
    closeSync(file.descriptor);
  }
}

function openOwn(path: string, uid: number): { descriptor: number; inode: number; size: number } | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  const found = fstatSync(descriptor);
  if (found.isFile() && found.uid === uid) return { descriptor, inode: found.ino, size: found.size };
  closeSync(descriptor);
  return null;
}

/** Null for a line that is no ack. */
export function parseAck(line: string): Ack | null {
  const words = new Map(
    line.split(" ").flatMap((word): [string, string][] => {
      const at = word.indexOf("=");
      return at < 1 ? [] : [[word.slice(0, at), word.slice(at + 1)]];
    }),
  );
  const atMs = Date.parse(words.get("ts") ?? "");
  const what = words.get("what") ?? "";
  const sha256 = words.get("sha256") ?? "";
  if (Number.isNaN(atMs) || !/^[a-z-]{1,32}$/.test(what) || !/^[0-9a-f]{64}$/.test(sha256)) return null;
  return {
    atMs,
    what,
    sha256,
    queued: words.get("queued") === "1",
    source: words.get("source") ?? "hook",
    message: words.get("message") ?? null,
    session: words.get("session") ?? null,
    turn: words.get("turn") ?? null,
  };
}

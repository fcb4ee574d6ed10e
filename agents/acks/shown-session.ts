import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { checkAgentName } from "../beat/beat.ts";

/** The session that an OpenCode shows to whoever looks at its pane, as its own screen's plugin has written it down. */
export interface ShownSession {
  readonly pid: number;
  /** When that process started, as the kernel counts: another process may get its number. */
  readonly startTicks: number;
  /** Null: it shows none, but its start page or something else. */
  readonly session: string | null;
}

/** One line, and a short one. */
const MAX_BYTES = 512;

export function shownNoteOf(directory: string, name: string): string {
  return join(directory, `${checkAgentName(name)}.shown`);
}

/** Null: nothing is known. A note of another user's, or through a link, is nothing. */
export function readShown(directory: string, name: string, uid: number): ShownSession | null {
  let descriptor: number;
  try {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    descriptor = openSync(shownNoteOf(directory, name), flags);
  } catch {
    return null;
  }
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile() || found.uid !== uid || found.size > MAX_BYTES) return null;
    const buffer = Buffer.alloc(MAX_BYTES);
    return parseShown(buffer.toString("utf8", 0, readSync(descriptor, buffer, 0, buffer.length, 0)));
  } finally {
    closeSync(descriptor);
  }
}

/** Null for a text that is no such note. */
export function parseShown(text: string): ShownSession | null {
  const form = /^ts=\S+ pid=([1-9]\d{0,9}) start=(\d{1,18}) session=(-|ses_[A-Za-z0-9]{1,64})\n$/;
  const [, pid, start, session] = form.exec(text) ?? [];
  if (session === undefined) return null;
  return { pid: Number(pid), startTicks: Number(start), session: session === "-" ? null : session };
}

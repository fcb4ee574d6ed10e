import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { FleetError } from "../../store/errors.ts";

/**
 * Replaces a small file of ours in one step, 0600: a reader finds the old content or the new, never half of it. A name that
 * is held by something else than a regular file of this uid is refused: it was put there by another hand.
 */
export function replaceOwnFile(path: string, text: string, uid: number): void {
  refuseForeign(path, uid);
  const temporary = join(dirname(path), `.${path.slice(path.lastIndexOf("/") + 1)}.${process.pid}.tmp`);
  // What a crash of a former process with this pid left behind.
  rmSync(temporary, { force: true });
  const descriptor = openSync(
    temporary,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    writeSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, path);
}

function refuseForeign(path: string, uid: number): void {
  let found: { isFile(): boolean; uid: number };
  try {
    found = lstatSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (!found.isFile()) {
    throw new FleetError("config", `${path} is not a regular file`, {
      hint: "Look at what it is, then remove it.",
    });
  }
  if (found.uid !== uid) {
    throw new FleetError("config", `${path} belongs to uid ${found.uid}, not to you (uid ${uid})`, {
      hint: "Somebody else wrote it: find out who, then remove it.",
    });
  }
}

/** The content of a small regular file of this uid, at most `maxBytes` of it; null where there is none that may be read. Never waits. */
export function readOwnFile(path: string, uid: number, maxBytes: number): string | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile() || found.uid !== uid) return null;
    const buffer = Buffer.alloc(maxBytes);
    return buffer.toString("utf8", 0, readSync(descriptor, buffer, 0, maxBytes, 0));
  } finally {
    closeSync(descriptor);
  }
}

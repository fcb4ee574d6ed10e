import { closeSync, existsSync, linkSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import { makePrivateDirectory } from "../private-directory.ts";
import {
  describe,
  freshSpool,
  openFiles,
  openIfThere,
  type SpoolPlace,
  setAside,
  spoolPath,
  startOf,
} from "./spool-file.ts";
import type { SpoolPosition } from "./spool-position.ts";
import { MAX_LINE_BYTES } from "./spool-read.ts";

/** Makes the directory and the file where they are missing: hooks write only into a file that is there. */
export function prepareSpool(place: SpoolPlace): string {
  const path = spoolPath(place);
  makePrivateDirectory(place.directory);
  if (!existsSync(path)) {
    const fresh = freshSpool(path);
    // Not a rename: should a hook have made the file in between, it is kept.
    try {
      linkSync(fresh, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") renameSync(fresh, path);
    }
    rmSync(fresh, { force: true });
  }
  return path;
}

/** Whether there may be something to read: the sizes of the files as text, to be compared with those of before. */
export function spoolStamp(place: SpoolPlace): string {
  const found = statSync(spoolPath(place), { throwIfNoEntry: false });
  return found === undefined ? "" : `${found.ino}:${found.size}`;
}

/**
 * Sets a file aside that is larger than `maxBytes` or has lost the line that names it; what is unread in it is read from
 * there. There is never a moment without a spool, and a crash between any two steps leaves either the old state or the new
 * one, plus a spare name that the next call uses up.
 */
export function rotateSpool(place: SpoolPlace, maxBytes: number): boolean {
  const path = spoolPath(place);
  const fd = openIfThere(path);
  if (fd === null) return false;
  let generation: string;
  try {
    const file = describe(path, fd);
    const due = file.size > maxBytes || (file.headerBytes === 0 && file.size > 0);
    if (!due) return false;
    generation = file.generation;
  } finally {
    closeSync(fd);
  }
  try {
    linkSync(path, `${path}.${generation}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") return false;
  }
  renameSync(freshSpool(path), path);
  return true;
}

export interface DrainedSpool {
  readonly path: string;
  readonly generation: string;
  readonly bytes: number;
  /** What stands after the last newline. */
  readonly rest: Buffer;
}

/** Files that were set aside and are read to their end, with their sizes; the unread rest of a last line does not count. */
export function drainedSpools(place: SpoolPlace, position: SpoolPosition): DrainedSpool[] {
  const drained: DrainedSpool[] = [];
  for (const file of openFiles(place)) {
    try {
      if (file.path === spoolPath(place)) continue;
      const from = startOf(file, position);
      const rest = Buffer.alloc(Math.min(file.size - from, MAX_LINE_BYTES));
      readSync(file.fd, rest, 0, rest.length, from);
      if (rest.indexOf(10) === -1)
        drained.push({ path: file.path, generation: file.generation, bytes: file.size, rest });
    } finally {
      closeSync(file.fd);
    }
  }
  return drained;
}

/** Takes away all files of this socket's spool. */
export function removeSpool(place: SpoolPlace): void {
  for (const path of [...setAside(place), spoolPath(place), `${spoolPath(place)}.new`])
    rmSync(path, { force: true });
}

import { randomUUID } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { FleetError } from "../store/errors.ts";

/**
 * Puts a file in place in one step: whoever reads it finds the old text or the new one, whole. The temporary name begins with a
 * dot and does not end like the file's own, so that no collector takes it for one.
 */
export function replaceFile(path: string, text: string, mode: number): void {
  const draft = draftOf(path, mode);
  try {
    draft.write(text);
    draft.commit();
  } finally {
    draft.discard();
  }
}

/** A file that is being written and is not there yet. */
export interface Draft {
  write(text: string): void;
  /** It takes its place. */
  commit(): void;
  /** Nothing of it stays, unless it was committed. */
  discard(): void;
}

export function draftOf(path: string, mode: number): Draft {
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw new FleetError("unavailable", `${path} cannot be written: ${reasonOf(error)}`, {
        hint: "Name a file in a directory that you can write, on a disk with room.",
        cause: error,
      });
    }
  };
  const found = attempt(() => statSync(path, { throwIfNoEntry: false }));
  if (found?.isDirectory())
    throw new FleetError("usage", `${path} is a directory`, { hint: "Name a file in it." });
  // Put in place of a pipe or of /dev/null, a file would be there for whoever uses them next.
  if (found !== undefined && !found.isFile()) return straightInto(path, attempt);
  // A link stays one: what it leads to is replaced.
  const place = found === undefined ? path : attempt(() => realpathSync(path));
  const temporary = join(dirname(place), `.${basename(place)}.${randomUUID()}.tmp`);
  let descriptor: number | null = attempt(() => openSync(temporary, "wx", 0o600));
  let isThere = true;
  const close = (): void => {
    if (descriptor !== null) closeSync(descriptor);
    descriptor = null;
  };
  return {
    write: (text) => attempt(() => writeFileSync(descriptor ?? -1, text)),
    commit: () =>
      attempt(() => {
        fchmodSync(descriptor ?? -1, mode);
        fsyncSync(descriptor ?? -1);
        close();
        renameSync(temporary, place);
        isThere = false;
      }),
    discard() {
      close();
      if (isThere) rmSync(temporary, { force: true });
    },
  };
}

/** Without the system call and the name of the draft, of which nobody has heard. */
function reasonOf(error: unknown): string {
  return (error as Error).message.replace(/, [a-z]+( '.*)?$/s, "");
}

/** What takes bytes and keeps none, or hands them on: there is nothing to put in place. */
function straightInto(path: string, attempt: <T>(work: () => T) => T): Draft {
  let descriptor: number | null = attempt(() => openSync(path, "w"));
  const close = (): void => {
    if (descriptor !== null) closeSync(descriptor);
    descriptor = null;
  };
  return {
    write: (text) => attempt(() => writeFileSync(descriptor ?? -1, text)),
    commit: close,
    discard: close,
  };
}

import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { FleetError } from "../../store/errors.ts";
import { makeDirectories } from "../make-directories.ts";
import type { Change } from "./plan.ts";

/** A configuration is some kilobytes; what is larger is something else under that name. */
const MAX_BYTES = 4 << 20;

/** The text of a file, null where there is none; what is there and cannot be read is told, not overwritten. */
export function readText(path: string): string | null {
  try {
    const found = statSync(path);
    if (!found.isFile() || found.size > MAX_BYTES) {
      throw new FleetError("config", `${path} is not a file that fleet could edit`, {
        hint: "Look at what it is.",
      });
    }
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof FleetError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}

/** Makes the changes in their order, each in one step: a runtime that starts meanwhile reads the old file or the new one. */
export function applyChanges(changes: readonly Change[]): void {
  for (const { path, before, after, isUsers } of changes) {
    if (readText(path) !== before) {
      throw new FleetError("conflict", `${path} was changed meanwhile`, { hint: "Run this again." });
    }
    if (after === null) remove(path);
    else replace(path, after, isUsers);
  }
}

function replace(path: string, text: string, isUsers: boolean): void {
  makeDirectories(dirname(path));
  // Dotfiles are often links into a repository: the link stays, what it points to is written.
  const target = resolved(path);
  const mode = isUsers ? (modeOf(target) ?? 0o600) : 0o600;
  const temporary = join(dirname(target), `.fleet-hooks.${process.pid}.tmp`);
  rmSync(temporary, { force: true });
  const descriptor = openSync(temporary, "wx", mode);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  chmodSync(temporary, mode);
  renameSync(temporary, target);
}

function remove(path: string): void {
  rmSync(path, { force: true });
  try {
    rmdirSync(dirname(path));
  } catch {
    // Something else is in it, so it was not ours alone.
  }
}

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function modeOf(path: string): number | null {
  try {
    return statSync(path).mode & 0o777;
  } catch {
    return null;
  }
}

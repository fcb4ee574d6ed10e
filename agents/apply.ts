import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { FleetError } from "../store/errors.ts";
import { makeDirectories } from "./make-directories.ts";
import type { PlannedFile } from "./plan.ts";
import { type Fate, fateOf, isWritten, readWritten, type Written } from "./written.ts";

/** What a planned file met on this disk. */
export interface Weighed {
  readonly file: PlannedFile;
  readonly fate: Fate;
}

const SAVED = ".saved";

export function readWrittenFile(path: string): Written {
  return readWritten(textOf(path)?.text ?? null);
}

/** Compares the plan with what is there; changes nothing. */
export function weigh(files: readonly PlannedFile[], written: Written, force: boolean): Weighed[] {
  return files.map((file) => ({ file, fate: fateOf(file, textOf(file.path), written[file.path], force) }));
}

/**
 * Writes what has to be written, each file in one step, and remembers what was written in the file `memory`. Nothing at all is written
 * where one file is another launcher's.
 */
export function writeFiles(weighed: readonly Weighed[], memory: string): void {
  const foreign = weighed.find(({ fate }) => fate === "foreign");
  if (foreign !== undefined) {
    throw new FleetError("conflict", `${foreign.file.path} is there already and was not written by fleet`, {
      hint: `Nothing was changed. --force replaces it and keeps what was there as ${foreign.file.path}${SAVED}.`,
    });
  }
  const written: Record<string, string> = { ...readWrittenFile(memory) };
  for (const { file, fate } of weighed) {
    if (fate === "replace") copyFileSync(file.path, `${file.path}${SAVED}`);
    if (isWritten(fate)) replaceFile(file.path, file.text, file.mode);
    else if (fate === "same" && !lstatSync(file.path).isSymbolicLink()) chmodSync(file.path, file.mode);
    if (fate !== "kept") written[file.path] = digestOf(file.text);
  }
  replaceFile(memory, `${JSON.stringify(written, null, 1)}\n`, 0o600);
}

/** Removes files that we wrote and nobody edited since; returns those that were removed. */
export function removeFiles(paths: readonly string[], memory: string): string[] {
  const written: Record<string, string> = { ...readWrittenFile(memory) };
  const removed = paths.filter((path) => textOf(path)?.digest === written[path]);
  for (const path of removed) rmSync(path);
  for (const path of paths) delete written[path];
  replaceFile(memory, `${JSON.stringify(written, null, 1)}\n`, 0o600);
  return removed;
}

/** Replaces a file in one step: who reads it finds the old one or the new one. */
export function replaceFile(path: string, text: string, mode: number): void {
  makeDirectories(dirname(path));
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode, flag: "wx" });
  // The mode of a new file is cut by the umask.
  chmodSync(temporary, mode);
  renameSync(temporary, path);
}

function textOf(path: string): { text: string; digest: string } | null {
  try {
    const text = readFileSync(path, "utf8");
    return { text, digest: digestOf(text) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a directory (0700) and the parents that it lacks, step by step: Node's own `recursive: true` never ends where a file system
 * refuses with ENOENT under a parent that is there (/proc does).
 */
export function makeDirectories(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
    return;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
  }
  makeDirectories(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

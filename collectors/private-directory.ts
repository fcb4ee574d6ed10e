import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a directory (0700) and the parents that it lacks. Not by `recursive: true`: where a file system refuses with ENOENT although the
 * parent is there (/proc does), Node's own loop tries again for ever.
 */
export function makePrivateDirectory(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makePrivateDirectory(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another fleet was faster.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

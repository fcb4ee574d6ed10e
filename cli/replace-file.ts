import { randomUUID } from "node:crypto";
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { FleetError } from "../store/errors.ts";

/**
 * Puts a file in place in one step: whoever reads it finds the old text or the new one, whole. The temporary name begins with a
 * dot and does not end like the file's own, so that no collector takes it for one.
 */
export function replaceFile(path: string, text: string, mode: number): void {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const descriptor = openSync(temporary, "wx", 0o600);
    try {
      writeFileSync(descriptor, text);
      fchmodSync(descriptor, mode);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new FleetError("unavailable", `${path} cannot be written: ${(error as Error).message}`, {
      hint: "Name a file in a directory that you can write.",
      cause: error,
    });
  }
}

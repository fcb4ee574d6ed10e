import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Compiled } from "./code-cache.ts";

/** Writes down what V8 has compiled during this run, for the next one. A file of its own, for it is loaded once in a build's life. */
export function keepCompiled({ place, script }: NonNullable<Compiled["missing"]>): void {
  const { directory, prefix, path } = place;
  try {
    if (!existsSync(directory)) mkdirSync(directory, { mode: 0o755 });
    const temporary = join(directory, `.${process.pid}.tmp`);
    writeFileSync(temporary, script.createCachedData(), { mode: 0o644 });
    renameSync(temporary, path);
    for (const name of readdirSync(directory)) {
      const other = join(directory, name);
      if (name.startsWith(prefix) && other !== path) rmSync(other);
    }
  } catch {
    // Another's checkout, a read-only or a full disk: the next start is as slow as this one.
  }
}

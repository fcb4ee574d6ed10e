import { closeSync, openSync, writeSync } from "node:fs";

/** The file beside the database that readers watch: its one byte is written again after each commit that added events. */
export function tickPath(databasePath: string): string {
  return `${databasePath}.tick`;
}

export interface Tick {
  poke(): void;
  close(): void;
}

/**
 * Readers look at the database by themselves once a second, so a tick that cannot be written (a full disk) delays what
 * they show and is no reason to fail a commit that has already happened.
 */
export function openTick(databasePath: string): Tick {
  let file: number | null = null;
  return {
    poke() {
      try {
        file ??= openSync(tickPath(databasePath), "w", 0o600);
        writeSync(file, "\n", 0);
      } catch {
        return;
      }
    },
    close() {
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}

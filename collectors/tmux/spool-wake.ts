import { type FSWatcher, statSync, watch } from "node:fs";

/** Wake-up calls for new lines in spools. They are hints: whoever listens also compares sizes now and then. */
export interface SpoolWake {
  /** Called often: watches the directory anew where it was made or replaced. */
  follow(): void;
  close(): void;
}

/** `onChange` is told the name of the file, or null where the kernel does not say. */
export function createSpoolWake(directory: string, onChange: (name: string | null) => void): SpoolWake {
  let watcher: FSWatcher | null = null;
  let watched: string | null = null;
  return {
    follow() {
      const identity = identityOf(directory);
      if (identity === watched) return;
      watched = identity;
      watcher?.close();
      watcher = identity === null ? null : watchOrNull(directory, onChange);
    },
    close() {
      watcher?.close();
      watcher = null;
    },
  };
}

/** Null where no wake-ups can be had (inotify limits, say). */
function watchOrNull(directory: string, onChange: (name: string | null) => void): FSWatcher | null {
  try {
    const watcher = watch(directory, (_event, name) => onChange(name));
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return null;
  }
}

/** The kernel watches a directory, not its name. */
function identityOf(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev}:${found.ino}`;
}

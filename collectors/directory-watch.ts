import { basename } from "node:path";

/**
 * Wake-up calls for one directory. They are hints: a loop that listens to them looks at the directory itself now and
 * then as well, since change notices are lost on queue overflow, on network file systems, and while there is no directory.
 */
export interface DirectoryWatch {
  /**
   * Told after each look what the directory is now (device and inode, or null when it is not there). The kernel watches
   * an inode, not a path, so a directory that was made anew or replaced is watched anew.
   */
  follow(identity: string | null): void;
  close(): Promise<void>;
}

export interface DirectoryWatchOptions {
  readonly directory: string;
  /** File names worth a wake-up; temp files of atomic writers are not. */
  readonly accepts: (name: string) => boolean;
  /** One file changed, or (null) anything may have: look at all of it. */
  readonly onChange: (name: string | null) => void;
  /** No wake-ups can be had (inotify limits, say): look more often. */
  readonly onTrouble: (reason: string) => void;
}

export function watchDirectory(options: DirectoryWatchOptions): DirectoryWatch {
  const { directory, accepts, onChange, onTrouble } = options;
  let watched: string | null | undefined;
  let closed = false;
  let stop: () => Promise<void> = async () => {};
  // Starts and stops follow one another: chokidar is loaded and closed asynchronously.
  let turn: Promise<void> = Promise.resolve();

  const start = async (): Promise<void> => {
    await stop();
    stop = async () => {};
    if (closed) return;
    // Loaded here so that one look without watching does not pay for it.
    const { watch } = await import("chokidar");
    if (closed) return;
    const watcher = watch(directory, {
      depth: 0,
      ignoreInitial: true,
      followSymlinks: false,
      atomic: false,
      // Files are told by `raw` alone, straight from the kernel: chokidar's own events for them cost a stat and a timer
      // each, and merge changes that are less than 50 ms apart, while the listener looks at the file anyway.
      ignored: (path) => path !== directory,
    });
    stop = () => watcher.close();
    // The directory itself came or went. A new one may have been given the inode of the former, so nobody is asked
    // whether it is the same one.
    const anew = (): void => {
      watched = undefined;
      onChange(null);
    };
    watcher.on("raw", (_event, name, details) => {
      const { watchedPath } = details as { watchedPath?: unknown };
      if (watchedPath !== directory || typeof name !== "string") return;
      // inotify names the directory when it is removed; chokidar does not always pass that on.
      if (name === basename(directory)) anew();
      else if (accepts(name)) onChange(name);
    });
    watcher.on("all", anew);
    // What happened before the watch stood has made no call.
    watcher.on("ready", () => onChange(null));
    watcher.on("error", (error) => onTrouble(error instanceof Error ? error.message : String(error)));
  };

  return {
    follow(identity) {
      if (closed || identity === watched) return;
      watched = identity;
      turn = turn.then(start).catch((error: unknown) => {
        watched = undefined;
        onTrouble(error instanceof Error ? error.message : String(error));
      });
    },
    async close() {
      closed = true;
      await turn;
      await stop();
    },
  };
}

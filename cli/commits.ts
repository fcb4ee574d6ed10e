import { type FSWatcher, watch } from "node:fs";
import { createWake } from "../collectors/wake.ts";

/** How soon a commit is found whose notice was missed (a tick file that could not be written, no inotify watch left). */
const POLL_MS = 1000;

export interface CommitsOptions {
  /** The file that gets a byte after each commit. */
  readonly tick: string;
  /** PRAGMA data_version: another value than last time = somebody committed. */
  readonly dataVersion: () => number;
  readonly signal: AbortSignal;
  /** Also yield after this long without a commit (a table whose ages grow); default never. */
  readonly everyMs?: number;
}

/**
 * Yields when the log may have grown since the call: at once when a writer touched the tick file after its commit, else within
 * a second. Ends with the signal. Call it, then read the log, then read again after each yield: nothing is missed.
 */
export function commits(options: CommitsOptions): AsyncGenerator<void> {
  return follow(options, options.dataVersion());
}

async function* follow(options: CommitsOptions, from: number): AsyncGenerator<void> {
  const { tick, dataVersion, signal, everyMs } = options;
  const wake = createWake(signal);
  const watching = watchTick(tick, () => wake.ring());
  let version = from;
  let yieldedAtMs = performance.now();
  try {
    while (!signal.aborted) {
      watching.ensure();
      const dueInMs = everyMs === undefined ? POLL_MS : everyMs - (performance.now() - yieldedAtMs);
      await wake.wait(Math.min(POLL_MS, Math.max(0, dueInMs)));
      if (signal.aborted) return;
      const now = dataVersion();
      const due = everyMs !== undefined && performance.now() - yieldedAtMs >= everyMs;
      if (now === version && !due) continue;
      version = now;
      yieldedAtMs = performance.now();
      yield;
    }
  } finally {
    watching.close();
  }
}

/** A watch on the tick file, had again by `ensure` whenever it is lost or the file was not there yet. */
function watchTick(tick: string, onTick: () => void): { ensure(): void; close(): void } {
  let watcher: FSWatcher | null = null;
  const close = (): void => {
    watcher?.close();
    watcher = null;
  };
  return {
    ensure() {
      if (watcher !== null) return;
      try {
        watcher = watch(tick, (event) => {
          // "rename": the file went away, and what is watched is nobody's any more.
          if (event === "rename") close();
          onTick();
        });
        watcher.on("error", close);
      } catch {
        // No log yet, or no inotify watch left: the poll finds every commit, only later.
      }
    },
    close,
  };
}

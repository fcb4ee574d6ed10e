import { setTimeout as sleep } from "node:timers/promises";

/** What has been asked to be looked at since the last look. */
export interface Wanted {
  readonly everything: boolean;
  readonly units: ReadonlySet<string>;
}

export interface Attention {
  everything(): void;
  unit(name: string): void;
  /** What is wanted; from here on it is taken care of. */
  take(): Wanted;
  /** Resolves when something is wanted (soon after, so that one look serves a burst), when `ms` have passed, or on abort. */
  wait(ms: number): Promise<void>;
}

export interface AttentionOptions {
  /** A start is told by about seven signals within 15 ms: the look waits for them this long. */
  readonly coalesceMs: number;
  /** At least this long from one look to the next, so that a unit in a crash loop costs a bounded share of a core. */
  readonly gapMs: number;
  readonly signal: AbortSignal;
}

/** Gathers hints until somebody looks. */
export function createAttention(options: AttentionOptions): Attention {
  let everything = false;
  let units = new Set<string>();
  let wake: () => void = () => {};
  let takenAt = Number.NEGATIVE_INFINITY;
  const wanted = (): boolean => everything || units.size > 0;
  // A rejected sleep is an aborted one: the caller looks at the signal itself.
  const pause = (ms: number): Promise<void> =>
    sleep(ms, undefined, { signal: options.signal }).catch(() => {});

  return {
    everything() {
      everything = true;
      wake();
    },
    unit(name) {
      units.add(name);
      wake();
    },
    take() {
      const now = { everything, units };
      everything = false;
      units = new Set();
      takenAt = performance.now();
      return now;
    },
    async wait(ms) {
      if (options.signal.aborted) return;
      if (!wanted()) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(done, ms);
          function done(): void {
            clearTimeout(timer);
            options.signal.removeEventListener("abort", done);
            wake = () => {};
            resolve();
          }
          wake = done;
          options.signal.addEventListener("abort", done, { once: true });
        });
      }
      if (!wanted() || options.signal.aborted) return;
      await pause(Math.max(options.coalesceMs, takenAt + options.gapMs - performance.now()));
    },
  };
}

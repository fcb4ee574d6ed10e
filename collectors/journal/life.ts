import type { CollectorContext } from "../collector.ts";

export interface Life {
  /** The follower gave a sign of life: a line. */
  sign(): void;
  /** Aborted when the log refused what was to be written; `end` then throws that. */
  readonly failed: AbortSignal;
  end(): void;
}

/**
 * Says that a follower reads: with its first line, or when it has lived for a while without one, and then at each tick.
 * It writes from timers, where a throw would end the process instead of the collector: such an error is kept for `end`.
 */
export function createLife(
  context: CollectorContext,
  pace: { readonly settledMs: number; readonly tickMs: number },
): Life {
  const failed = new AbortController();
  let error: unknown = null;
  let signed = false;

  const tell = (): void => {
    try {
      context.emit({ source: "journal", observed: { scope: "", atUs: context.clock.nowUs() } });
      context.report("", { state: "observed" });
    } catch (thrown) {
      error = thrown;
      failed.abort();
      stop();
    }
  };
  const sign = (): void => {
    if (signed) return;
    signed = true;
    tell();
  };
  const settled = setTimeout(sign, pace.settledMs);
  const ticks = setInterval(tell, pace.tickMs);
  const stop = (): void => {
    clearTimeout(settled);
    clearInterval(ticks);
  };
  return {
    sign,
    failed: failed.signal,
    end() {
      stop();
      if (failed.signal.aborted) throw error;
    },
  };
}

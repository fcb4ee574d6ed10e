/** Lets a loop sleep until something happens. A ring that comes before the wait is not lost. */
export interface Wake {
  ring(): void;
  /** Ends when rung, after `ms`, or when the signal aborts, whichever is first. */
  wait(ms: number): Promise<void>;
}

export function createWake(signal: AbortSignal): Wake {
  let rung = false;
  let end: (() => void) | null = null;
  const ring = (): void => {
    rung = true;
    end?.();
  };
  signal.addEventListener("abort", ring, { once: true });
  return {
    ring,
    async wait(ms) {
      if (!rung && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.max(0, ms));
          end = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        end = null;
      }
      rung = false;
    },
  };
}

import { findPane, lookAtPane, type NoPane, type PaneId, type PaneLook } from "../pane/pane.ts";
import type { TmuxServer } from "../pane/tmux.ts";
import { type OutputSignal, watchOutput } from "./output-signal.ts";

/** What an agent shows now, or why nothing can be seen. */
export type Sight = { readonly pane: PaneId; readonly look: PaneLook } | NoPane;

export interface WatchOptions {
  readonly servers: readonly TmuxServer[];
  readonly agent: string;
  readonly signal: AbortSignal;
  /** Called with the first sight, and whenever it differs from the one before. */
  onSight(sight: Sight): void | Promise<void>;
}

/** How often the counters of the kernel are read: the time by which a screen is late, for the most part. */
const SIGNAL_MS = 40;
/** A pane that keeps changing is looked at no more often than this: each look is a tmux client. */
const BUSY_MS = 80;
/** A look without any sign, for what the counters do not tell. */
const ANYWAY_MS = 1000;
/** One that is not there is searched for again. */
const SEARCH_MS = 1000;

/**
 * Watches a pane until the signal comes. It is no client of the server and asks for nothing but the screen, so that the agent gets
 * no byte, no signal and no other size by being watched, however the watcher ends.
 */
export async function watchPane({ servers, agent, signal, onSight }: WatchOptions): Promise<void> {
  let shown = "";
  const show = async (sight: Sight): Promise<void> => {
    const stamp = "look" in sight ? stampOf(sight.look) : `${sight.state} ${sight.because}`;
    if (stamp === shown) return;
    shown = stamp;
    await onSight(sight);
  };
  while (!signal.aborted) {
    const found = await findPane(servers, agent);
    if (found.state === "found") {
      const lost = await watchFound(found, signal, show);
      if (lost !== null) await show(lost);
    } else await show(found);
    await pause(SEARCH_MS, signal);
  }
}

/** Until the pane is gone, is dead, or holds another process. */
async function watchFound(
  pane: PaneId,
  signal: AbortSignal,
  show: (sight: Sight) => Promise<void>,
): Promise<NoPane | null> {
  const output: OutputSignal = watchOutput(pane.pid);
  let heard = output.read();
  let lookedMs = Number.NEGATIVE_INFINITY;
  let again = true;
  while (!signal.aborted) {
    const nowMs = performance.now();
    const counters = output.read();
    // Read before the look: what is written during it is heard at the next round.
    again ||= counters !== heard;
    heard = counters;
    const dueMs = again ? BUSY_MS : ANYWAY_MS;
    if (nowMs - lookedMs >= dueMs) {
      lookedMs = nowMs;
      again = false;
      const look = await lookAtPane(pane);
      if (look.state !== "pane") return look;
      await show({ pane, look });
      if (look.dead || look.pid !== pane.pid) return null;
    }
    await pause(SIGNAL_MS, signal);
  }
  return null;
}

function stampOf({ capture, screen, width, height, dead, mode, history }: PaneLook): string {
  const { x, y, visible } = screen.cursor;
  return `${width}x${height} ${x},${y} ${visible} ${dead} ${mode} ${history} ${screen.title}\n${capture}`;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    }
  });
}

import { has, type Invocation } from "./declaration.ts";

/** How often a line that is written over is written again. */
const SHOWN_EVERY_MS = 200;

/** How far a verb that reads the whole log has come, told to who watches a terminal and to nobody else. */
export interface Progress {
  /** It has come to this event. */
  reached(seq: number): void;
  /** Nothing of it stays on the screen. */
  end(): void;
}

export function progressOf(invocation: Invocation, lastSeq: number, done = ""): Progress {
  const { output } = invocation;
  const isShown = output.isTerminal && !has(invocation, "json");
  let shownMs = performance.now();
  let isOnScreen = false;
  return {
    reached(seq) {
      if (!isShown || performance.now() - shownMs < SHOWN_EVERY_MS) return;
      shownMs = performance.now();
      isOnScreen = true;
      const percent = Math.min(100, Math.floor((100 * seq) / Math.max(1, lastSeq)));
      output.complain(`\r${percent} % of ${lastSeq} events${done && ` ${done}`}\u001b[K`);
    },
    end() {
      if (isOnScreen) output.complain("\r\u001b[K");
      isOnScreen = false;
    },
  };
}

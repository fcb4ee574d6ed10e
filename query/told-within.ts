import { WITHIN_US } from "./planes/within.ts";
import type { AgentStatus } from "./row.ts";

/** Those that begin with the end of a process, or of its pane. */
const BY_AN_END: ReadonlySet<AgentStatus> = new Set(["failed", "dead", "stopped", "finished"]);

/** A length of less is told in ms, or in tenths of a second. */
export const TOLD_FINELY_US = 10_000_000;

/**
 * tmux, its hooks and the kernel date an end in whole seconds: what began with one lies within so much after the moment that is told of it. Null: that
 * is known better. It is seen by the moment itself, which costs nothing: looks are dated to the microsecond, and fall on a whole second once in a million
 * times, when less is said than is known.
 */
export function toldWithinUs(status: AgentStatus | null, beganUs: number): number | null {
  return status !== null && BY_AN_END.has(status) && beganUs % WITHIN_US.s === 0 ? WITHIN_US.s : null;
}

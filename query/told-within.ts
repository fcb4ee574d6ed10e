import type { Past } from "./history/past.ts";
import type { AgentPane } from "./planes/documents.ts";
import { WITHIN_US } from "./planes/within.ts";
import type { AgentStatus } from "./row.ts";

/** Those that begin with the end of a process, or of its pane. */
const BY_AN_END: ReadonlySet<AgentStatus> = new Set(["failed", "dead", "stopped", "finished"]);

/** A length of less is told in ms, or in tenths of a second. */
export const TOLD_FINELY_US = 10_000_000;

/**
 * tmux, its hooks and the kernel date an end in whole seconds: what began with one lies within so much after the moment that is told of it. Null: that
 * is known better. Of most it is seen by the moment itself, which costs nothing: looks are dated to the microsecond, and fall on a whole second once in
 * a million times, when less is said than is known. Where the process had lived in that second, its end is told from then on, and is within the rest.
 */
export function toldWithinUs(
  past: Pick<Past, "ownPanes">,
  agent: string,
  status: AgentStatus | null,
  beganUs: number,
): number | null {
  return withinOf(() => past.ownPanes(agent, beganUs), status, beganUs);
}

/** The same, by the own panes that were told of by then. */
export function withinOf(
  panes: () => readonly AgentPane[],
  status: AgentStatus | null,
  beganUs: number,
): number | null {
  return status !== null && BY_AN_END.has(status) ? endWithinUs(panes, beganUs) : null;
}

/** Within so much after a moment lies what ended at it; null: it is known better, or nothing ended. */
export function endWithinUs(panes: () => readonly AgentPane[], endedUs: number): number | null {
  if (endedUs % WITHIN_US.s === 0) return WITHIN_US.s;
  const byUs = panes().find(({ diedAtUs, atUs }) => (diedAtUs ?? atUs) === endedUs)?.endedByUs;
  return byUs !== undefined && byUs > endedUs ? byUs - endedUs : null;
}

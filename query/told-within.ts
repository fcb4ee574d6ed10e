import type { AgentFacts } from "./evidence.ts";
import type { Past } from "./history/past.ts";
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
  past: Pick<Past, "explain">,
  agent: string,
  status: AgentStatus | null,
  beganUs: number,
): number | null {
  return withinOf(() => past.explain(agent, beganUs).facts, status, beganUs);
}

/** The same, by what was known at that moment. */
export function withinOf(
  facts: () => AgentFacts,
  status: AgentStatus | null,
  beganUs: number,
): number | null {
  if (status === null || !BY_AN_END.has(status)) return null;
  if (beganUs % WITHIN_US.s === 0) return WITHIN_US.s;
  const { own } = facts().pane;
  if (own?.endedByUs === undefined || (own.diedAtUs ?? own.atUs) !== beganUs) return null;
  return own.endedByUs > beganUs ? own.endedByUs - beganUs : null;
}

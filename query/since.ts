import { endedAtUs } from "./death.ts";
import { BEFORE_THE_LOG } from "./history/before-the-log.ts";
import type { Interval } from "./history/intervals.ts";
import { lastSeen } from "./history/last-seen.ts";
import type { Occurrence } from "./history/occurrence.ts";
import type { Past } from "./history/past.ts";
import { viewAt } from "./history/sightings.ts";
import type { Window } from "./history/sweep.ts";
import { WITHIN_US } from "./planes/within.ts";
import type { AgentStatus } from "./row.ts";
import type { Evidence } from "./weighed.ts";

/** A status that the log's first looks found. */
export interface FoundFirst {
  /** Since when it was so, as its source told of itself; null: nobody knows. */
  readonly sinceUs: number | null;
}

/**
 * What the log's first looks found of an agent had begun before: since when, as far as its source told that of itself (its process's start, its
 * time of death), which is what `ps` shows. Null: it was seen to begin, or something else was seen before it.
 */
export function foundFirst(past: Past, agent: string, fromUs: number): FoundFirst | null {
  if (lastSeen(viewAt(past, agent, fromUs), agent, fromUs) !== null) return null;
  const { sinceUs } = past.explain(agent, fromUs).verdict;
  return { sinceUs: sinceUs === null ? null : Math.min(sinceUs, fromUs) };
}

/** Since when a stay that was under way when the window began had been: what `ps` showed where it was first found so in the window. */
export function foundBegun(
  past: Past,
  agent: string,
  status: AgentStatus,
  { fromUs, toUs }: Pick<Occurrence, "fromUs" | "toUs">,
  window: Window,
): FoundFirst {
  for (const interval of past.sightings(agent, { fromUs, toUs: toUs ?? window.toUs })) {
    if (interval.status !== status) continue;
    const { verdict } = past.explain(agent, Math.max(interval.fromUs, fromUs));
    const { sinceUs } = verdict;
    return { sinceUs: verdict.status !== status || sinceUs === null ? null : Math.min(sinceUs, fromUs) };
  }
  return { sinceUs: null };
}

/** The intervals of a window, the one that the log's first looks found with what is told of it. */
export function* withFirst(
  past: Past,
  agent: string,
  window: Window,
): Generator<[Interval, FoundFirst | null]> {
  let seenAny = false;
  for (const interval of past.sightings(agent, window)) {
    const isSeen = interval.status !== "unobserved";
    const mayBeFirst = isSeen && !seenAny && interval.status !== null;
    yield [interval, mayBeFirst ? foundFirst(past, agent, interval.fromUs) : null];
    seenAny ||= isSeen;
  }
}

/** How the moment is known at which a status began. */
export interface SeenToBegin {
  /** Somebody watched it begin. Else it began after `notBeforeUs`, when something else was last seen; null: nothing had been. */
  readonly witnessed: boolean;
  readonly notBeforeUs: number | null;
}

export function seenToBegin(past: Past, agent: string, beganUs: number): SeenToBegin {
  const view = viewAt(past, agent, beganUs);
  const before = [...view(agent, { fromUs: beganUs - 1, toUs: beganUs })].at(-1);
  if (before !== undefined && before.status !== "unobserved") return { witnessed: true, notBeforeUs: null };
  return { witnessed: false, notBeforeUs: lastSeen(view, agent, beganUs)?.untilUs ?? null };
}

/** The same of an end. `found`: it came on the roster so. */
export function seenToEnd(
  past: Past,
  agent: string,
  endedUs: number,
): SeenToBegin & { readonly found: boolean } {
  const view = viewAt(past, agent, endedUs);
  const before = [...view(agent, { fromUs: endedUs - 1, toUs: endedUs })].at(-1);
  if (before === undefined || before.status === null || before.reason === BEFORE_THE_LOG)
    return { witnessed: false, notBeforeUs: null, found: true };
  if (before.status !== "unobserved") return { witnessed: true, notBeforeUs: null, found: false };
  if (isDated(past, agent, endedUs)) return { witnessed: true, notBeforeUs: null, found: false };
  return { ...seenToBegin(past, agent, endedUs), found: false };
}

/**
 * What its beats were is not known, but that its pane lived until this very moment, and no longer, is; or that it ended then, by the word of
 * tmux itself: where no look was taken it is known to be gone from then on. A boot, or a life that came after, says only that it was gone by then.
 */
function isDated(past: Past, agent: string, endedUs: number): boolean {
  const isAlive = ({ pane }: Evidence): boolean => pane.known && pane.state === "alive";
  const { evidence, watch, pane: its } = past.explain(agent, endedUs).facts;
  const { pane } = evidence;
  if (!pane.known || pane.state === "alive") return false;
  if (isAlive(past.explain(agent, endedUs - 1).facts.evidence)) return true;
  const isLooked = watch.pane.observedAtUs === endedUs;
  // A look found it dead, and tmux had kept no time of it.
  if (its.own?.diedUnseenFromUs !== undefined && pane.unseenEnd?.diedAtUs == null) return false;
  const isBound = pane.serverGone || pane.replaced === true || pane.away !== null;
  return !isLooked && !isBound && Math.abs((endedAtUs(pane) ?? 0) - endedUs) <= WITHIN_US.s;
}

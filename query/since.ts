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
import { hasEnded } from "./shown-since.ts";
import type { Evidence } from "./weighed.ts";

/** A status that had begun before. */
export interface FoundFirst {
  /** Since when it was so, as its source told of itself; null: nobody knows. */
  readonly sinceUs: number | null;
  /** What told of it first: the log's first looks, those of a window; or the roster, which names it again, or no longer, while it stays what it is. */
  readonly by: "log" | "window" | "roster";
}

/**
 * What the log's first looks found of an agent had begun before: since when, as far as its source told that of itself (its process's start, its
 * time of death), which is what `ps` shows. Null: it was seen to begin, or something else was seen before it.
 */
function foundFirst(past: Past, agent: string, fromUs: number): FoundFirst | null {
  if (lastSeen(viewAt(past, agent, fromUs), agent, fromUs) !== null) return null;
  const { sinceUs } = past.explain(agent, fromUs).verdict;
  return { sinceUs: sinceUs === null ? null : Math.min(sinceUs, fromUs), by: "log" };
}

/**
 * One that the roster names again, or no longer, is another row of the table, and goes on to be what it is: since when is that of `ps`, whatever the
 * roster said meanwhile. Null: the roster had nothing to do with it, or it was something else under it.
 */
function foundByRoster(
  past: Past,
  agent: string,
  before: Interval | undefined,
  { fromUs, status, unrostered }: Interval,
): FoundFirst | null {
  if (before === undefined || before.unrostered === unrostered || before.reason === BEFORE_THE_LOG)
    return null;
  if (before.status === null || status === null || status === "unobserved") return null;
  const isSame = before.status === status || (hasEnded(before.status) && hasEnded(status));
  if (!isSame) return null;
  const { sinceUs } = past.explain(agent, fromUs).verdict;
  return { sinceUs: Math.min(sinceUs ?? fromUs, fromUs), by: "roster" };
}

/** What is told of a status at the very moment at which it began, where something is; `isFirst`: nothing like it was before it in the window. */
export function foundAt(past: Past, agent: string, beganUs: number, isFirst: boolean): FoundFirst | null {
  const [begun] = past.sightings(agent, { fromUs: beganUs, toUs: beganUs + 1 });
  if (begun === undefined || begun.status === null || begun.status === "unobserved") return null;
  const byRoster = foundByRoster(past, agent, justBefore(past, agent, beganUs), begun);
  return byRoster ?? (isFirst ? foundFirst(past, agent, beganUs) : null);
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
    const isKnown = verdict.status === status && sinceUs !== null;
    return { sinceUs: isKnown ? Math.min(sinceUs, fromUs) : null, by: "window" };
  }
  return { sinceUs: null, by: "window" };
}

/** The intervals of a window, each of them that had begun before with what is told of that. */
export function* withFirst(
  past: Past,
  agent: string,
  window: Window,
): Generator<[Interval, FoundFirst | null]> {
  let seenAny = false;
  let before: Interval | undefined;
  for (const interval of past.sightings(agent, window)) {
    const { fromUs, status } = interval;
    const isSeen = status !== "unobserved";
    before ??= justBefore(past, agent, fromUs);
    const byRoster = foundByRoster(past, agent, before, interval);
    const mayBeFirst = isSeen && !seenAny && status !== null;
    yield [interval, byRoster ?? (mayBeFirst ? foundFirst(past, agent, fromUs) : null)];
    seenAny ||= isSeen;
    before = interval;
  }
}

function justBefore(past: Past, agent: string, atUs: number): Interval | undefined {
  return atUs === -Infinity ? undefined : [...past.sightings(agent, { fromUs: atUs - 1, toUs: atUs })].at(-1);
}

/** How the moment is known at which a status began. */
export interface SeenToBegin {
  /** Somebody watched it begin. Else it began after `notBeforeUs`, when something else was last seen; null: nothing had been. */
  readonly witnessed: boolean;
  readonly notBeforeUs: number | null;
  /** It had not been on the roster, and was so as soon as that named it: nothing need have happened to it then. */
  readonly named: boolean;
}

const WATCHED: SeenToBegin = { witnessed: true, notBeforeUs: null, named: false };
const NAMED: SeenToBegin = { ...WATCHED, named: true };

export function seenToBegin(past: Past, agent: string, beganUs: number): SeenToBegin {
  const view = viewAt(past, agent, beganUs);
  const before = [...view(agent, { fromUs: beganUs - 1, toUs: beganUs })].at(-1);
  if (before !== undefined && isOffRoster(past, agent, before, view)) return NAMED;
  if (before !== undefined && before.status !== "unobserved") return WATCHED;
  return { ...WATCHED, witnessed: false, notBeforeUs: lastSeen(view, agent, beganUs)?.untilUs ?? null };
}

/** Of a session that no roster names, that there is no verdict says that it was not there. */
function isOffRoster(past: Past, agent: string, { status }: Interval, view: Past["intervals"]): boolean {
  return status === null && view === past.intervals && !past.isStray(agent);
}

/** The same of an end. `found`: the log's first looks found it so. */
export function seenToEnd(
  past: Past,
  agent: string,
  endedUs: number,
): SeenToBegin & { readonly found: boolean } {
  const view = viewAt(past, agent, endedUs);
  const before = [...view(agent, { fromUs: endedUs - 1, toUs: endedUs })].at(-1);
  if (before === undefined || before.reason === BEFORE_THE_LOG)
    return { ...WATCHED, witnessed: false, found: true };
  if (isOffRoster(past, agent, before, view)) return { ...NAMED, found: false };
  if (before.status !== "unobserved") return { ...WATCHED, found: false };
  if (isDated(past, agent, endedUs)) return { ...WATCHED, found: false };
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

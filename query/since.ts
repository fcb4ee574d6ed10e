import type { Interval } from "./history/intervals.ts";
import { lastSeen } from "./history/last-seen.ts";
import type { Past } from "./history/past.ts";
import type { Window } from "./history/sweep.ts";

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
  if (lastSeen(past.intervals, agent, fromUs) !== null) return null;
  const { sinceUs } = past.explain(agent, fromUs).verdict;
  return { sinceUs: sinceUs === null ? null : Math.min(sinceUs, fromUs) };
}

/** The intervals of a window, the one that the log's first looks found with what is told of it. */
export function* withFirst(
  past: Past,
  agent: string,
  window: Window,
): Generator<[Interval, FoundFirst | null]> {
  let seenAny = false;
  for (const interval of past.intervals(agent, window)) {
    const isSeen = interval.status !== "unobserved";
    const mayBeFirst = isSeen && !seenAny && interval.status !== null;
    yield [interval, mayBeFirst ? foundFirst(past, agent, interval.fromUs) : null];
    seenAny ||= isSeen;
  }
}

import type { Interval } from "./history/intervals.ts";
import type { Window } from "./history/sweep.ts";
import type { AgentStatus } from "./row.ts";

/** Worst first: what a cell of a timeline shows of all that was so in its time. */
const WORST: readonly AgentStatus[] = [
  "failed",
  "dead",
  "stale",
  "silent",
  // What a single look found wants somebody, whatever nobody saw around it.
  "absent",
  "unobserved",
  "waiting",
  "starting",
  "busy",
  "running",
  "healthy",
  "stopped",
  "finished",
];

/** A window in so many equal cells, each with the worst status of its time; null: not on the roster in any of it. */
export function worstOf(
  intervals: Iterable<Pick<Interval, "fromUs" | "toUs" | "status">>,
  window: Window,
  cells: number,
): (AgentStatus | null)[] {
  const ranks = Array<number>(cells).fill(WORST.length);
  const perCell = (window.toUs - window.fromUs) / cells;
  for (const { fromUs, toUs, status } of intervals) {
    if (status === null) continue;
    const rank = WORST.indexOf(status);
    const first = Math.max(0, Math.floor((fromUs - window.fromUs) / perCell));
    const last = Math.min(cells, Math.ceil(((toUs ?? window.toUs) - window.fromUs) / perCell));
    for (let cell = first; cell < last; cell++) ranks[cell] = Math.min(ranks[cell] ?? rank, rank);
  }
  return ranks.map((rank) => WORST[rank] ?? null);
}

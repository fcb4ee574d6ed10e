import type { AgentStatus } from "../row.ts";

/** A stretch of time in which one verdict holds: `fromUs` inclusive, `toUs` exclusive. Null `toUs`: it goes on. */
export interface Interval {
  readonly fromUs: number;
  readonly toUs: number | null;
  /** Null: the agent was not on the roster, so nobody promised anything about it. */
  readonly status: AgentStatus | null;
  /** No roster named it then: what its session was, see `Past.sightings`. */
  readonly unrostered?: true;
  readonly reason: string | null;
  /** The events that the verdict stood on at its beginning, oldest first. */
  readonly why: readonly number[];
  /** The version of the rules that judged. */
  readonly rules: number;
}

/** Appends, or prolongs the last one where nothing changed. */
export function extend(intervals: Interval[], next: Interval): void {
  const last = intervals.at(-1);
  if (last && last.status === next.status && last.reason === next.reason && last.rules === next.rules) {
    intervals[intervals.length - 1] = { ...last, toUs: next.toUs };
  } else intervals.push(next);
}

/** The interval that holds a moment. They are in order and leave no hole. */
export function intervalAt(intervals: readonly Interval[], atUs: number): Interval | undefined {
  let low = 0;
  let high = intervals.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((intervals[middle] as Interval).fromUs <= atUs) low = middle;
    else high = middle - 1;
  }
  const found = intervals[low];
  return found && found.fromUs <= atUs && atUs < (found.toUs ?? Infinity) ? found : undefined;
}

/** Whether something that may go on (`toUs` null) lies in a window, with a part of it at least. */
export function overlaps(
  { fromUs, toUs }: { readonly fromUs: number; readonly toUs: number | null },
  window: { readonly fromUs: number; readonly toUs: number },
): boolean {
  return fromUs < window.toUs && (toUs ?? Infinity) > window.fromUs;
}

import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { FoldEvent } from "../../store/projection.ts";
import type { IntervalBefore, RosterDocument } from "./documents.ts";

/** The protocol's own interval, for a heartbeat of nobody on the roster. */
export const DEFAULT_INTERVAL_SECONDS = 15;
/** A beat is good for three intervals. */
export const REACH_IN_INTERVALS = 3;

/** The interval that the roster declares, and which it had declared before, oldest first. */
export interface Intervals {
  readonly intervalSeconds: number;
  readonly intervalsBefore?: readonly IntervalBefore[];
}

export function intervalsOf(roster: RosterDocument | undefined): Intervals {
  const intervalSeconds = roster?.declaration.intervalSeconds ?? DEFAULT_INTERVAL_SECONDS;
  const intervalsBefore = roster?.intervalsBefore;
  return intervalsBefore === undefined ? { intervalSeconds } : { intervalSeconds, intervalsBefore };
}

/** The intervals as they were declared by a moment. */
export function intervalsAt(intervals: Intervals, atUs: number): Intervals {
  const { intervalsBefore = [] } = intervals;
  const later = intervalsBefore.findIndex(({ untilUs }) => untilUs > atUs);
  if (later === -1) return intervals;
  const { seconds } = intervalsBefore[later] as IntervalBefore;
  return { intervalSeconds: seconds, intervalsBefore: intervalsBefore.slice(0, later) };
}

/** So many changes of it are remembered: whoever changes it more often between two beats is told a later moment. */
const MOST_REMEMBERED = 8;

/** The intervals after a `roster.agent.` event. Only what was declared while an agent stayed on the roster is remembered. */
export function declaredNext(known: Intervals | undefined, event: FoldEvent): Intervals {
  if (event.type === "roster.agent.removed") return { intervalSeconds: DEFAULT_INTERVAL_SECONDS };
  const { intervalSeconds } = event.payload as PayloadOf<"roster.agent.declared">;
  if (known === undefined || event.type !== "roster.agent.changed") return { intervalSeconds };
  const { intervalsBefore } = known;
  if (known.intervalSeconds === intervalSeconds)
    return intervalsBefore === undefined ? { intervalSeconds } : { intervalSeconds, intervalsBefore };
  const last = { seconds: known.intervalSeconds, untilUs: event.occurredAtUs };
  return { intervalSeconds, intervalsBefore: [...(intervalsBefore ?? []), last].slice(-MOST_REMEMBERED) };
}

/**
 * Since when what was made at a moment (a beat, a life) has been within its reach without a pause, where it is now: since `sinceUs`, or since a
 * change of the interval made it so again.
 */
export function withinSinceUs(madeUs: number, sinceUs: number, { intervalsBefore = [] }: Intervals): number {
  for (let at = intervalsBefore.length - 1; at >= 0; at -= 1) {
    const { seconds, untilUs } = intervalsBefore[at] as IntervalBefore;
    if (untilUs <= madeUs || untilUs <= sinceUs) break;
    if (isOut(madeUs, seconds, untilUs)) return untilUs;
  }
  return sinceUs;
}

/** Since when it has been out of its reach, where it is now: since the end of that, or since a change of the interval put it there. */
export function outSinceUs(madeUs: number, { intervalSeconds, intervalsBefore = [] }: Intervals): number {
  let sinceUs = madeUs + reachUs(intervalSeconds);
  for (let at = intervalsBefore.length - 1; at >= 0; at -= 1) {
    const { seconds, untilUs } = intervalsBefore[at] as IntervalBefore;
    if (untilUs <= sinceUs) break;
    if (!isOut(madeUs, seconds, untilUs)) return untilUs;
    sinceUs = madeUs + reachUs(seconds);
  }
  return sinceUs;
}

export function reachUs(intervalSeconds: number): number {
  return REACH_IN_INTERVALS * intervalSeconds * 1e6;
}

/** Just before that moment. */
function isOut(madeUs: number, intervalSeconds: number, untilUs: number): boolean {
  return untilUs - 1 > madeUs + reachUs(intervalSeconds);
}

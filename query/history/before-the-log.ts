import type { Verdict } from "../verdict.ts";
import type { Interval } from "./intervals.ts";

/**
 * Before the log began nobody watched, and until the roster was first read nobody knew who was wanted: a verdict that rests on no declaration
 * is off the roster from then on only, and unobserved before. So is all
 * of a session that was never on it: that its process was there already is what `since` says.
 */
export function* sinceTheLog(
  intervals: Iterable<Interval>,
  knownFromUs: number,
  stray: boolean,
): Generator<Interval> {
  for (const interval of intervals) {
    const { fromUs, toUs, status } = interval;
    if ((status !== null && !stray) || fromUs >= knownFromUs) {
      yield interval;
      continue;
    }
    const ends = toUs ?? Infinity;
    const earlier = { ...interval, status: "unobserved", reason: BEFORE_THE_LOG } as const;
    if (ends <= knownFromUs) yield earlier;
    else {
      yield { ...earlier, toUs: knownFromUs };
      yield { ...interval, fromUs: knownFromUs };
    }
  }
}

export const BEFORE_THE_LOG = "nobody could tell yet";

/** The same verdict of a moment, for its table. */
export const NO_ROSTER_YET: Verdict = {
  status: "unobserved",
  reason: BEFORE_THE_LOG,
  sinceUs: null,
  unknown: [],
  rungs: [
    {
      status: "unobserved",
      holds: "yes",
      because: "no roster had been read yet: nobody knew whether it was wanted",
    },
  ],
};

/** From when on the log tells who was wanted: the first time that the roster file was read, by when that took effect. */
export function rosterKnownFrom(beginsUs: number | null, firstReadUs: number | undefined): number {
  return Math.max(beginsUs ?? Infinity, firstReadUs ?? -Infinity);
}

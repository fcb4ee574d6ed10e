import type { AgentStatus } from "../row.ts";
import { BEFORE_THE_LOG } from "./before-the-log.ts";
import type { Interval } from "./intervals.ts";
import { type LastSeen, lastSeen, type NextSeen, nextSeen } from "./last-seen.ts";
import type { Occurrence } from "./occurrence.ts";
import { once } from "./once.ts";
import type { Past } from "./past.ts";
import { type Starts, startsOf } from "./starts.ts";
import type { Window } from "./sweep.ts";

/** What the verdicts of a window do not tell of a stay in one of them. Each is asked only where it can make a difference. */
export interface Around {
  /** The verdict that was last seen before the window; null: none had been. */
  before(): LastSeen | null;
  /** The verdict that was first seen after it; null: none has been yet. */
  after(): NextSeen | null;
  /** First moments of the agent's lives. */
  readonly starts: Starts;
}

/**
 * Whether one that is found in a status again, and has not lived anew meanwhile, was in it all the while: all that stays so until somebody does
 * something. What needs a fresh beat was not known to be fresh while nobody read one: that ends with what was seen, for whoever tells of it (`ps`
 * reckons since when by the same rule: `statusSinceUs` begins anew after a silence).
 */
export function lastsUnseen(status: AgentStatus | null): boolean {
  return status === null || !["unobserved", "healthy", "busy", "waiting"].includes(status);
}

/**
 * Each time that an agent was in a status. Of what lasts unseen, time that nobody watched neither ends a stay nor begins another: found the same
 * again it is the same one, as an outage is (see `outages.ts`), unless a new life came in between. Of the others each stretch is its own.
 * Each is told as soon as another one has begun, and none is kept longer.
 */
export function* staysIn(
  intervals: Iterable<Interval>,
  status: AgentStatus,
  window: Window,
  around: Around,
): Generator<Occurrence> {
  let last = null as Occurrence | null;
  const lasts = lastsUnseen(status);
  let isOpen = false;
  let seenAny = false;
  let previous: AgentStatus | null | undefined;
  for (const { fromUs, toUs, reason, why, ...interval } of intervals) {
    const [begins, ends] = [Math.max(fromUs, window.fromUs), Math.min(toUs ?? Infinity, window.toUs)];
    if (begins >= ends) {
      previous = interval.status;
      continue;
    }
    const open = isOpen ? last : null;
    if (interval.status !== status) {
      if (interval.status === "unobserved") {
        if (open?.toUs === begins) last = { ...open, endUnseen: !isEndedByNext(status, begins, around) };
        continue;
      }
      [isOpen, seenAny] = [false, true];
      continue;
    }
    const end = (toUs ?? Infinity) >= window.toUs ? null : ends;
    const unseenUs = begins - (open?.toUs ?? begins);
    const isSame = unseenUs === 0 || (lasts && !restarted(around, begins - unseenUs, begins));
    if (open !== null && isSame) {
      // One stay in a status may have had several reasons; the first one is what brought it about.
      const again = unseenUs === 0 ? 0 : 1;
      last = {
        ...open,
        ...{ toUs: end, found: open.found + again, unseenUs: open.unseenUs + unseenUs, endUnseen: false },
      };
    } else {
      const goesOn = fromUs < window.fromUs || (fromUs === window.fromUs && previous === status);
      const beganBefore = goesOn || (!seenAny && lasts && isSeenBefore(status, begins, around));
      if (last !== null) yield last;
      last = {
        ...{ fromUs: beganBefore ? window.fromUs : begins, toUs: end, beganBefore, reason, why, found: 1 },
        unseenUs: beganBefore ? begins - window.fromUs : 0,
        endUnseen: false,
      };
    }
    [isOpen, seenAny] = [true, true];
  }
  if (last === null) return;
  if (isOpen && lasts && last.endUnseen && last.toUs !== null && isSeenAfter(status, last.toUs, around)) {
    const unseenUs = last.unseenUs + window.toUs - last.toUs;
    last = { ...last, toUs: null, unseenUs, endUnseen: false };
  }
  yield last;
}

/** Where the next life begins, of which nothing more may be known, that is what ended a death, or a stop. */
export function isEndedByNext(status: AgentStatus | null, endUs: number, { starts }: Around): boolean {
  return lastsUnseen(status) && starts.lastIn(endUs - 1, endUs) !== null;
}

/** Whether it was last seen so before the window, and has not lived anew until it was found so in it. */
function isSeenBefore(status: AgentStatus, foundUs: number, around: Around): boolean {
  const before = around.before();
  return before !== null && before.status === status && !restarted(around, before.untilUs, foundUs);
}

/** Whether it was found so again after the window, and has not lived anew until then. */
function isSeenAfter(status: AgentStatus, seenUntilUs: number, around: Around): boolean {
  const after = around.after();
  return after !== null && after.status === status && !restarted(around, seenUntilUs, after.fromUs);
}

/** Whether it has lived anew: also by a life that began in the instant in which it was last seen so. */
export function restarted({ starts }: Around, seenUntilUs: number, untilUs: number): boolean {
  return seenUntilUs < untilUs && starts.lastIn(seenUntilUs - 2, untilUs) !== null;
}

/**
 * An agent's verdicts as far as the roster named it, or did not: a stay that the roster broke off, or began, is told of so where each line says which
 * of both it is.
 */
export function whileNamed(sightings: Past["sightings"], unrostered: boolean): Past["intervals"] {
  return function* (agent, window) {
    for (const interval of sightings(agent, window)) {
      const isSo = (interval.unrostered === true) === unrostered || interval.reason === BEFORE_THE_LOG;
      yield isSo ? interval : { ...interval, status: null };
    }
  };
}

/** What is around an agent's window, from the past itself. */
export function aroundOf(
  past: Pick<Past, "intervals" | "occurrences" | "parts" | "nowUs">,
  agent: string,
  window: Window,
): Around {
  const before = once(() => lastSeen(past.intervals, agent, window.fromUs));
  const after = once(() => nextSeen(past.intervals, agent, { fromUs: window.toUs, toUs: past.nowUs }));
  return { before, after, starts: startsOf(past, agent) };
}

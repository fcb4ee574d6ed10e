import type { AgentStatus } from "../row.ts";
import type { Interval } from "./intervals.ts";
import { type LastSeen, lastSeen } from "./last-seen.ts";
import type { Occurrence } from "./occurrence.ts";
import { once } from "./once.ts";
import type { Past } from "./past.ts";
import type { Window } from "./sweep.ts";

/** What the verdicts of a window do not tell of a stay in one of them. Each is asked only where it can make a difference. */
export interface Around {
  /** The verdict that was last seen before the window; null: none had been. */
  before(): LastSeen | null;
  /** First moments of the agent's lives, from there to the window's end. */
  startsUs(): readonly number[];
}

/**
 * Each time that an agent was in a status. Time that nobody watched neither ends a stay nor begins another: found the same again it is the same
 * one, as an outage is (see `outages.ts`), unless a new life came in between. Of the status `unobserved` itself each stretch is its own.
 */
export function staysIn(
  intervals: Iterable<Interval>,
  status: AgentStatus,
  window: Window,
  around: Around,
): Occurrence[] {
  const found: Occurrence[] = [];
  let isOpen = false;
  let seenAny = false;
  let previous: AgentStatus | null | undefined;
  for (const { fromUs, toUs, reason, why, ...interval } of intervals) {
    const [begins, ends] = [Math.max(fromUs, window.fromUs), Math.min(toUs ?? Infinity, window.toUs)];
    if (begins >= ends) {
      previous = interval.status;
      continue;
    }
    if (interval.status !== status) {
      if (interval.status === "unobserved") continue;
      [isOpen, seenAny] = [false, true];
      continue;
    }
    const end = (toUs ?? Infinity) >= window.toUs ? null : ends;
    const last = isOpen ? found.at(-1) : undefined;
    const unseenUs = begins - (last?.toUs ?? begins);
    const isSame =
      unseenUs === 0 || (status !== "unobserved" && !restarted(around, begins - unseenUs, begins));
    if (last !== undefined && isSame) {
      // One stay in a status may have had several reasons; the first one is what brought it about.
      const again = unseenUs === 0 ? 0 : 1;
      found[found.length - 1] = {
        ...last,
        ...{ toUs: end, found: last.found + again, unseenUs: last.unseenUs + unseenUs },
      };
    } else {
      const goesOn = fromUs < window.fromUs || (fromUs === window.fromUs && previous === status);
      const beganBefore = goesOn || (!seenAny && isSeenBefore(status, begins, around));
      found.push({
        ...{ fromUs: beganBefore ? window.fromUs : begins, toUs: end, beganBefore, reason, why, found: 1 },
        unseenUs: beganBefore ? begins - window.fromUs : 0,
      });
    }
    [isOpen, seenAny] = [true, true];
  }
  return found;
}

/** Whether it was last seen so before the window, and has not lived anew until it was found so in it. */
function isSeenBefore(status: AgentStatus, foundUs: number, around: Around): boolean {
  const before = status === "unobserved" ? null : around.before();
  return before !== null && before.status === status && !restarted(around, before.untilUs, foundUs);
}

function restarted({ startsUs }: Around, afterUs: number, untilUs: number): boolean {
  return afterUs < untilUs && startsUs().some((us) => us > afterUs && us <= untilUs);
}

/** What is around an agent's window, from the past itself. */
export function aroundOf(
  past: Pick<Past, "intervals" | "occurrences">,
  agent: string,
  window: Window,
): Around {
  const before = once(() => lastSeen(past.intervals, agent, window.fromUs));
  const startsUs = once(() => {
    const fromUs = Math.min(before()?.untilUs ?? window.fromUs, window.fromUs);
    return [...past.occurrences(agent, "started", { fromUs, toUs: window.toUs })].map((one) => one.fromUs);
  });
  return { before, startsUs };
}

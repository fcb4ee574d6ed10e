import type { AgentStatus } from "../row.ts";
import { STOP_JOB } from "../verdict.ts";
import { bucketOf } from "./buckets.ts";
import { isGlimpse } from "./glimpse.ts";
import { lastSeen } from "./last-seen.ts";
import { once } from "./once.ts";
import type { Past } from "./past.ts";
import type { Window } from "./sweep.ts";

export interface Outage {
  readonly fromUs: number;
  /** When it was first seen to be over; null: not within the window. */
  readonly toUs: number | null;
  /** It was under way when the window began, so its beginning is not in it. */
  readonly beganBefore: boolean;
  /** Its kinds, in order. */
  readonly kinds: readonly AgentStatus[];
  /** The part of it that was seen. */
  readonly downUs: number;
  /** That is no time: each stretch of it is one look, before and after which nobody watched. */
  readonly looksOnly: boolean;
}

/** A stretch of the window with one verdict. */
export interface Part {
  readonly fromUs: number;
  readonly toUs: number;
  readonly status: AgentStatus | null;
  readonly reason: string | null;
}

/** What verdicts alone do not tell of an outage. Each is asked only where it can make a difference. */
export interface Surroundings {
  /** Whether it was unwell when the window began, as far as was last seen. */
  unwellBefore(): boolean;
  /** Whether one that is stopped at a moment was stopped by systemd, and by nobody's verb. */
  isStopJob(atUs: number): boolean;
  /** Boots of the machine within the window. */
  bootsUs(): readonly number[];
  /** First moments of the agent's lives within the window. */
  startsUs(): readonly number[];
}

/**
 * An outage lasts until the agent is seen well, or wanted down. Time that nobody watched does not end it (nobody saw it recover) and does
 * not lengthen it (nobody saw it down): found the same again it is the same outage, unless a new life has come and gone in between. Nor does
 * the shutdown of the machine end it, which stops every unit: a stop job that a boot makes void wanted nothing.
 */
export function outagesOf(parts: readonly Part[], window: Window, around: Surroundings): Outage[] {
  const outages: Outage[] = [];
  let open: Open | null = null;
  const end = (toUs: number | null): void => {
    if (open !== null) outages.push({ ...open.outage, toUs });
    open = null;
  };
  let seenAny = false;
  for (const [index, { fromUs, toUs, status, reason }] of parts.entries()) {
    const bucket = bucketOf(status, reason);
    if (bucket === "unobserved") continue;
    if (bucket === "unhealthy" && status !== null) {
      const before: Open | null = open;
      if (before !== null) {
        const restartedUs = restarted(around, before.seenUs, fromUs);
        const shutDown =
          before.stoppedUs !== null && lastIn(around.bootsUs(), before.stoppedUs, fromUs) !== null;
        if (before.stoppedUs !== null && !shutDown) end(before.stoppedUs);
        else if (restartedUs !== null) end(restartedUs);
      }
      if (open === null) {
        const beganBefore =
          !seenAny && around.unwellBefore() && restarted(around, window.fromUs, fromUs) === null;
        open = opened(beganBefore ? window.fromUs : fromUs, beganBefore);
      }
      // What was watched once is no matter of looks any more, and nobody walks through it again.
      goOn(open, status, { fromUs, toUs, isLook: open.outage.looksOnly && isLook(parts, index) });
    } else if (open !== null && status === "stopped" && around.isStopJob(fromUs)) open.stoppedUs ??= fromUs;
    else end((open as Open | null)?.stoppedUs ?? fromUs);
    seenAny = true;
  }
  end((open as Open | null)?.stoppedUs ?? null);
  return outages;
}

interface Open {
  readonly outage: {
    fromUs: number;
    beganBefore: boolean;
    kinds: AgentStatus[];
    downUs: number;
    looksOnly: boolean;
  };
  /** Until when it was last seen unwell. */
  seenUs: number;
  /** When systemd stopped it: until a boot says that this was the shutdown, somebody wanted it down. */
  stoppedUs: number | null;
}

function opened(fromUs: number, beganBefore: boolean): Open {
  return {
    outage: { fromUs, beganBefore, kinds: [], downUs: 0, looksOnly: true },
    seenUs: fromUs,
    stoppedUs: null,
  };
}

function goOn(
  open: Open,
  status: AgentStatus,
  { fromUs, toUs, isLook }: { readonly fromUs: number; readonly toUs: number; readonly isLook: boolean },
): void {
  const { outage } = open;
  outage.looksOnly &&= isLook;
  if (!outage.kinds.includes(status)) outage.kinds.push(status);
  outage.downUs += toUs - fromUs;
  open.seenUs = toUs;
  open.stoppedUs = null;
}

/** A look sees an instant: what it found was neither seen to begin nor to end. */
function isLook(parts: readonly Part[], index: number): boolean {
  const isSeen = (part: Part | undefined) =>
    part !== undefined && bucketOf(part.status, part.reason) !== "unobserved";
  let [first, last] = [index, index];
  while (isUnhealthy(parts[first - 1])) first -= 1;
  while (isUnhealthy(parts[last + 1])) last += 1;
  const lengthUs = (parts[last] as Part).toUs - (parts[first] as Part).fromUs;
  return isGlimpse(lengthUs) && !isSeen(parts[first - 1]) && !isSeen(parts[last + 1]);
}

function isUnhealthy(part: Part | undefined): boolean {
  return part !== undefined && bucketOf(part.status, part.reason) === "unhealthy";
}

/** When a new life came in time that nobody watched; null: none did. One that began the instant it was last seen unwell came after that. */
function restarted({ startsUs }: Surroundings, seenUntilUs: number, untilUs: number): number | null {
  return seenUntilUs < untilUs ? lastIn(startsUs(), seenUntilUs - 1, untilUs) : null;
}

function lastIn(momentsUs: readonly number[], afterUs: number, untilUs: number): number | null {
  return momentsUs.findLast((us) => us > afterUs && us <= untilUs) ?? null;
}

/** The surroundings of an agent's window, from the past itself. */
export function surroundingsOf(
  past: Pick<Past, "intervals" | "boots" | "occurrences">,
  agent: string,
  window: Window,
): Surroundings {
  const { intervals } = past;
  const boots = once(() => [...past.boots(window)].map(({ atUs }) => atUs));
  const starts = once(() => [...past.occurrences(agent, "started", window)].map(({ fromUs }) => fromUs));
  return {
    unwellBefore: () => unwellBefore(intervals, agent, window.fromUs),
    isStopJob: (atUs) => [...intervals(agent, { fromUs: atUs, toUs: atUs + 1 })].at(-1)?.reason === STOP_JOB,
    bootsUs: boots,
    startsUs: starts,
  };
}

/** Of one that has never run nothing was seen. */
function unwellBefore(intervals: Past["intervals"], agent: string, atUs: number): boolean {
  const last = lastSeen(
    intervals,
    agent,
    atUs,
    ({ status, reason }) => bucketOf(status, reason) !== "unobserved",
  );
  return last !== null && bucketOf(last.status, last.reason) === "unhealthy";
}

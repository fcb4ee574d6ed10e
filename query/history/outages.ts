import type { AgentStatus } from "../row.ts";
import { STOP_JOB } from "../verdict.ts";
import { bucketOf } from "./buckets.ts";
import { isGlimpse } from "./glimpse.ts";
import { lastSeen } from "./last-seen.ts";
import { once } from "./once.ts";
import type { Past } from "./past.ts";
import { type Starts, startsOf } from "./starts.ts";
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
  /** That is no time: each stretch of it is one look, before and after which nobody watched, or one moment that a source told of. */
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
  /** First moments of the agent's lives. */
  readonly starts: Starts;
}

/**
 * An outage lasts until the agent is seen well, or wanted down. Time that nobody watched does not end it (nobody saw it recover) and does
 * not lengthen it (nobody saw it down): found the same again it is the same outage, unless a new life has come and gone in between. Nor does
 * the shutdown of the machine end it, which stops every unit: a stop job that a boot makes void wanted nothing.
 * Each is told as soon as it is over: of a window of any length no more is held than the one that is under way.
 */
export function* outagesOf(parts: Iterable<Part>, window: Window, around: Surroundings): Generator<Outage> {
  let open: Open | null = null;
  let seenAny = false;
  /** Whether the part before this one was seen. */
  let isSeen = false;
  for (const { fromUs, toUs, status, reason } of parts) {
    const bucket = bucketOf(status, reason);
    const isAfterSeen = isSeen;
    isSeen = bucket !== "unobserved";
    if (bucket !== "unhealthy" && open !== null) endRun(open, isSeen);
    if (bucket === "unobserved") continue;
    if (bucket === "unhealthy" && status !== null) {
      if (open !== null) {
        const overUs: number | null = goneBefore(open, fromUs, around);
        if (overUs !== null) {
          yield { ...open.outage, toUs: overUs };
          open = null;
        }
      }
      if (open === null) {
        const beganBefore =
          !seenAny && around.unwellBefore() && restarted(around, window.fromUs, fromUs) === null;
        open = opened(beganBefore ? window.fromUs : fromUs, beganBefore);
      }
      goOn(open, status, { fromUs, toUs }, isAfterSeen);
    } else if (open !== null && status === "stopped" && around.isStopJob(fromUs)) open.stoppedUs ??= fromUs;
    else if (open !== null) {
      yield { ...open.outage, toUs: open.stoppedUs ?? fromUs };
      open = null;
    }
    seenAny = true;
  }
  if (open === null) return;
  endRun(open, false);
  yield { ...open.outage, toUs: open.stoppedUs };
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
  /** What it was unwell without a break, as far as is told yet; null: it is not now. */
  run: { readonly fromUs: number; readonly isAfterSeen: boolean } | null;
}

function opened(fromUs: number, beganBefore: boolean): Open {
  return {
    outage: { fromUs, beganBefore, kinds: [], downUs: 0, looksOnly: true },
    seenUs: fromUs,
    stoppedUs: null,
    run: null,
  };
}

function goOn(open: Open, status: AgentStatus, { fromUs, toUs }: Window, isAfterSeen: boolean): void {
  const { outage } = open;
  open.run ??= { fromUs, isAfterSeen };
  if (!outage.kinds.includes(status)) outage.kinds.push(status);
  outage.downUs += toUs - fromUs;
  open.seenUs = toUs;
  open.stoppedUs = null;
}

/** A look sees an instant: what it found was neither seen to begin nor to end. */
function endRun(open: Open, isBeforeSeen: boolean): void {
  if (open.run === null) return;
  const { fromUs, isAfterSeen } = open.run;
  open.outage.looksOnly &&= isGlimpse(open.seenUs - fromUs) && !isAfterSeen && !isBeforeSeen;
  open.run = null;
}

/** When an outage was over of which nothing was heard until it was found unwell once more; null: that is the same one. */
function goneBefore({ seenUs, stoppedUs }: Open, foundUs: number, around: Surroundings): number | null {
  if (stoppedUs !== null && lastIn(around.bootsUs(), stoppedUs, foundUs) === null) return stoppedUs;
  return restarted(around, seenUs, foundUs);
}

/** When a new life came in time that nobody watched; null: none did. One that began the instant it was last seen unwell came after that. */
function restarted({ starts }: Surroundings, seenUntilUs: number, untilUs: number): number | null {
  return seenUntilUs < untilUs ? starts.lastIn(seenUntilUs - 1, untilUs) : null;
}

function lastIn(momentsUs: readonly number[], afterUs: number, untilUs: number): number | null {
  return momentsUs.findLast((us) => us > afterUs && us <= untilUs) ?? null;
}

/** The surroundings of an agent's window, from the past itself. */
export function surroundingsOf(
  past: Pick<Past, "intervals" | "boots" | "occurrences" | "parts">,
  agent: string,
  window: Window,
): Surroundings {
  const { intervals } = past;
  const boots = once(() => [...past.boots(window)].map(({ atUs }) => atUs));
  return {
    unwellBefore: () => unwellBefore(intervals, agent, window.fromUs),
    isStopJob: (atUs) => [...intervals(agent, { fromUs: atUs, toUs: atUs + 1 })].at(-1)?.reason === STOP_JOB,
    bootsUs: boots,
    starts: startsOf(past, agent),
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

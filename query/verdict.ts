import { UNJUDGED_BECAUSE } from "./beat.ts";
import {
  awayWords,
  badEnd,
  deathReason,
  endedAtUs,
  missedSinceUs,
  NEVER_RAN,
  wentAtUs,
  whileMissed,
  wishedEndUs,
} from "./death.ts";
import { outSinceUs, withinSinceUs } from "./planes/reach.ts";
import type { AgentStatus, Plane } from "./row.ts";
import { shownSinceUs } from "./shown-since.ts";
import type { Evidence } from "./weighed.ts";

type Answer = "yes" | "no" | "unknown";

export interface Rung {
  readonly status: AgentStatus;
  readonly holds: Answer;
  readonly because: string;
}

export interface Verdict {
  readonly status: AgentStatus;
  readonly reason: string | null;
  readonly sinceUs: number | null;
  /** Planes whose evidence was asked for and is unknown. */
  readonly unknown: readonly Plane[];
  /** The ladder from the top down to the rung that holds. */
  readonly rungs: readonly Rung[];
}

interface Step extends Rung {
  readonly reason?: string | null;
  readonly sinceUs?: number | null;
  /** The planes that would have to be known. */
  readonly needs?: readonly Plane[];
}

/** The one verdict of every surface: the first rung that holds on positive evidence; a rung whose evidence is unknown is skipped and named. */
export function judge(evidence: Evidence): Verdict {
  const ladder = evidence.beatExpected ? AGENT_LADDER : PRESENCE_LADDER;
  const rungs: Rung[] = [];
  const unknown: Plane[] = [];
  // By index: until V8 has optimized it, a for-of makes an object for each step, here some 450 for a table of 50 rows.
  for (let at = 0; at < ladder.length; at += 1) {
    const step = ladder[at]?.(evidence) ?? null;
    if (step === null) continue;
    rungs.push(step);
    if (step.holds === "unknown")
      for (const plane of step.needs ?? []) if (!unknown.includes(plane)) unknown.push(plane);
    if (step.holds !== "yes") continue;
    return {
      status: step.status,
      reason: step.reason ?? null,
      sinceUs: shownSinceUs(step, evidence),
      unknown,
      rungs,
    };
  }
  const because = "nothing that could tell is watching";
  rungs.push({ status: "unobserved", holds: "yes", because });
  return { status: "unobserved", reason: "no evidence", sinceUs: null, unknown, rungs };
}

/** From the top down; a rung that has nothing to say of such a row is null. Each is asked only where none above it holds. */
const AGENT_LADDER: readonly ((evidence: Evidence) => Step | null)[] = [
  stopped,
  finished,
  failed,
  absent,
  dead,
  stale,
  silent,
  starting,
  attention,
  beating,
];

/** Of what is not expected to beat (the holder, sessions that no roster names). */
const PRESENCE_LADDER: readonly ((evidence: Evidence) => Step | null)[] = [stopped, done, gone, running];

/** One that ended well did not leave a row to worry about. */
function done(evidence: Evidence): Step | null {
  const step = finished(evidence);
  return step.holds === "yes" ? { ...step, status: "stopped", reason: "finished" } : null;
}

function gone(evidence: Evidence): Step {
  const { pane } = evidence;
  const status = "dead";
  if (!pane.known) return { status, holds: "unknown", because: PANE_UNKNOWN, needs: ["pane"] };
  if (pane.state === "alive") return { status, holds: "no", because: "its pane is alive" };
  const reason = evidence.everRan ? deathReason(evidence) : NEVER_RAN;
  return {
    status,
    holds: "yes",
    because: `its pane is ${pane.state}`,
    reason,
    // What ended before it was declared is not what it is missed for.
    sinceUs: evidence.everRan ? missedSinceUs(evidence) : null,
  };
}

function running({ pane }: Evidence): Step | null {
  if (!pane.known || pane.state !== "alive") return null;
  const because = "its pane is alive; no heartbeat is expected of it";
  return {
    status: "running",
    holds: "yes",
    because,
    sinceUs: pane.namedAtUs ?? pane.startedAtUs ?? pane.atUs,
  };
}

/** The reason of one that systemd was told to stop, by nobody's verb. */
export const STOP_JOB = "stop job";

const PANE_UNKNOWN = "whether its pane lives is not known";

function stopped(evidence: Evidence): Step {
  const { pane, stop, unit } = evidence;
  const status = "stopped";
  if (stop === null && !unit.known && !(pane.known && pane.state === "alive")) {
    const because = "whether anybody asked for it to stop is not known: systemd does not tell";
    return { status, holds: "unknown", because, needs: ["systemd"] };
  }
  if (stop === null)
    return { status, holds: "no", because: "nobody asked for it to stop in this incarnation" };
  if (!pane.known) return { status, holds: "unknown", because: PANE_UNKNOWN, needs: ["pane"] };
  const reason = stop.by === "systemd" ? STOP_JOB : `stopped by ${stop.by}`;
  const asker = stop.by === "systemd" ? "a stop job of systemd" : stop.by;
  if (pane.state === "alive") {
    const endedUs = wishedEndUs(evidence, stop);
    if (endedUs === null)
      return { status, holds: "no", because: "a stop was asked for, but its pane is alive" };
    const because = `${asker} asked for the stop, and the process that beat has ended since`;
    return { status, holds: "yes", because, reason, sinceUs: endedUs };
  }
  const away = awayWords(pane);
  if (away !== null)
    return { status, holds: "no", because: `a stop was asked for, but it may run on: ${away}` };
  return {
    status,
    holds: "yes",
    because: `${asker} asked for the stop and nothing runs`,
    reason,
    // Until its process had ended it was not stopped yet.
    sinceUs: Math.max(stop.firstAtUs ?? stop.atUs, endedAtUs(pane) ?? stop.atUs),
  };
}

function finished({ pane, lifecycle }: Evidence): Step {
  const status = "finished";
  if (lifecycle !== "ephemeral")
    return { status, holds: "no", because: "it is not ephemeral: it should always run" };
  if (!pane.known) return { status, holds: "unknown", because: PANE_UNKNOWN, needs: ["pane"] };
  if (pane.diedAtUs === null || pane.status !== 0) {
    return { status, holds: "no", because: `no end with status 0 was seen (its pane is ${pane.state})` };
  }
  return { status, holds: "yes", because: "it ended with status 0", sinceUs: pane.diedAtUs };
}

function failed(evidence: Evidence): Step {
  const { pane, unit } = evidence;
  const status = "failed";
  if (!pane.known) return { status, holds: "unknown", because: PANE_UNKNOWN, needs: ["pane"] };
  const reason = badEnd(pane);
  // Where the whole server went afterwards, all of its rows are dead at once, each of what it died of itself.
  if (reason !== null && !pane.serverGone) {
    const because = `its pane died with ${reason}`;
    return { status, holds: "yes", because, reason, sinceUs: whileMissed(evidence, endedAtUs(pane)) };
  }
  if (pane.state === "alive") return { status, holds: "no", because: "its pane is alive" };
  const away = awayWords(pane);
  if (away !== null) return { status, holds: "no", because: `its pane was not seen to die: ${away}` };
  if (!unit.known) {
    const because = `its pane is ${pane.state}; whether its unit failed is not known`;
    return { status, holds: "unknown", because, needs: ["systemd"] };
  }
  if (unit.active === "failed") {
    const reason = `unit ${unit.result ?? "failed"}`;
    return {
      status,
      holds: "yes",
      because: "its unit failed and nothing of it lives",
      reason,
      sinceUs: whileMissed(evidence, Math.max(unit.atUs, endedAtUs(pane) ?? unit.atUs)),
    };
  }
  const end = reason === null ? "no bad exit status and no signal" : `${reason}, but its whole server went`;
  return { status, holds: "no", because: `${end}; its unit is ${unit.active}` };
}

function absent({ pane, everRan }: Evidence): Step {
  const status = "absent";
  if (everRan) return { status, holds: "no", because: "it has been seen to run since it was declared" };
  if (!pane.known) return { status, holds: "unknown", because: PANE_UNKNOWN, needs: ["pane"] };
  if (pane.state === "alive") return { status, holds: "no", because: "its pane is alive" };
  return {
    status,
    holds: "yes",
    because: "it was never seen to run since it was declared",
    reason: NEVER_RAN,
  };
}

function dead(evidence: Evidence): Step {
  const { pane } = evidence;
  const status = "dead";
  if (!pane.known) return { status, holds: "unknown", because: PANE_UNKNOWN, needs: ["pane"] };
  if (pane.state === "alive") return { status, holds: "no", because: "its pane is alive" };
  const away = awayWords(pane);
  const because = `it should run and its pane is ${pane.state}${away === null ? "" : ` (${away})`}`;
  // Until its server went, a bad end made it `failed`.
  const hadFailed = pane.serverGone && badEnd(pane) !== null;
  const sinceUs = hadFailed ? whileMissed(evidence, wentAtUs(pane)) : missedSinceUs(evidence);
  return { status, holds: "yes", because, reason: deathReason(evidence), sinceUs };
}

function stale(evidence: Evidence): Step {
  const { pane, beat, intervalSeconds } = evidence;
  const status = "stale";
  if (!pane.known) return { status, holds: "unknown", because: PANE_UNKNOWN, needs: ["pane"] };
  // A file that was removed holds no newer beat than the last one that was read.
  const removed =
    beat.reason === "no-file" && beat.freshUntilUs !== null && evidence.nowUs > beat.freshUntilUs;
  if ((beat.health === "stale" || removed) && beat.counts) {
    const gone = beat.reason === "pid-gone";
    const because = gone
      ? "its pane is alive, but the process that beat is gone"
      : `its pane is alive, but its last beat is older than 3 x ${intervalSeconds} s`;
    const sinceUs = gone
      ? Math.min(beat.writerExitedAtUs ?? Infinity, beat.staleSinceUs ?? Infinity)
      : beat.staleSinceUs;
    return { status, holds: "yes", because, reason: gone ? "pid-gone" : "no beat", sinceUs };
  }
  if (beat.health === "unknown" && beat.counts !== false) return unjudgedBeat(status, beat);
  return {
    status,
    holds: "no",
    because: beat.counts ? "its last beat is fresh" : "no beat of this incarnation exists",
  };
}

function silent(evidence: Evidence): Step {
  const { nowUs, pane, beat, intervalSeconds } = evidence;
  const status = "silent";
  if (!pane.known) return { status, holds: "unknown", because: PANE_UNKNOWN, needs: ["pane"] };
  if (beat.counts === null) return unjudgedBeat(status, beat);
  if (beat.counts) return { status, holds: "no", because: "a beat of this incarnation exists" };
  const bornAtUs = pane.startedAtUs ?? pane.atUs;
  if (bornAtUs === null)
    return { status, holds: "unknown", because: "when it started is not known", needs: ["pane"] };
  const dueUs = bornAtUs + 3 * intervalSeconds * 1e6;
  if (nowUs <= dueUs) return { status, holds: "no", because: `it is younger than 3 x ${intervalSeconds} s` };
  const because = `its pane is alive, and it has not beaten once in 3 x ${intervalSeconds} s`;
  return { status, holds: "yes", because, reason: "never beat", sinceUs: outSinceUs(bornAtUs, evidence) };
}

function starting(evidence: Evidence): Step {
  const { pane, beat, intervalSeconds } = evidence;
  const status = "starting";
  if (!pane.known) return { status, holds: "unknown", because: PANE_UNKNOWN, needs: ["pane"] };
  if (beat.counts === null) return unjudgedBeat(status, beat);
  if (beat.counts) return { status, holds: "no", because: "it has beaten already" };
  const because = `its pane is alive, no beat yet, and it is younger than 3 x ${intervalSeconds} s`;
  const bornAtUs = pane.startedAtUs ?? pane.atUs;
  const sinceUs = bornAtUs === null ? null : withinSinceUs(bornAtUs, bornAtUs, evidence);
  return { status, holds: "yes", because, sinceUs };
}

/** A beat that says itself that what the agent does is not known: it lives, and may be waiting for somebody. */
function attention({ beat }: Evidence): Step | null {
  if (beat.health !== "healthy" || beat.status !== "unknown") return null;
  const because = "its heartbeat is fresh, and says that its sources do not agree on what it does";
  return { status: "waiting", holds: "unknown", because, needs: ["heartbeat"] };
}

function beating({ beat }: Evidence): Step {
  const status = beat.status === "waiting" ? "waiting" : beat.status === "busy" ? "busy" : "healthy";
  if (beat.health !== "healthy") {
    return { ...unjudgedBeat(status, beat), holds: beat.health === "unknown" ? "unknown" : "no" };
  }
  const because = `a heartbeat was answered within 3 x interval, with status ${beat.status}`;
  const reason = beat.status === "unknown" ? "activity unknown" : null;
  return { status, holds: "yes", because, reason, sinceUs: beat.statusSinceUs };
}

function unjudgedBeat(status: AgentStatus, beat: Evidence["beat"]): Step {
  const because = (beat.reason && UNJUDGED_BECAUSE[beat.reason]) ?? "its heartbeat does not tell";
  return { status, holds: "unknown", because, needs: ["heartbeat"] };
}

import type { AgentPane, HeartbeatDocument } from "./planes/documents.ts";
import { startTakesUs } from "./planes/purpose.ts";
import type { Evidence } from "./weighed.ts";

/** The reason of one that was never seen to run since it was declared. */
export const NEVER_RAN = "never-ran";

/** The reason of one that went with its server. */
export const SERVER_GONE = "tmux server gone";

type Pane = Extract<Evidence["pane"], { known: true }>;

/** Since when nothing runs: from its process's own end on, where that was told. */
export function endedAtUs(pane: Pane): number | null {
  return pane.unseenEnd?.diedAtUs ?? pane.diedAtUs ?? wentAtUs(pane);
}

/** Since when its pane is as it is; where it is gone, since it went, and not since a look found that. */
export function wentAtUs({ unseenEnd, atUs }: Pane): number | null {
  return unseenEnd?.wentAtUs ?? atUs;
}

/**
 * By when a life had begun of which nobody saw more than its beats, where such a one has come after the pane that is known; else null. How that pane
 * ended is not how this one did.
 */
export function bornUnseenUs(
  pane: Evidence["pane"],
  own: AgentPane | undefined,
  heartbeat: HeartbeatDocument | undefined,
): number | null {
  if (!pane.known || pane.state === "alive" || heartbeat === undefined) return null;
  const hasStatus = own !== undefined && (own.status !== null || own.signal !== null);
  const endedUs = hasStatus ? endedAtUs(pane) : wentAtUs(pane);
  return endedUs !== null && heartbeat.writerSinceUs > endedUs ? heartbeat.writerSinceUs : null;
}

/** Since when nothing of it is there that should be. */
export function missedSinceUs(evidence: Evidence): number | null {
  const { pane } = evidence;
  return pane.known ? whileMissed(evidence, pane.diedAtUs ?? wentAtUs(pane)) : null;
}

/** While it was wanted down it was not missed; nor while nothing but a fresh beat told of it. */
export function whileMissed(
  { stoppedUntilUs, vouchedUntilUs }: Evidence,
  sinceUs: number | null,
): number | null {
  return sinceUs === null ? null : Math.max(sinceUs, stoppedUntilUs ?? 0, vouchedUntilUs ?? 0);
}

/** How a pane died, where it died badly and tmux told how. */
export function badEnd(pane: Evidence["pane"]): string | null {
  if (!pane.known || pane.diedAtUs === null) return null;
  if (pane.signal !== null) return `signal ${pane.signal}`;
  return (pane.status ?? 0) === 0 ? null : `exit ${pane.status}`;
}

/** Why one that should run does not: its own end, before whatever took its pane away. */
export function deathReason({ pane, unit }: Evidence): string {
  // Of one that is expected to beat this is `failed`, further up; of the others it is all that tells a crash from an end.
  const bad = badEnd(pane);
  if (bad !== null) return bad;
  // Whatever took a pane away whose process had ended before was not its death.
  const died = pane.known && pane.diedAtUs !== null;
  if (pane.known && pane.serverGone && !died) return SERVER_GONE;
  const away = pane.known ? awayWords(pane) : null;
  if (away !== null) return away;
  if (unit.known && unit.active === "inactive") return "ended";
  if (pane.known && pane.replaced) return "replaced";
  if (died) return pane.status === 0 ? "exit 0" : "exit status lost";
  return "pane missing";
}

/** Nothing runs under its name; what did runs on under another. */
export function awayWords({ away, diedAtUs }: Pane): string | null {
  if (away === null || diedAtUs !== null) return null;
  return away.how === "renamed" ? `session renamed to ${away.to}` : `pane moved to session ${away.to}`;
}

/**
 * When the process that beat had ended after a stop of its life was asked for, where its pane has not been seen to go yet. A stop has the time
 * of a start for the rest: a pane that is there for longer has not stopped.
 */
export function wishedEndUs(
  { nowUs, intervalSeconds, beat }: Evidence,
  stop: NonNullable<Evidence["stop"]>,
): number | null {
  const { reason, writerExitedAtUs } = beat;
  const takesUs = startTakesUs(intervalSeconds);
  // A unit that is told to have stopped was being stopped while its processes ended.
  const wantedUs = stop.done ? stop.atUs - takesUs : stop.atUs;
  if (reason !== "pid-gone" || writerExitedAtUs === null || writerExitedAtUs < wantedUs) return null;
  return nowUs < writerExitedAtUs + takesUs ? writerExitedAtUs : null;
}

import type { AgentStatus } from "../row.ts";
import type { Interval } from "./intervals.ts";
import type { Window } from "./sweep.ts";

/** What a stretch of time counts as for availability. */
export type Bucket = "healthy" | "unhealthy" | "planned" | "unobserved";

const BUCKET_OF: Readonly<Record<AgentStatus, Bucket>> = {
  healthy: "healthy",
  busy: "healthy",
  waiting: "healthy",
  starting: "healthy",
  // Of a row that nobody expects to beat, life is all that was promised.
  running: "healthy",
  failed: "unhealthy",
  dead: "unhealthy",
  stale: "unhealthy",
  silent: "unhealthy",
  stopped: "planned",
  finished: "planned",
  unobserved: "unobserved",
  // Until its first run nothing of it could be observed.
  absent: "unobserved",
};

/** Null, off the roster, is planned: before its declaration and after its removal nobody wanted it to run. */
export function bucketOf(status: AgentStatus | null): Bucket {
  return status === null ? "planned" : BUCKET_OF[status];
}

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
}

/** All times in microseconds. The four buckets add up to the window exactly. */
export interface Uptime {
  readonly windowUs: number;
  readonly healthyUs: number;
  readonly unhealthyUs: number;
  readonly plannedUs: number;
  readonly unobservedUs: number;
  /** Within healthy: it waited for a human. */
  readonly waitingUs: number;
  readonly unhealthyByKindUs: Readonly<Partial<Record<AgentStatus, number>>>;
  /** healthy / (healthy + unhealthy): over observed time in which it should have run. Null when there is none. */
  readonly availability: number | null;
  readonly observedShare: number;
  readonly outages: readonly Outage[];
  /** Healthy time for each outage that began in the window; null when none did. */
  readonly mtbfUs: number | null;
  /** Mean of what was seen of those outages that ended in the window; null when none did. */
  readonly mttrUs: number | null;
  readonly longestUs: number | null;
}

/** `intervals` tile at least the window, whose ends are finite whole microseconds. */
export function uptimeOf(intervals: readonly Interval[], window: Window): Uptime {
  const parts = clip(intervals, window);
  const total = { healthy: 0, unhealthy: 0, planned: 0, unobserved: 0 };
  const kinds: Partial<Record<AgentStatus, number>> = {};
  let waitingUs = 0;
  for (const { fromUs, toUs, status } of parts) {
    const lengthUs = toUs - fromUs;
    const bucket = bucketOf(status);
    total[bucket] += lengthUs;
    if (status === "waiting") waitingUs += lengthUs;
    if (bucket === "unhealthy" && status) kinds[status] = (kinds[status] ?? 0) + lengthUs;
  }
  const before = intervals.find(
    ({ fromUs, toUs }) => fromUs < window.fromUs && (toUs ?? Infinity) >= window.fromUs,
  );
  const outages = outagesOf(parts, before !== undefined && bucketOf(before.status) === "unhealthy");
  const began = outages.filter(({ beganBefore }) => !beganBefore).length;
  const ended = outages.filter(({ toUs }) => toUs !== null);
  const windowUs = window.toUs - window.fromUs;
  const judgedUs = total.healthy + total.unhealthy;
  return {
    windowUs,
    healthyUs: total.healthy,
    unhealthyUs: total.unhealthy,
    plannedUs: total.planned,
    unobservedUs: total.unobserved,
    waitingUs,
    unhealthyByKindUs: kinds,
    availability: judgedUs > 0 ? total.healthy / judgedUs : null,
    observedShare: windowUs > 0 ? (windowUs - total.unobserved) / windowUs : 0,
    outages,
    mtbfUs: began > 0 ? total.healthy / began : null,
    mttrUs: ended.length > 0 ? sum(ended.map(({ downUs }) => downUs)) / ended.length : null,
    longestUs: outages.length > 0 ? Math.max(...outages.map(({ downUs }) => downUs)) : null,
  };
}

interface Part {
  readonly fromUs: number;
  readonly toUs: number;
  readonly status: AgentStatus | null;
}

function clip(intervals: readonly Interval[], window: Window): Part[] {
  return intervals.flatMap(({ fromUs, toUs, status }) => {
    const part = {
      fromUs: Math.max(fromUs, window.fromUs),
      toUs: Math.min(toUs ?? Infinity, window.toUs),
      status,
    };
    return part.fromUs < part.toUs ? [part] : [];
  });
}

/**
 * A host that goes down stops each unit by a stop job, which reads as a stop on purpose until the host is gone. systemd gives a unit this
 * long to stop (DefaultTimeoutStopSec).
 */
const SHUTDOWN_US = 90_000_000;

/**
 * An outage lasts until the agent is seen well, or wanted down. Time that nobody watched does not end it (nobody saw it
 * recover) and does not lengthen it (nobody saw it down). Nor does a shutdown: what had failed before it, was stopped by it
 * and is dead after it has not been well in between.
 */
function outagesOf(parts: readonly Part[], unhealthyBefore: boolean): Outage[] {
  const outages: Outage[] = [];
  let open: { fromUs: number; beganBefore: boolean; kinds: AgentStatus[]; downUs: number } | null = null;
  for (const [index, { fromUs, toUs, status }] of parts.entries()) {
    const bucket = bucketOf(status);
    if (bucket === "unhealthy" && status !== null) {
      open ??= { fromUs, beganBefore: unhealthyBefore && fromUs === parts[0]?.fromUs, kinds: [], downUs: 0 };
      if (!open.kinds.includes(status)) open.kinds.push(status);
      open.downUs += toUs - fromUs;
    } else if (open !== null && bucket !== "unobserved" && !isShutdown(parts, index)) {
      outages.push({ ...open, toUs: fromUs });
      open = null;
    }
  }
  if (open !== null) outages.push({ ...open, toUs: null });
  return outages;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** A short stop after which, before anything else was seen of it, it is dead: only a new boot forgets a stop. */
function isShutdown(parts: readonly Part[], index: number): boolean {
  const { fromUs, toUs, status } = parts[index] as Part;
  if (status !== "stopped" || toUs - fromUs > SHUTDOWN_US) return false;
  const next = parts.slice(index + 1).find((part) => part.status !== "unobserved");
  return next?.status === "dead";
}

import type { AgentStatus } from "../row.ts";
import { bucketOf } from "./buckets.ts";
import type { Interval } from "./intervals.ts";
import type { Outage, Part, Surroundings } from "./outages.ts";
import { outagesOf } from "./outages.ts";
import type { Window } from "./sweep.ts";

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
  /** Healthy time for each outage that began in the window; null when fewer than two did: there is nothing between one. */
  readonly mtbfUs: number | null;
  /** Mean of what was seen of those outages that ended in the window; null when none did. */
  readonly mttrUs: number | null;
  readonly longestUs: number | null;
}

/** `intervals` tile at least the window, whose ends are finite whole microseconds. */
export function uptimeOf(intervals: readonly Interval[], window: Window, around: Surroundings): Uptime {
  const parts = clip(intervals, window);
  const total = { healthy: 0, unhealthy: 0, planned: 0, unobserved: 0 };
  const kinds: Partial<Record<AgentStatus, number>> = {};
  let waitingUs = 0;
  for (const { fromUs, toUs, status, reason } of parts) {
    const lengthUs = toUs - fromUs;
    const bucket = bucketOf(status, reason);
    total[bucket] += lengthUs;
    if (status === "waiting") waitingUs += lengthUs;
    if (bucket === "unhealthy" && status) kinds[status] = (kinds[status] ?? 0) + lengthUs;
  }
  const outages = outagesOf(parts, window, around);
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
    ...meansOf(outages, total.healthy),
  };
}

/** Means over the outages of one agent or of several. */
export function meansOf(
  outages: readonly Outage[],
  healthyUs: number,
): Pick<Uptime, "mtbfUs" | "mttrUs" | "longestUs"> {
  const began = outages.filter(({ beganBefore }) => !beganBefore).length;
  const ended = outages.filter(({ toUs }) => toUs !== null);
  return {
    mtbfUs: began > 1 ? Math.round(healthyUs / began) : null,
    mttrUs: ended.length > 0 ? Math.round(sum(ended.map(({ downUs }) => downUs)) / ended.length) : null,
    longestUs:
      outages.length > 0 ? outages.reduce((longest, { downUs }) => Math.max(longest, downUs), 0) : null,
  };
}

function clip(intervals: readonly Interval[], window: Window): Part[] {
  return intervals.flatMap(({ fromUs, toUs, status, reason }) => {
    const part = {
      fromUs: Math.max(fromUs, window.fromUs),
      toUs: Math.min(toUs ?? Infinity, window.toUs),
      ...{ status, reason },
    };
    return part.fromUs < part.toUs ? [part] : [];
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

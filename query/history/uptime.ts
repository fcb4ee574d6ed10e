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
  readonly outages: Outages;
  /** Healthy time for each outage that began in the window; null when fewer than two did: there is nothing between one. */
  readonly mtbfUs: number | null;
  /** Mean of what was seen of those outages that ended in the window; null when none did. */
  readonly mttrUs: number | null;
  readonly longestUs: number | null;
}

/** Outages added up: of one agent or of several, and never one by one. */
export interface Outages {
  readonly count: number;
  /** Those that began in the window. */
  readonly began: number;
  /** Those that ended in it, and what was seen of them. */
  readonly ended: number;
  readonly endedDownUs: number;
  readonly longestUs: number;
  /** All of them: see `Outage.looksOnly`. */
  readonly looksOnly: boolean;
}

export const NO_OUTAGES: Outages = {
  ...{ count: 0, began: 0, ended: 0 },
  ...{ endedDownUs: 0, longestUs: 0, looksOnly: true },
};

export function together(one: Outages, other: Outages): Outages {
  return {
    count: one.count + other.count,
    began: one.began + other.began,
    ended: one.ended + other.ended,
    endedDownUs: one.endedDownUs + other.endedDownUs,
    longestUs: Math.max(one.longestUs, other.longestUs),
    looksOnly: one.looksOnly && other.looksOnly,
  };
}

/** `intervals` tile at least the window, whose ends are finite whole microseconds. They are asked for once and not kept. */
export function uptimeOf(intervals: Iterable<Interval>, window: Window, around: Surroundings): Uptime {
  const total = { healthy: 0, unhealthy: 0, planned: 0, unobserved: 0 };
  const kinds: Partial<Record<AgentStatus, number>> = {};
  let waitingUs = 0;
  function* counted(): Generator<Part> {
    for (const part of clipped(intervals, window)) {
      const { fromUs, toUs, status, reason } = part;
      const lengthUs = toUs - fromUs;
      const bucket = bucketOf(status, reason);
      total[bucket] += lengthUs;
      if (status === "waiting") waitingUs += lengthUs;
      if (bucket === "unhealthy" && status) kinds[status] = (kinds[status] ?? 0) + lengthUs;
      yield part;
    }
  }
  let outages = NO_OUTAGES;
  for (const outage of outagesOf(counted(), window, around)) outages = together(outages, asOne(outage));
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
  { count, began, ended, endedDownUs, longestUs }: Outages,
  healthyUs: number,
): Pick<Uptime, "mtbfUs" | "mttrUs" | "longestUs"> {
  return {
    mtbfUs: began > 1 ? Math.round(healthyUs / began) : null,
    mttrUs: ended > 0 ? Math.round(endedDownUs / ended) : null,
    longestUs: count > 0 ? longestUs : null,
  };
}

/** The verdicts of a window, clipped to it. */
export function* clipped(intervals: Iterable<Interval>, window: Window): Generator<Part> {
  for (const interval of intervals) {
    const { status, reason } = interval;
    const fromUs = Math.max(interval.fromUs, window.fromUs);
    const toUs = Math.min(interval.toUs ?? Infinity, window.toUs);
    if (fromUs < toUs) yield { fromUs, toUs, status, reason };
  }
}

function asOne({ beganBefore, toUs, downUs, looksOnly }: Outage): Outages {
  const ended = toUs !== null;
  return {
    count: 1,
    began: beganBefore ? 0 : 1,
    ended: ended ? 1 : 0,
    endedDownUs: ended ? downUs : 0,
    longestUs: downUs,
    looksOnly,
  };
}

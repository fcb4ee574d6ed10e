import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { historyOf } from "../../../query/history/history.ts";
import type { Interval } from "../../../query/history/intervals.ts";
import { statusIntervals } from "../../../query/history/sweep.ts";
import { bucketOf, uptimeOf } from "../../../query/history/uptime.ts";
import type { AgentStatus } from "../../../query/row.ts";
import { createReference } from "./reference.ts";
import { AGENTS, anyStoryWithSteps, BEGIN_US, play } from "./world.ts";

const MINUTE = 60_000_000;

/** Intervals of whole minutes, one after the other; null is time off the roster. */
function minutes(...parts: [AgentStatus | null, number][]): Interval[] {
  let fromUs = 0;
  return parts.map(([status, length]) => {
    const interval = { fromUs, toUs: fromUs + length * MINUTE, status, reason: null, why: [], rules: 1 };
    fromUs = interval.toUs;
    return interval;
  });
}
const over = (intervals: Interval[], from = 0, to = (intervals.at(-1)?.toUs ?? 0) / MINUTE) =>
  uptimeOf(intervals, { fromUs: from * MINUTE, toUs: to * MINUTE });

describe("uptime", () => {
  test("the four buckets add up to the window to the microsecond, and each is what the reference judge says", () => {
    const window = fc.tuple(fc.integer({ min: -20_000, max: 90_000 }), fc.integer({ min: 1, max: 120_000 }));
    fc.assert(
      fc.property(anyStoryWithSteps, window, (story, [from, length]) => {
        const { events, lapsedAtUs } = play(story);
        const history = historyOf({ events, lapsedAtUs });
        const reference = createReference(events, lapsedAtUs);
        const fromUs = BEGIN_US + from;
        const toUs = fromUs + length;
        for (const agent of AGENTS) {
          const intervals = statusIntervals(history, agent, { fromUs, toUs });
          const uptime = uptimeOf(intervals, { fromUs, toUs });
          const { healthyUs, unhealthyUs, plannedUs, unobservedUs } = uptime;
          expect(healthyUs + unhealthyUs + plannedUs + unobservedUs).toBe(length);
          const total = { healthy: 0, unhealthy: 0, planned: 0, unobserved: 0 };
          for (const interval of intervals) {
            const status = reference.at(agent, interval.fromUs)?.status ?? null;
            total[bucketOf(status)] += (interval.toUs ?? toUs) - interval.fromUs;
          }
          expect({
            healthy: healthyUs,
            unhealthy: unhealthyUs,
            planned: plannedUs,
            unobserved: unobservedUs,
          }).toEqual(total);
          const byKind = Object.values(uptime.unhealthyByKindUs).reduce((sum, us) => sum + us, 0);
          expect(byKind).toBe(unhealthyUs);
          expect(uptime.outages.reduce((sum, { downUs }) => sum + downUs, 0)).toBe(unhealthyUs);
        }
      }),
      // The same stories in every run: sweep.test.ts is where new ones are looked for.
      { seed: 11 },
    );
  });

  test("what counts as what", () => {
    const uptime = over(
      minutes(
        [null, 1],
        ["absent", 2],
        ["starting", 3],
        ["healthy", 4],
        ["busy", 5],
        ["waiting", 6],
        ["stale", 7],
        ["dead", 8],
        ["stopped", 9],
        ["finished", 10],
        ["unobserved", 11],
        ["silent", 12],
        ["failed", 13],
      ),
    );
    expect(uptime).toMatchObject({
      windowUs: 91 * MINUTE,
      healthyUs: 18 * MINUTE,
      unhealthyUs: 40 * MINUTE,
      plannedUs: 20 * MINUTE,
      unobservedUs: 13 * MINUTE,
      waitingUs: 6 * MINUTE,
      unhealthyByKindUs: { stale: 7 * MINUTE, dead: 8 * MINUTE, silent: 12 * MINUTE, failed: 13 * MINUTE },
      availability: 18 / 58,
    });
  });

  test("an outage that changes its kind is one; being well, or stopped on purpose, ends it", () => {
    const uptime = over(
      minutes(
        ["healthy", 10],
        ["stale", 2],
        ["dead", 3],
        ["starting", 5],
        ["failed", 1],
        ["stopped", 4],
        ["healthy", 5],
      ),
    );
    expect(uptime.outages).toEqual([
      {
        fromUs: 10 * MINUTE,
        toUs: 15 * MINUTE,
        beganBefore: false,
        kinds: ["stale", "dead"],
        downUs: 5 * MINUTE,
      },
      { fromUs: 20 * MINUTE, toUs: 21 * MINUTE, beganBefore: false, kinds: ["failed"], downUs: 1 * MINUTE },
    ]);
    expect(uptime).toMatchObject({ mtbfUs: 10 * MINUTE, mttrUs: 3 * MINUTE, longestUs: 5 * MINUTE });
  });

  test("time that nobody watched neither ends an outage nor lengthens it", () => {
    const uptime = over(
      minutes(["healthy", 10], ["dead", 2], ["unobserved", 30], ["dead", 3], ["healthy", 1]),
    );
    expect(uptime.outages).toEqual([
      { fromUs: 10 * MINUTE, toUs: 45 * MINUTE, beganBefore: false, kinds: ["dead"], downUs: 5 * MINUTE },
    ]);
    expect(uptime.availability).toBeCloseTo(11 / 16, 12);
    expect(uptime.observedShare).toBeCloseTo(16 / 46, 12);
  });

  test("a shutdown, which stops each unit on its way, does not end an outage that goes on after the boot; an operator's stop does", () => {
    // Seen in the sandbox in one reboot of six: the recorder lived to see the stop jobs of a shutdown, 8 ms before its own.
    const shutDown = over(
      minutes(
        ["healthy", 10],
        ["failed", 2],
        ["stopped", 0.25],
        ["unobserved", 1],
        ["dead", 3],
        ["healthy", 1],
      ),
    );
    expect(shutDown.outages).toEqual([
      {
        fromUs: 10 * MINUTE,
        toUs: 16.25 * MINUTE,
        beganBefore: false,
        kinds: ["failed", "dead"],
        downUs: 5 * MINUTE,
      },
    ]);
    expect(shutDown.plannedUs).toBe(0.25 * MINUTE);
    const stopped = over(minutes(["failed", 2], ["stopped", 120], ["unobserved", 1], ["dead", 3]));
    expect(stopped.outages).toHaveLength(2);
    const begunAnew = over(minutes(["failed", 2], ["stopped", 0.25], ["healthy", 1], ["dead", 3]));
    expect(begunAnew.outages).toHaveLength(2);
  });

  test("an outage that was under way when the window began is no failure of the window, and one that goes on is not repaired", () => {
    const intervals = minutes(["healthy", 10], ["dead", 10], ["healthy", 10], ["stale", 10]);
    const uptime = over(intervals, 15, 35);
    expect(uptime.outages.map(({ beganBefore, toUs }) => [beganBefore, toUs])).toEqual([
      [true, 20 * MINUTE],
      [false, null],
    ]);
    expect(uptime).toMatchObject({ mtbfUs: 10 * MINUTE, mttrUs: 5 * MINUTE });
  });

  test("of a window in which nothing was seen no availability is claimed", () => {
    expect(over(minutes(["unobserved", 10]))).toMatchObject({
      availability: null,
      observedShare: 0,
      mtbfUs: null,
      mttrUs: null,
      longestUs: null,
    });
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bucketOf } from "../../../query/history/buckets.ts";
import { historyOf } from "../../../query/history/history.ts";
import type { Interval } from "../../../query/history/intervals.ts";
import { type Outage, outagesOf, type Surroundings, surroundingsOf } from "../../../query/history/outages.ts";
import type { Past } from "../../../query/history/past.ts";
import { statusIntervals, type Window } from "../../../query/history/sweep.ts";
import { clipped, type Uptime, uptimeOf } from "../../../query/history/uptime.ts";
import type { AgentStatus } from "../../../query/row.ts";
import { createReference } from "./reference.ts";
import { AGENTS, anyStoryWithSteps } from "./stories.ts";
import { BEGIN_US, play } from "./world.ts";

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
/** Nothing but these intervals: no boot, no new life. */
function around(intervals: Interval[], from: number, over: Partial<Surroundings> = {}): Surroundings {
  const none = {
    ...{ intervals: within(intervals), boots: () => [], occurrences: () => [] },
    parts: (window: Window) => [window],
  };
  return { ...surroundingsOf(none, "coder0", { fromUs: from * MINUTE, toUs: Infinity }), ...over };
}
function within(intervals: Interval[]): Past["intervals"] {
  return (_agent, { fromUs, toUs }) =>
    intervals.filter((each) => each.fromUs < toUs && (each.toUs ?? Infinity) > fromUs);
}
const over = (intervals: Interval[], from = 0, to = (intervals.at(-1)?.toUs ?? 0) / MINUTE) =>
  told(intervals, { fromUs: from * MINUTE, toUs: to * MINUTE }, around(intervals, from));
/** The sums, with the outages that they add up. */
function told(
  intervals: Interval[],
  window: Window,
  surroundings: Surroundings,
): Omit<Uptime, "outages"> & { outages: Outage[] } {
  const outages = [...outagesOf(clipped(intervals, window), window, surroundings)];
  const uptime = uptimeOf(intervals, window, surroundings);
  expect(uptime.outages).toMatchObject({
    count: outages.length,
    began: outages.filter(({ beganBefore }) => !beganBefore).length,
    ended: outages.filter(({ toUs }) => toUs !== null).length,
    looksOnly: outages.every(({ looksOnly }) => looksOnly),
  });
  return { ...uptime, outages };
}
const startingAt = (startsUs: readonly number[]): Partial<Surroundings> => ({
  starts: { lastIn: (afterUs, byUs) => startsUs.findLast((us) => us > afterUs && us <= byUs) ?? null },
});

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
          const uptime = told(intervals, { fromUs, toUs }, around(intervals, fromUs / MINUTE));
          const { healthyUs, unhealthyUs, plannedUs, unobservedUs } = uptime;
          expect(healthyUs + unhealthyUs + plannedUs + unobservedUs).toBe(length);
          const total = { healthy: 0, unhealthy: 0, planned: 0, unobserved: 0 };
          for (const interval of intervals) {
            const { status, reason } = reference.at(agent, interval.fromUs) ?? { status: null, reason: null };
            total[bucketOf(status, reason)] += (interval.toUs ?? toUs) - interval.fromUs;
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
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 100) },
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
        looksOnly: false,
      },
      {
        fromUs: 20 * MINUTE,
        toUs: 21 * MINUTE,
        beganBefore: false,
        kinds: ["failed"],
        downUs: 1 * MINUTE,
        looksOnly: false,
      },
    ]);
    expect(uptime).toMatchObject({ mtbfUs: 10 * MINUTE, mttrUs: 3 * MINUTE, longestUs: 5 * MINUTE });
  });

  test("an outage of some ms that was seen to begin or to end is a short one; what looks found with nobody before and after it is no time", () => {
    const of = (before: AgentStatus, after: AgentStatus) =>
      over(minutes([before, 10], ["stale", 0.0003], ["dead", 0.0001], [after, 10])).outages;
    expect(of("healthy", "healthy")).toMatchObject([{ looksOnly: false }]);
    expect(of("healthy", "unobserved")).toMatchObject([{ looksOnly: false }]);
    expect(of("unobserved", "healthy")).toMatchObject([{ looksOnly: false }]);
    expect(of("unobserved", "unobserved")).toMatchObject([{ looksOnly: true }]);
    const found: [AgentStatus, number][] = [
      ["unobserved", 1],
      ["dead", 0.0003],
    ];
    expect(over(minutes(...found, ...found, ["unobserved", 1])).outages).toMatchObject([{ looksOnly: true }]);
    // One that was watched for a minute was.
    expect(over(minutes(...found, ["unobserved", 1], ["dead", 1])).outages).toMatchObject([
      { looksOnly: false },
    ]);
  });

  test("a mean is whole microseconds, as every time is", () => {
    const third = 1 / 60_000_000;
    const uptime = over(
      minutes(["healthy", 1], ["dead", third], ["healthy", 1], ["dead", 2 * third], ["healthy", third]),
    );
    expect([uptime.mtbfUs, uptime.mttrUs].every(Number.isInteger)).toBe(true);
  });

  test("has more outages than a call may have arguments, as a year of one that falls every minute has", () => {
    const intervals = Array.from({ length: 300_000 }, (_, index): Interval => {
      const unwell = index % 2 === 1;
      const status = unwell ? "stale" : "healthy";
      return { fromUs: index * MINUTE, toUs: (index + 1) * MINUTE, status, reason: null, why: [], rules: 1 };
    });
    const { outages, longestUs, mttrUs, mtbfUs } = over(intervals);
    expect([outages.length, longestUs, mttrUs, mtbfUs]).toEqual([150_000, MINUTE, MINUTE, MINUTE]);
  });

  test("time that nobody watched neither ends an outage nor lengthens it", () => {
    const uptime = over(
      minutes(["healthy", 10], ["dead", 2], ["unobserved", 30], ["dead", 3], ["healthy", 1]),
    );
    expect(uptime.outages).toEqual([
      {
        fromUs: 10 * MINUTE,
        toUs: 45 * MINUTE,
        beganBefore: false,
        kinds: ["dead"],
        downUs: 5 * MINUTE,
        looksOnly: false,
      },
    ]);
    expect(uptime.availability).toBeCloseTo(11 / 16, 12);
    expect(uptime.observedShare).toBeCloseTo(16 / 46, 12);
  });

  test("an outage that was under way when the window began is no failure of the window, and one that goes on is not repaired", () => {
    const intervals = minutes(["healthy", 10], ["dead", 10], ["healthy", 10], ["stale", 10]);
    const uptime = over(intervals, 15, 35);
    expect(uptime.outages.map(({ beganBefore, toUs }) => [beganBefore, toUs])).toEqual([
      [true, 20 * MINUTE],
      [false, null],
    ]);
    // There is nothing between one failure.
    expect(uptime).toMatchObject({ mtbfUs: null, mttrUs: 5 * MINUTE });
  });

  test("nor is one that was last seen before the window, and is found the same in it", () => {
    const intervals = minutes(
      ["dead", 10],
      ["unobserved", 20],
      ["dead", 5],
      ["unobserved", 5],
      ["healthy", 5],
    );
    expect(over(intervals, 15).outages).toEqual([
      {
        fromUs: 15 * MINUTE,
        toUs: 40 * MINUTE,
        beganBefore: true,
        kinds: ["dead"],
        downUs: 5 * MINUTE,
        looksOnly: false,
      },
    ]);
    const well = minutes(["healthy", 10], ["unobserved", 20], ["dead", 5]);
    expect(over(well, 15).outages).toMatchObject([{ fromUs: 30 * MINUTE, beganBefore: false }]);
  });

  test("a life that came and went in time that nobody watched makes two outages of it", () => {
    const intervals = minutes(["healthy", 10], ["dead", 5], ["unobserved", 10], ["dead", 5]);
    const window = { fromUs: 0, toUs: 30 * MINUTE };
    const begun = startingAt([25 * MINUTE]);
    expect(told(intervals, window, around(intervals, 0, begun)).outages).toMatchObject([
      { fromUs: 10 * MINUTE, toUs: 25 * MINUTE },
      { fromUs: 25 * MINUTE, toUs: null },
    ]);
    // One that began while the outage was seen is of before it.
    const earlier = startingAt([2 * MINUTE, 11 * MINUTE]);
    expect(told(intervals, window, around(intervals, 0, earlier)).outages).toHaveLength(1);
  });

  test("the shutdown of the machine ends no outage; a stop that no boot made void does, and so does a verb", () => {
    const intervals = minutes(["healthy", 10], ["failed", 5], ["stopped", 1], ["unobserved", 2], ["dead", 5]);
    const window = { fromUs: 0, toUs: 23 * MINUTE };
    const outages = (over: Partial<Surroundings>) =>
      told(intervals, window, around(intervals, 0, over)).outages;
    // Seen in the sandbox in one reboot of six: the recorder lived to see the stop jobs of a shutdown, 8 ms before its own.
    const isStopJob = () => true;
    const bootsUs = () => [17 * MINUTE];
    const two = [{ toUs: 15 * MINUTE }, { fromUs: 18 * MINUTE, toUs: null }];
    expect(outages({ isStopJob, bootsUs })).toEqual([
      {
        ...{ fromUs: 10 * MINUTE, toUs: null, beganBefore: false },
        ...{ kinds: ["failed", "dead"], downUs: 10 * MINUTE, looksOnly: false },
      },
    ]);
    expect(outages({ isStopJob })).toMatchObject(two);
    expect(outages({ isStopJob, bootsUs: () => [14 * MINUTE] })).toMatchObject(two);
    expect(outages({ bootsUs })).toMatchObject(two);
    // While nobody knows of a boot it was wanted down, whatever comes after.
    const shut = intervals.slice(0, 4);
    const until = { ...window, toUs: 18 * MINUTE };
    expect(told(shut, until, around(shut, 0, { isStopJob, bootsUs })).outages).toMatchObject([
      { toUs: 15 * MINUTE },
    ]);
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

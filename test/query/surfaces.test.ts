import fc from "fast-check";
import { expect, test } from "vitest";
import { diffDocument } from "../../query/diff.ts";
import { BEFORE_THE_LOG } from "../../query/history/before-the-log.ts";
import { type Bucket, bucketOf, bucketOfSighting } from "../../query/history/buckets.ts";
import { pastOf } from "../../query/history/past-in-memory.ts";
import { type HistoryInterval, historyDocument } from "../../query/history-document.ts";
import { incidentsDocument } from "../../query/incidents.ts";
import { exactUsOf } from "../../query/instant.ts";
import { storyOf } from "../../query/story.ts";
import { uptimeDocument } from "../../query/uptime.ts";
import { whenDocument } from "../../query/when.ts";
import { whyDocument } from "../../query/why.ts";
import { worstOf } from "../../query/worst.ts";
import { whole } from "../support/whole.ts";
import { maybeStray } from "./history/maybe-stray.ts";
import { AGENTS, anyStoryWithSteps } from "./history/stories.ts";
import { BEGIN_US, play } from "./history/world.ts";

/** Off the roster nobody wanted it to run, whatever its session was. */
function bucketOfInterval({ status, reason, unrostered }: HistoryInterval): Bucket {
  return unrostered ? "planned" : bucketOf(status, reason);
}

test("uptime is what the intervals add up to, of agents and of sessions that no roster ever named", () => {
  fc.assert(
    fc.property(anyStoryWithSteps, fc.boolean(), (played, isNamed) => {
      const { nowUs, past, window } = maybeStray(played, isNamed);
      for (const name of AGENTS) {
        const sums = { healthy: 0, unhealthy: 0, planned: 0, unobserved: 0 };
        for (const interval of past.sightings(name, window)) {
          const [fromUs, toUs] = [
            Math.max(interval.fromUs, BEGIN_US),
            Math.min(interval.toUs ?? nowUs, nowUs),
          ];
          sums[bucketOfSighting(interval, past.isStray(name))] += toUs - fromUs;
        }
        const { healthyUs, unhealthyUs, plannedUs, unobservedUs } = past.uptime(name, window);
        expect({ name, ...sums }).toEqual({
          ...{ name, healthy: healthyUs, unhealthy: unhealthyUs },
          ...{ planned: plannedUs, unobserved: unobservedUs },
        });
      }
    }),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 150) },
  );
});

/**
 * SPEC's fifth invariant: one verdict feeds every surface. Whatever happened, ps, why, history, its timeline, when, uptime, incidents
 * and diff say the same of the same moment, and the same of the same stretch of time.
 */
test("ps, why, history, when, uptime, incidents and diff agree on generated histories", () => {
  fc.assert(
    fc.property(
      anyStoryWithSteps,
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }),
      (played, picks) => {
        const { events, lapsedAtUs } = play(played);
        const steps = events.some(({ type }) => type === "recorder.clock.stepped");
        const nowUs = Math.max(BEGIN_US + 1000, ...events.map(({ recordedAtUs }) => recordedAtUs));
        const [tenantId, host, logSeq] = ["t", "h", events.length] as const;
        const past = pastOf({ tenantId, host, logSeq, events, lapsedAtUs, nowUs });
        const window = { fromUs: BEGIN_US, toUs: nowUs };
        const entries = past.roster(window);
        const input = { entries, window, atUs: nowUs };
        const history = whole(historyDocument(past, input));
        const uptime = uptimeDocument(past, input);
        const source = { event: (seq: number) => events[seq - 1] ?? null, between: () => [] };
        const { incidents } = whole(incidentsDocument(past, { ...input, events: source }));
        const deaths = incidents.flatMap((incident) => incident.deaths);
        const story = [...storyOf(past, { ...input, whole: true })];

        for (const { name, intervals } of history.agents) {
          // Stretches of time: history tiles the window, uptime adds it up, incidents are its outages.
          const sums = { healthy: 0, unhealthy: 0, planned: 0, unobserved: 0 };
          for (const [index, interval] of intervals.entries()) {
            const { from, to } = interval;
            expect(intervals[index + 1]?.from ?? null).toBe(to);
            sums[bucketOfInterval(interval)] += exactUsOf(to ?? history.window.to) - exactUsOf(from);
          }
          const figures = uptime.agents.find((agent) => agent.name === name);
          expect([
            figures?.healthy_us,
            figures?.unhealthy_us,
            figures?.planned_us,
            figures?.unobserved_us,
          ]).toEqual([sums.healthy, sums.unhealthy, sums.planned, sums.unobserved]);
          expect(figures?.window_us).toBe(nowUs - BEGIN_US);
          const own = deaths.filter(({ agent }) => agent === name);
          expect(own).toHaveLength(figures?.outages ?? 0);
          // A certificate tells each change once, and what it was is what history says.
          const unwell = intervals.filter((interval) => bucketOfInterval(interval) === "unhealthy");
          for (const { course, at, until, seconds_down, stretches } of own) {
            const ends = exactUsOf(until ?? history.window.to);
            const within = unwell.filter(
              ({ from }) => exactUsOf(from) >= exactUsOf(at) && exactUsOf(from) < ends,
            );
            const changes = within.filter(
              (one, index) =>
                one.status !== within[index - 1]?.status || one.reason !== within[index - 1]?.reason,
            );
            expect(course.map(({ from, status, reason }) => [from, status, reason])).toEqual(
              changes.map(({ from, status, reason }) => [from, status, reason]),
            );
            expect(seconds_down).toBeCloseTo(
              within.reduce((sum, { seconds }) => sum + seconds, 0),
              6,
            );
            expect(stretches).toBe(within.filter(({ from }, at) => within[at - 1]?.to !== from).length);
          }
          expect(own.reduce((sum, { seconds_down }) => sum + seconds_down, 0)).toBeCloseTo(
            unwell.reduce((sum, { seconds }) => sum + seconds, 0),
            6,
          );
          const statuses = new Set(intervals.map(({ status }) => status));
          for (const state of statuses) {
            if (state === null) continue;
            const { occurrences } = whole(whenDocument(past, { name, state, window, atUs: nowUs }));
            const stays = occurrences.map(
              ({ from, to, unobserved_seconds }) =>
                exactUsOf(to ?? history.window.to) - exactUsOf(from) - Math.round(unobserved_seconds * 1e6),
            );
            const lengths = intervals
              .filter(({ status }) => status === state)
              .map(({ from, to }) => exactUsOf(to ?? history.window.to) - exactUsOf(from));
            const sum = (all: number[]) => all.reduce((total, one) => total + one, 0);
            expect(sum(stays)).toBe(sum(lengths));
            for (const { from, since, began_before } of occurrences.filter(
              (one) => one.from !== history.window.from,
            )) {
              const interval = intervals.find((one) => one.from === from);
              expect([since, began_before]).toEqual([interval?.since, interval?.began_before]);
            }
          }
          const told = story.filter((entry) => entry.kind === "status" && entry.agent === name);
          expect(told.length).toBeLessThanOrEqual(intervals.length);
          // Nothing is too short for the timeline.
          const cells = new Set(worstOf(past.sightings(name, window), window, 3));
          const isUnwell = (status: (typeof intervals)[number]["status"]) =>
            bucketOf(status, null) === "unhealthy";
          expect([...cells].some(isUnwell)).toBe(intervals.some(({ status }) => isUnwell(status)));
        }

        // Moments: the table, the evidence, the story and the answer to "when" are one.
        for (const pick of picks) {
          const atUs = BEGIN_US + Math.floor(pick * (nowUs - BEGIN_US - 1));
          const table = past.table(atUs, false);
          // Whoever is there, wanted or not, is what its history says; off the roster that says nothing.
          for (const { name, status, status_reason } of past.table(atUs, true).agents) {
            const [then] = past.intervals(name, { fromUs: atUs, toUs: atUs + 1 });
            if (then?.status === null) continue;
            expect([name, status, status_reason]).toEqual([name, then?.status, then?.reason]);
          }
          for (const name of AGENTS) {
            const row = table.agents.find(
              (agent) => agent.name === name && !agent.unrostered && agent.class !== "unknown",
            );
            const interval = history.agents
              .find((agent) => agent.name === name)
              ?.intervals.find(
                ({ from, to }) => exactUsOf(from) <= atUs && atUs < (to === null ? Infinity : exactUsOf(to)),
              );
            // Before the log there is no table, and nobody on it.
            const isBeforeTheLog = interval?.reason === BEFORE_THE_LOG;
            // Its row, where no roster names it, is another one.
            const isNobodys = isBeforeTheLog || interval?.unrostered === true;
            expect(row?.status ?? null).toBe(isNobodys ? null : (interval?.status ?? null));
            if (row === undefined) continue;
            expect(row.status_reason).toBe(interval?.reason ?? null);
            // Since when it is down reaches back over nothing that it was seen to be else; whether a unit had failed may be learnt later. Of an hour that was lived twice the first time is
            // told of by nobody.
            const sinceUs = row.since === null ? atUs : exactUsOf(row.since);
            // tmux and its hooks tell of a second.
            const withinUs = sinceUs % 1e6 === 0 ? 1e6 : 1000;
            const others = history.agents
              .find((agent) => agent.name === name)
              ?.intervals.filter(
                ({ to, status }) =>
                  to !== null &&
                  exactUsOf(to) <= exactUsOf(interval?.from ?? "") &&
                  exactUsOf(to) > sinceUs + withinUs &&
                  status !== null &&
                  status !== "unobserved" &&
                  status !== "failed" &&
                  status !== "dead",
              );
            if (!steps && (row.status === "failed" || row.status === "dead"))
              expect({ since: row.since, atUs, reason: row.status_reason, others }).toMatchObject({
                others: [],
              });
            const lookup = { event: source.event, recent: () => [] };
            const why = whyDocument(past.explain(name, atUs), {
              tenantId,
              host,
              nowUs: atUs,
              logSeq,
              name,
              lookup,
            });
            expect(why.verdict).toMatchObject({ status: row.status, reason: row.status_reason });
            expect(why.row).toEqual(row);
            const when = whenDocument(past, {
              name,
              state: row.status,
              window: { fromUs: atUs, toUs: atUs + 1 },
              atUs,
            });
            expect(when.count).toBe(1);
          }
          const diff = diffDocument(past, { fromUs: BEGIN_US, toUs: atUs, all: false, wanted: () => true });
          for (const { name, cells } of diff.agents) {
            const status = cells.find(({ cell }) => cell === "status");
            if (status)
              expect(status.to).toBe(table.agents.find((agent) => agent.name === name)?.status ?? null);
          }
        }
      },
    ),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 60) },
  );
});

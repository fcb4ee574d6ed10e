import { expect, test } from "vitest";
import type { Interval } from "../../../query/history/intervals.ts";
import { outagesOf } from "../../../query/history/outages.ts";
import { staysIn } from "../../../query/history/stays.ts";
import { clipped } from "../../../query/history/uptime.ts";
import { judgedWithin } from "../../../query/history/when.ts";
import type { AgentStatus } from "../../../query/row.ts";

const SECOND = 1_000_000;
const WINDOW = { fromUs: 0, toUs: 1e15 };
const NOBODY = { lastIn: () => null };

/** Verdicts without an end, and how many of them have been asked for. */
function endless(...statuses: AgentStatus[]) {
  const read = { count: 0 };
  function* intervals(): Generator<Interval> {
    for (;;) {
      const [fromUs, toUs] = [read.count * SECOND, (read.count + 1) * SECOND];
      const status = statuses[read.count % statuses.length] as AgentStatus;
      read.count += 1;
      yield { fromUs, toUs, status, reason: null, why: [read.count], rules: 1 };
    }
  }
  return { read, intervals: intervals() };
}

/** Whoever asks for one thing after another has no more read for it than what lies up to the next one. */
function expectNoReadingAhead<T>(read: { count: number }, told: Iterator<T>, each: number): void {
  for (let taken = 1; taken <= 1000; taken += 1) {
    expect(told.next().done).toBe(false);
    expect(read.count).toBeLessThanOrEqual((taken + 1) * each);
  }
}

test("outages are told as soon as they are over, however long the window is", () => {
  const { read, intervals } = endless("healthy", "stale", "dead", "unobserved", "dead");
  const around = { unwellBefore: () => false, isStopJob: () => false, bootsUs: () => [], starts: NOBODY };
  expectNoReadingAhead(read, outagesOf(clipped(intervals, WINDOW), WINDOW, around), 5);
});

test("stays are told as soon as the next one has begun", () => {
  const { read, intervals } = endless("healthy", "stale", "unobserved", "stale");
  const around = { before: () => null, after: () => null, starts: NOBODY };
  expectNoReadingAhead(read, staysIn(intervals, "stale", WINDOW, around), 4);
});

test("observed time is told as soon as a gap in it is known", () => {
  const { read, intervals } = endless("healthy", "stale", "unobserved");
  expectNoReadingAhead(read, judgedWithin(intervals, "stale", WINDOW, null), 3);
});

import { expect, test } from "vitest";
import { isOfNewLife, type SeenBeat } from "../../agents/first-beat.ts";

/** A life that began 0.7 s into a second, in the place of process 100. */
const SECOND = 1_800_000_000_000_000;
const life = { bornAtUs: SECOND + 700_000, startTicks: 5070, formerPid: 100 };
const beat = (over: Partial<SeenBeat>): SeenBeat => ({
  ...{ atUs: SECOND, precision: "s", pid: 200, writerStartTicks: 5070 },
  ...over,
});

test.each<[string, Partial<SeenBeat>, boolean]>([
  ["the pane's own, in the second in which it began", {}, true],
  ["a child's of it", { pid: 201, writerStartTicks: 5080 }, true],
  ["the last one of a process of before, in that second", { pid: 101, writerStartTicks: 4000 }, false],
  ["one of that second whose process has gone", { pid: 101, writerStartTicks: null }, false],
  ["one of the second before", { atUs: SECOND - 1_000_000 }, false],
  ["one of before to the millisecond", { atUs: SECOND + 600_000, precision: "ms" }, false],
  [
    "one of after by a process that nobody knows",
    { atUs: SECOND + 1_000_000, pid: 9, writerStartTicks: null },
    true,
  ],
  [
    "what the former process goes on to write",
    { atUs: SECOND + 2_000_000, pid: 100, writerStartTicks: 4000 },
    false,
  ],
])("%s", (_, over, is) => expect(isOfNewLife(beat(over), life)).toBe(is));

import { expect, test } from "vitest";
import type { Chronicle } from "../../store/chronicle.ts";
import { beat } from "./support/events.ts";
import { logBench } from "./support/log.ts";

const bench = logBench();

/** Marks the time of every event as unsettled, and fails in the second step of a settlement. */
function failing(): Chronicle {
  let steps = 0;
  return {
    name: "failing",
    version: 1,
    ignores: new Set(),
    halves: null,
    open: (tables) => ({
      begin: (event) => tables.unsettle("told", "", event.occurredAtUs),
      tell: () => {},
      end: () => {},
      pass: () => {},
      repetition: () => null,
      forget: () => {},
    }),
    settle: (_view, verdicts) => {
      steps += 1;
      if (steps === 2) throw new Error("the disk is full");
      verdicts.allSettled();
      return steps === 1 ? 1 : null;
    },
  };
}

test("evidence that comes after a settlement that failed halfway is marked all the same", () => {
  const path = bench.path();
  const log = bench.open(path, { chronicle: failing() });
  const database = bench.raw(path);
  const marks = () => database.prepare("SELECT count(*) FROM unsettled").pluck().get();
  log.append({ source: "heartbeat", events: [beat("coder0")] });
  expect(marks()).toBe(1);
  expect(() => log.settle()).toThrow("the disk is full");
  expect(marks()).toBe(0);
  log.append({ source: "heartbeat", events: [beat("coder0")] });
  expect(marks()).toBe(1);
});

test("a settlement that has to end early goes on where it was, and says whether it came to the end", () => {
  const path = bench.path();
  const steps: number[] = [];
  const log = bench.open(path, {
    chronicle: {
      ...failing(),
      settle: () => {
        steps.push(steps.length);
        return steps.length < 5 ? steps.length : null;
      },
    },
  });
  log.append({ source: "heartbeat", events: [beat("coder0")] });
  expect(log.settle(() => true)).toBe(false);
  expect(steps).toHaveLength(1);
  let asked = 0;
  expect(log.settle(() => ++asked === 3)).toBe(false);
  expect(steps).toHaveLength(4);
  expect(log.settle()).toBe(true);
  expect(steps).toHaveLength(5);
});

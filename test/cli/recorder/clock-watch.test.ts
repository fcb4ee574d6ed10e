import fc from "fast-check";
import { expect, test } from "vitest";
import { type ClockReading, createClockWatch } from "../../../cli/recorder/clock-watch.ts";

const start: ClockReading = { wallUs: 1_780_000_000e6, monotonicUs: 500e6, boottimeUs: 900e6 };

function after(
  reading: ClockReading,
  seconds: number,
  changes: { slept?: number; set?: number } = {},
): ClockReading {
  const { slept = 0, set = 0 } = changes;
  return {
    wallUs: reading.wallUs + (seconds + slept + set) * 1e6,
    monotonicUs: reading.monotonicUs + seconds * 1e6,
    boottimeUs: reading.boottimeUs + (seconds + slept) * 1e6,
  };
}

test("clocks that go together say nothing", () => {
  const look = createClockWatch(start);
  let reading = start;
  for (let i = 0; i < 100; i += 1) {
    reading = after(reading, 1.003);
    expect(look(reading)).toEqual([]);
  }
});

test("a wall clock that is set is told once, by how much", () => {
  const look = createClockWatch(start);
  const set = after(start, 1, { set: -3600 });
  expect(look(set)).toEqual([{ kind: "stepped", byMs: -3_600_000 }]);
  expect(look(after(set, 1))).toEqual([]);
});

test("a clock that is nudged little by little is told when it has moved half a second in all", () => {
  const look = createClockWatch(start);
  let reading = start;
  const told: unknown[] = [];
  for (let i = 0; i < 12; i += 1) {
    reading = after(reading, 1, { set: 0.1 });
    told.push(...look(reading));
  }
  expect(told).toEqual([
    { kind: "stepped", byMs: 600 },
    { kind: "stepped", byMs: 600 },
  ]);
});

test("a sleep is told from its beginning to its end, and is no step of the wall clock", () => {
  const look = createClockWatch(start);
  const woken = after(start, 1, { slept: 3600 });
  expect(look(woken)).toEqual([{ kind: "suspended", fromUs: start.wallUs, toUs: woken.wallUs }]);
  expect(look(after(woken, 1))).toEqual([]);
});

test("a process that was merely stopped for a while is neither", () => {
  expect(createClockWatch(start)(after(start, 900))).toEqual([]);
});

test("whatever happens, the steps told add up to what the wall clock was set by, to within half a second", () => {
  const change = fc.record({
    seconds: fc.double({ min: 0.5, max: 5, noNaN: true }),
    slept: fc.oneof(fc.constant(0), fc.double({ min: 2, max: 9000, noNaN: true })),
    set: fc.oneof(fc.constant(0), fc.double({ min: -9000, max: 9000, noNaN: true })),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const look = createClockWatch(start);
      let reading = start;
      let told = 0;
      let sleeps = 0;
      for (const { seconds, ...change } of changes) {
        reading = after(reading, seconds, change);
        for (const finding of look(reading)) {
          if (finding.kind === "stepped") told += finding.byMs / 1000;
          else sleeps += 1;
        }
      }
      const set = changes.reduce((sum, change) => sum + change.set, 0);
      expect(Math.abs(told - set)).toBeLessThanOrEqual(0.52);
      expect(sleeps).toBe(changes.filter(({ slept }) => slept > 1.01).length);
    }),
  );
});

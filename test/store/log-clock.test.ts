import { describe, expect, test } from "vitest";
import { createLogClock } from "../../store/log-clock.ts";
import { testClock } from "./support/log.ts";

const HOUR = 3_600_000_000;
const START = 10 * HOUR;

describe("the log's clock", () => {
  test("is the wall clock, unless that would be no later than the event before", () => {
    const wall = testClock(START);
    const clock = createLogClock(wall);
    expect([clock.next(0), clock.next(START - 1), clock.next(START), clock.next(START + 5)]).toEqual([
      START,
      START,
      START + 1,
      START + 6,
    ]);
  });
});

describe("a moment carried over to it", () => {
  test("is that very moment while the wall clock leads", () => {
    const wall = testClock(START);
    const clock = createLogClock(wall);
    clock.note(START - 50);
    wall.us += 1000;
    expect(clock.carry(START + 300, START - 50)).toBe(START + 300);
  });

  test("that lies ahead of the wall clock is now: the clock stepped back while somebody looked", () => {
    const clock = createLogClock(testClock(START));
    expect(clock.carry(START + 500, START - 9)).toBe(START);
  });

  test("after a step back is bounded by what had been recorded when it was", () => {
    const wall = testClock(START);
    const clock = createLogClock(wall);
    clock.note(START);
    wall.us = START - HOUR;
    clock.note(START + 3);
    wall.us += 1000;
    clock.note(START + 7);
    wall.us += 1000;
    // Begun between the second and the third transaction; the log's clock moved by 4 us in a millisecond.
    expect(clock.carry(START - HOUR + 500, START + 7)).toBe(START + 3);
    expect(clock.carry(START - HOUR + 1500, START + 7)).toBe(START + 7);
  });

  test("is bounded by the newest event as soon as the clock is seen to be set back", () => {
    const wall = testClock(START);
    const clock = createLogClock(wall);
    clock.note(START);
    wall.us = START - HOUR + 20_000;
    expect(clock.carry(START - HOUR, START)).toBe(START);
  });

  test("is remembered for long enough, and not for ever", () => {
    const wall = testClock(START);
    const clock = createLogClock(wall);
    for (let i = 0; i < 200; i += 1) {
      clock.note(START + HOUR + i);
      wall.us += 1000;
    }
    const newestUs = START + HOUR + 199;
    expect(clock.carry(wall.us - 30_500, newestUs)).toBe(START + HOUR + 169);
    expect(clock.carry(START + 500, newestUs)).toBeLessThan(START + HOUR + 1);
  });
});

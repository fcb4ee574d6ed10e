import fc from "fast-check";
import { expect, test } from "vitest";
import { createClock } from "../../cli/clock.ts";

test("microseconds pass between two milliseconds, and the millisecond is the wall clock's own", () => {
  let us = 5_000_000;
  const clock = createClock({ wallMs: () => 1_000_000 + Math.floor(us / 1000), monotonicUs: () => us });
  const first = clock.nowUs();
  us += 250;
  expect(clock.nowUs() - first).toBe(250);
  us += 400;
  expect(clock.nowUs() - first).toBe(650);
});

test("a wall clock that is set is followed at once, in both directions", () => {
  let wallMs = 1_000_000;
  let us = 0;
  const clock = createClock({ wallMs: () => wallMs, monotonicUs: () => us });
  wallMs += 3_600_000;
  us += 1000;
  expect(Math.floor(clock.nowUs() / 1000)).toBe(wallMs);
  wallMs -= 7_200_000;
  us += 1000;
  expect(Math.floor(clock.nowUs() / 1000)).toBe(wallMs);
});

test("while nobody sets the wall clock the time never goes back", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 5000 })),
      fc.integer({ min: 0, max: 999 }),
      (steps, phase) => {
        let us = 0;
        const wallMs = () => 1_000_000 + Math.floor((us + phase) / 1000);
        const clock = createClock({ wallMs, monotonicUs: () => us });
        let before = clock.nowUs();
        for (const step of steps) {
          us += step;
          const now = clock.nowUs();
          expect(now).toBeGreaterThanOrEqual(before);
          expect(Math.floor(now / 1000)).toBe(wallMs());
          before = now;
        }
      },
    ),
  );
});

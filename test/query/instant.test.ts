import fc from "fast-check";
import { expect, test } from "vitest";
import { exactIsoOf } from "../../query/instant.ts";

const LAST_MS = 8.64e15 - 2;

test("an instant is written as Date writes it, in every year", () => {
  const anyMs = fc.oneof(
    fc.integer({ min: -LAST_MS, max: LAST_MS }),
    fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }),
    // Around the turns of days, of leap years and of centuries.
    fc
      .tuple(fc.integer({ min: -140_000, max: 140_000 }), fc.integer({ min: -1500, max: 1500 }))
      .map(([day, ms]) => day * 86_400_000 + ms),
  );
  fc.assert(
    fc.property(anyMs, (ms) => {
      // Microseconds of far years are rounded: it is the rounded one that is written.
      const rounded = Math.floor((ms * 1000) / 1000);
      expect(exactIsoOf(ms * 1000).replace(/(\.\d{3})\d{3}Z$/, "$1Z")).toBe(new Date(rounded).toISOString());
    }),
    { numRuns: 20_000 },
  );
});

test.each(["2000-02-29", "1900-03-01", "2100-02-28", "2024-12-31", "1970-01-01"])("%s", (date) => {
  expect(exactIsoOf(Date.parse(`${date}T23:59:59.999Z`) * 1000 + 999)).toBe(`${date}T23:59:59.999999Z`);
  expect(exactIsoOf(Date.parse(`${date}T23:59:59.999Z`) * 1000)).toBe(`${date}T23:59:59.999Z`);
});

test("what is no instant is refused, not written", () => {
  expect(() => exactIsoOf(Number.NaN)).toThrow(RangeError);
  expect(() => exactIsoOf(1e20)).toThrow(RangeError);
});

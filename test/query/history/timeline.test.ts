import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gapsBetween, lastMoment, overlapOf, spanAt, spansOf, without } from "../../../query/history/span.ts";
import {
  always,
  changesOf,
  evolveFrom,
  pieceAt,
  setFrom,
  setWithin,
  valueAt,
} from "../../../query/history/timeline.ts";

const moment = fc.integer({ min: 0, max: 30 });
const everyMoment = Array.from({ length: 34 }, (_, index) => index - 2);
const anyChange = fc.record({
  kind: fc.constantFrom("from", "within", "evolve"),
  fromUs: moment,
  length: moment,
  value: fc.integer({ min: 0, max: 3 }),
});

describe("a timeline", () => {
  test("after any changes has at every moment the value that a table of all moments has", () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 20 }), (changes) => {
        const timeline = always(0);
        const table = new Map(everyMoment.map((atUs) => [atUs, 0]));
        for (const { kind, fromUs, length, value } of changes) {
          const toUs = kind === "within" ? fromUs + length : Infinity;
          if (kind === "from") setFrom(timeline, fromUs, value);
          if (kind === "within") setWithin(timeline, fromUs, toUs, value);
          if (kind === "evolve") evolveFrom(timeline, fromUs, (before) => (before + value) % 4);
          for (const [atUs, before] of table) {
            if (atUs < fromUs || atUs >= toUs) continue;
            table.set(atUs, kind === "evolve" ? (before + value) % 4 : value);
          }
        }
        for (const atUs of everyMoment) expect(valueAt(timeline, atUs)).toBe(table.get(atUs));
        expect(timeline.fromUs).toEqual([...timeline.fromUs].sort((a, b) => a - b));
        expect(new Set(timeline.fromUs).size).toBe(timeline.fromUs.length);
      }),
    );
  });

  test("holds a value from its very moment on, and the last piece for good", () => {
    const timeline = always("a");
    setFrom(timeline, 10, "b");
    expect([9, 10, 1e15].map((atUs) => valueAt(timeline, atUs))).toEqual(["a", "b", "b"]);
    expect(pieceAt(timeline, -Infinity)).toBe(0);
    expect(changesOf(timeline)).toEqual([10]);
  });

  test("has more pieces than a call may have arguments, and is changed over all of them", () => {
    const timeline = always(0);
    for (let atUs = 1; atUs < 200_000; atUs++) setFrom(timeline, atUs, atUs);
    evolveFrom(timeline, 2, (value) => value + 1);
    setWithin(timeline, 3, 4, 7);
    expect(timeline.values).toHaveLength(200_000);
    expect([0, 1, 2, 3, 4, 199_999].map((atUs) => valueAt(timeline, atUs))).toEqual([
      ...[0, 1, 3, 7, 5, 200_000],
    ]);
  });

  test("an earlier word that comes later overrides what was said of later moments", () => {
    const timeline = always("a");
    setFrom(timeline, 10, "b");
    setFrom(timeline, 5, "c");
    expect(changesOf(timeline)).toEqual([5]);
  });
});

describe("spans", () => {
  const anySpans = fc.array(
    fc.tuple(moment, moment).map(([fromUs, length]) => ({ fromUs, toUs: fromUs + length })),
    { maxLength: 8 },
  );

  test("united, cut out, overlapped and turned inside out hold the moments that they should", () => {
    fc.assert(
      fc.property(anySpans, anySpans, (some, others) => {
        const [left, right] = [spansOf(some), spansOf(others)];
        const has = (spans: readonly { fromUs: number; toUs: number }[], atUs: number) =>
          spans.some(({ fromUs, toUs }) => fromUs <= atUs && atUs < toUs);
        for (const atUs of everyMoment) {
          expect(spanAt(left, atUs) !== null).toBe(has(some, atUs));
          expect(has(gapsBetween(left), atUs)).toBe(!has(some, atUs));
          expect(has(without(left, right), atUs)).toBe(has(some, atUs) && !has(others, atUs));
          expect(has(overlapOf(left, right), atUs)).toBe(has(some, atUs) && has(others, atUs));
          const last = everyMoment.findLast((earlier) => earlier <= atUs && has(some, earlier));
          expect(lastMoment(left, atUs)).toBe(last ?? null);
        }
        for (const [index, { toUs }] of left.entries())
          expect(toUs).toBeLessThan(left[index + 1]?.fromUs ?? Infinity);
      }),
    );
  });
});

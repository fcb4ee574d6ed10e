import { deflateSync, inflateSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkpointBlob, checkpointOf } from "../../store/chronicle-tables.ts";
import { inflated } from "../../store/inflate.ts";

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 2000 }),
  fc.json({ maxDepth: 4 }),
  // What repeats itself near and far, and more than a block of it.
  fc
    .tuple(fc.array(fc.string({ maxLength: 40 }), { minLength: 1 }), fc.array(fc.nat(), { maxLength: 3000 }))
    .map(([words, picks]) => picks.map((pick) => words[pick % words.length]).join("")),
);
const anyWay = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  windowBits: fc.integer({ min: 9, max: 15 }),
  memLevel: fc.integer({ min: 1, max: 9 }),
  strategy: fc.integer({ min: 0, max: 4 }),
});

test("whatever zlib has packed, in whatever way, is unpacked as zlib does it", () => {
  fc.assert(
    fc.property(anyText, anyWay, (text, way) => {
      expect(inflated(deflateSync(text, way))?.toString()).toBe(Buffer.from(text).toString());
    }),
    { numRuns: 500, seed: 3 },
  );
});

test("bytes that were changed, cut off or lengthened are never taken for what they were", () => {
  fc.assert(
    fc.property(anyText, anyWay, fc.nat(), fc.integer({ min: 1, max: 255 }), (text, way, place, change) => {
      const packed = deflateSync(text, way);
      const changed = Buffer.from(packed);
      const at = 2 + (place % (packed.length - 2));
      changed[at] = (changed[at] as number) ^ change;
      const found = inflated(changed);
      if (found !== null) expect(found.toString("hex")).toBe(inflateSync(changed).toString("hex"));
      expect(inflated(packed.subarray(0, packed.length - 1 - (place % 5)))).toBeNull();
      expect(inflated(Buffer.concat([packed, Buffer.from("x")]))).toBeNull();
    }),
    { numRuns: 500, seed: 4 },
  );
});

test.each([["{}"], ["x".repeat(100_000)]])("a checkpoint is read again", (text) => {
  const value = { text, more: [1, 2, 3] };
  const row: [number, number, Buffer] = [7, 8, checkpointBlob(value)];
  expect(checkpointOf(row)).toEqual({ seq: 7, recordedAtUs: 8, value });
});

test("a checkpoint that is damaged is refused with zlib's own words", () => {
  const blob = checkpointBlob({ a: "b".repeat(50) });
  blob[8] = (blob[8] as number) ^ 0xff;
  expect(() => checkpointOf([1, 1, blob])).toThrow();
});

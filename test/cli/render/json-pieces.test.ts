import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonPieces } from "../../../cli/render/json-pieces.ts";

/** A value in which some arrays can only be asked for one after another. */
function serially(value: unknown, isSerial: () => boolean): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (!Array.isArray(value))
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, serially(one, isSerial)]));
  const members = value.map((one) => serially(one, isSerial));
  return isSerial() ? { [Symbol.iterator]: () => members[Symbol.iterator]() } : members;
}

test("a document that is told piece by piece reads as if it had been there as a whole", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.array(fc.boolean(), { minLength: 1 }), (value, series) => {
      let asked = 0;
      const told = serially(value, () => series[asked++ % series.length] === true);
      expect([...jsonPieces(told)].join("")).toBe(JSON.stringify(value, null, 2));
    }),
  );
});

test("nothing is asked for before what stands before it has been taken", () => {
  let asked = 0;
  function* endless() {
    for (;;) {
      asked += 1;
      yield { place: asked, why: [asked] };
    }
  }
  const pieces = jsonPieces({ schema: "fleet.when.v1", occurrences: endless() });
  for (let taken = 0; taken < 1000; taken += 1) {
    const ahead = asked;
    pieces.next();
    expect(asked - ahead).toBeLessThanOrEqual(1);
  }
  expect(asked).toBeGreaterThan(100);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { twoGenerations } from "../../store/two-generations.ts";

test("remembers the last entries used, and at most twice as many as it was told", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(30), { maxLength: 200 }),
      fc.integer({ min: 1, max: 10 }),
      (keys, capacity) => {
        const remembered = twoGenerations<number, string>(capacity);
        const used: number[] = [];
        for (const key of keys) {
          const value = remembered.get(key);
          const isFresh =
            new Set(used.slice(used.lastIndexOf(key) + 1)).size < capacity && used.includes(key);
          // What was used within the last `capacity` different keys is always there.
          if (isFresh) expect(value).toBe(`value of ${key}`);
          if (value === undefined) remembered.set(key, `value of ${key}`);
          else expect(value).toBe(`value of ${key}`);
          used.push(key);
        }
        const kept = Array.from({ length: 31 }, (_, key) => remembered.get(key)).filter(
          (value) => value !== undefined,
        );
        expect(kept.length).toBeLessThanOrEqual(2 * capacity);
        remembered.clear();
        expect(remembered.get(keys[0] ?? 0)).toBeUndefined();
      },
    ),
  );
});

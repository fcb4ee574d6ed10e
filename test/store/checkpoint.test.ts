import { expect, test } from "vitest";
import { checkpointBlob, checkpointOf } from "../../store/checkpoint.ts";

const texts = ["{}", "x".repeat(100_000)];
test.each(texts.flatMap((text) => [[text, "plain"] as const, [text, "deflated"] as const]))(
  "a checkpoint is read again, whatever its form",
  (text, form) => {
    for (const value of [{ text, more: [1, 2, 3] }, [text], text]) {
      const row: [number, number, Buffer] = [7, 8, checkpointBlob(value, form)];
      expect(checkpointOf(row)).toEqual({ seq: 7, recordedAtUs: 8, value });
    }
  },
);

test("one that is packed after a longer one holds nothing of it", () => {
  const first = checkpointBlob("ä".repeat(50_000), "deflated");
  const second = checkpointBlob("short", "deflated");
  expect(checkpointOf([1, 1, second]).value).toBe("short");
  expect(checkpointOf([1, 1, first]).value).toBe("ä".repeat(50_000));
});

test("a checkpoint that is damaged is refused with zlib's own words", () => {
  const blob = checkpointBlob({ a: "b".repeat(50) }, "deflated");
  blob[8] = (blob[8] as number) ^ 0xff;
  expect(() => checkpointOf([1, 1, blob])).toThrow();
});

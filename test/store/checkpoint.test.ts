import { expect, test } from "vitest";
import { checkpointBlob, checkpointOf } from "../../store/checkpoint.ts";

test.each([["{}"], ["x".repeat(100_000)]])("a checkpoint is read again", (text) => {
  const value = { text, more: [1, 2, 3] };
  const row: [number, number, Buffer] = [7, 8, checkpointBlob(value)];
  expect(checkpointOf(row)).toEqual({ seq: 7, recordedAtUs: 8, value });
});

test("one that is packed after a longer one holds nothing of it", () => {
  const first = checkpointBlob("ä".repeat(50_000));
  const second = checkpointBlob("short");
  expect(checkpointOf([1, 1, second]).value).toBe("short");
  expect(checkpointOf([1, 1, first]).value).toBe("ä".repeat(50_000));
});

test("a checkpoint that is damaged is refused with zlib's own words", () => {
  const blob = checkpointBlob({ a: "b".repeat(50) });
  blob[8] = (blob[8] as number) ^ 0xff;
  expect(() => checkpointOf([1, 1, blob])).toThrow();
});

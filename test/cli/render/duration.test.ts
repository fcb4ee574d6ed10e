import { expect, test } from "vitest";
import { formatAge, formatDuration } from "../../../cli/render/duration.ts";

test.each([
  [0, "0.0 s", "0 s"],
  [4.29, "4.2 s", "4 s"],
  [9.99, "9.9 s", "9 s"],
  [10, "10 s", "10 s"],
  [59.9, "59 s", "59 s"],
  [60, "1 min", "1 min"],
  [192, "3 min 12 s", "3 min"],
  [3599, "59 min 59 s", "59 min"],
  [3600, "1 h", "1 h"],
  [7500, "2 h 5 min", "2 h"],
  [86_399, "23 h 59 min", "23 h"],
  [86_400, "1 d", "1 d"],
  [3 * 86_400 + 4 * 3600 + 59, "3 d 4 h", "3 d"],
  [-30, "-30 s", "-30 s"],
])("%s seconds read as %s, in a column as %s", (seconds, long, short) => {
  expect(formatDuration(seconds)).toBe(long);
  expect(formatAge(seconds)).toBe(short);
});

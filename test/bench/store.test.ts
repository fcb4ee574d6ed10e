import { expect, test } from "vitest";
import { run as append } from "../../bench/append.ts";
import { run as rebuild } from "../../bench/rebuild.ts";
import type { Result } from "../../bench/result.ts";
import { table } from "../../bench/result.ts";
import { run as size } from "../../bench/size.ts";

/** The figures of so short a run say nothing; that every line has one, and which lines are asked for, can be told. */
test.each([
  ["append", append, ["append: full / raw"]],
  [
    "rebuild",
    rebuild,
    ["rebuild: fold / bare SELECT, median round", "rebuild: peak memory above that of a tenth of the log"],
  ],
  ["size", size, ["size: heartbeat log, all included"]],
])("the bench of %s runs and reports", { timeout: 180_000 }, (_, run, asked) => {
  const results: Result[] = run({ events: 3000 });
  for (const { value } of results) expect(Number.isFinite(value)).toBe(true);
  expect(results.filter(({ verdict }) => verdict !== "info").map(({ name }) => name)).toEqual(asked);
  expect(table(results).trimEnd().split("\n")).toHaveLength(results.length);
});

test("a log of beats grows by no more than 80 bytes a beat, all included", () => {
  const bytesOf = (events: number): number =>
    events *
    (size({ events }).find(({ name }) => name === "size: heartbeat log, all included")?.value ?? Number.NaN);
  const [few, many] = [bytesOf(4000), bytesOf(12_000)];
  expect((many - few) / 8000).toBeLessThanOrEqual(80);
});

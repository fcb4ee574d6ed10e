import { expect, test } from "vitest";
import { guardLog } from "../../../cli/recorder/guarded-log.ts";
import type { Notice } from "../../../cli/recorder/voice.ts";
import { FleetError } from "../../../store/errors.ts";
import type { Log } from "../../../store/log.ts";

const full = new FleetError("unavailable", "the disk is full", { hint: "Make room." });

test("that the log can be written again is said once it has been for a while, and not between two failures", () => {
  const told: Notice[] = [];
  let nowUs = 0;
  const guarded = guardLog(
    {} as Log,
    (notice) => told.push(notice),
    () => nowUs,
  );
  const fails = () => {
    throw full;
  };
  // Seen on a full disk of some MB: each second one write found room, and the next one none.
  for (let second = 0; second < 18; second += 1) {
    nowUs = second * 1e6;
    guarded.attempt(fails);
    nowUs += 500_000;
    guarded.attempt(() => {});
  }
  expect(told).toEqual([{ what: "log", reason: "the disk is full" }]);
  nowUs = 23e6;
  guarded.attempt(() => {});
  guarded.attempt(() => {});
  expect(told.slice(1)).toEqual([{ what: "log", reason: null }]);
  guarded.attempt(fails);
  expect(told).toHaveLength(3);
});

import { readdirSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { oneThenAtATime, openChronicleThen } from "../../store/chronicle-then.ts";
import { beat, OWN, tally } from "./support/events.ts";
import { logBench } from "./support/log.ts";

const bench = logBench();
const folded = { projections: [tally], chronicle: null };

function logOfThree(): string {
  const path = bench.path();
  const log = bench.open(path);
  log.append({ source: "heartbeat", events: [beat("a"), beat("b"), beat("a", { status: "busy" })] });
  // While another connection of this process holds a lock on it, SQLite keeps a file that is closed open for the next one.
  log.close();
  return path;
}

/** What this process holds open of a log, or of SQLite's temporary files. */
function heldOpen(path: string): string[] {
  const files = readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [basename(readlinkSync(`/proc/self/fd/${fd}`))];
    } catch {
      // The one with which the directory was read.
      return [];
    }
  });
  return files.filter((name) => name.startsWith(basename(path)) || name.startsWith("etilqs")).sort();
}

test("a log that was folded for one question is held open until it is closed, and not longer", () => {
  const path = logOfThree();
  const before = heldOpen(path);
  const then = openChronicleThen(path, OWN, folded, 2);
  expect(then.view.lastSeq()).toBe(2);
  expect(heldOpen(path).length).toBeGreaterThan(before.length);
  then.close();
  expect(heldOpen(path)).toEqual(before);
});

test("nothing of it stays open where it cannot be folded", () => {
  const path = logOfThree();
  const before = heldOpen(path);
  const failing = {
    ...tally,
    evolve() {
      throw new Error("not this one");
    },
  };
  expect(() => openChronicleThen(path, OWN, { ...folded, projections: [failing] }, 3)).toThrow(
    "not this one",
  );
  expect(heldOpen(path)).toEqual(before);
});

test("who asks again and again holds one open at a time", () => {
  const path = logOfThree();
  const before = heldOpen(path);
  const fold = oneThenAtATime();
  fold(path, OWN, folded, 1);
  const withOne = heldOpen(path);
  expect(withOne.length).toBeGreaterThan(before.length);
  fold(path, OWN, folded, 2);
  const last = fold(path, OWN, folded, 3);
  expect(heldOpen(path)).toEqual(withOne);
  expect(last.view.lastSeq()).toBe(3);
  last.close();
  expect(heldOpen(path)).toEqual(before);
});

import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openShelves } from "../../cli/disk-shelf.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fleet-test-shelf-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Longer than a block now and then, and not of one byte each. */
const valueAt = (place: number) => ({
  place,
  text: `${place} ist größer als ${place - 1} ✓`.repeat(place % 1000 === 999 ? 4000 : 1),
});

test("what was put on a shelf is there in its order and by its place, also beside another one", () => {
  const { shelf, close } = openShelves(() => directory);
  const [one, other] = [shelf<ReturnType<typeof valueAt>>(), shelf<number>()];
  try {
    for (let place = 0; place < 5000; place += 1) {
      one.push(valueAt(place));
      if (place % 3 === 0) other.push(place);
      // It is read while it still grows.
      if (place % 700 === 0) expect(one.at(place >> 1)).toEqual(valueAt(place >> 1));
    }
    expect([one.length, other.length]).toEqual([5000, 1667]);
    expect([...other]).toEqual(Array.from({ length: 1667 }, (_, place) => place * 3));
    let place = 0;
    for (const value of one) expect(value).toEqual(valueAt(place++));
    for (const at of [4999, 0, 2500, 999, 1000, 1999]) expect(one.at(at)).toEqual(valueAt(at));
    expect(one.at(5000)).toBeUndefined();
    // Nobody finds the file, and nothing is left of it, however this ends.
    expect(readdirSync(directory)).toEqual([]);
  } finally {
    close();
  }
});

test("most answers are short: of those nothing is written", () => {
  const { shelf, close } = openShelves(() => {
    throw new Error("nobody is asked where");
  });
  const few = shelf<number>();
  for (let place = 0; place < 1000; place += 1) few.push(place);
  expect([...few]).toHaveLength(1000);
  close();
});

test("where nothing can be written memory has to do", () => {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = join(directory, "nowhere");
  const { shelf, close } = openShelves(() => join(directory, "nowhere-else"));
  try {
    const many = shelf<ReturnType<typeof valueAt>>();
    for (let place = 0; place < 5000; place += 1) many.push(valueAt(place));
    let place = 0;
    for (const value of many) expect(value).toEqual(valueAt(place++));
    expect(place).toBe(5000);
  } finally {
    close();
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
});

test("beside a log that may only be read the file is where temporary files are", () => {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = directory;
  const { shelf, close } = openShelves(() => join(directory, "nowhere"));
  try {
    const many = shelf<number>();
    for (let place = 0; place < 5000; place += 1) many.push(place);
    expect([...many]).toHaveLength(5000);
    expect(openedIn(directory)).toEqual([expect.stringMatching(/\/\.answer-\d+-\d+ \(deleted\)$/)]);
    close();
    expect(openedIn(directory)).toEqual([]);
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
});

function openedIn(directory: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${descriptor}`);
      return path.startsWith(directory) ? [path] : [];
    } catch {
      // That of the listing itself.
      return [];
    }
  });
}

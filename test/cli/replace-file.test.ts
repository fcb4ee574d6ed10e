import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { draftOf, replaceFile } from "../../cli/replace-file.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fleet-replace-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("a file is there whole, or as it was", () => {
  const path = join(directory, "told");
  replaceFile(path, "first", 0o600);
  const draft = draftOf(path, 0o644);
  draft.write("second");
  expect(readFileSync(path, "utf8")).toBe("first");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  draft.commit();
  expect(readFileSync(path, "utf8")).toBe("second");
  expect(statSync(path).mode & 0o777).toBe(0o644);
  draft.discard();
  draftOf(path, 0o600).discard();
  expect(readdirSync(directory)).toEqual(["told"]);
});

test("a link stays one, and what it leads to is replaced", () => {
  const place = join(directory, "place");
  const link = join(directory, "link");
  writeFileSync(place, "old");
  symlinkSync("place", link);
  replaceFile(link, "new", 0o600);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(place, "utf8")).toBe("new");
});

test("a pipe is written into, and stays a pipe, as /dev/null stays what it is", () => {
  const pipe = join(directory, "pipe");
  execFileSync("mkfifo", [pipe]);
  const reading = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const draft = draftOf(pipe, 0o600);
    draft.write("told");
    draft.commit();
    draft.discard();
    const bytes = Buffer.alloc(10);
    expect(bytes.subarray(0, readSync(reading, bytes)).toString()).toBe("told");
  } finally {
    closeSync(reading);
  }
  expect(lstatSync(pipe).isFIFO()).toBe(true);
  expect(readdirSync(directory)).toEqual(["pipe"]);
});

test("a directory is refused", () => {
  expect(() => draftOf(directory, 0o600)).toThrow("is a directory");
});

test("so is a place that is not there", () => {
  expect(() => draftOf(join(directory, "none", "file"), 0o600)).toThrow("cannot be written");
});

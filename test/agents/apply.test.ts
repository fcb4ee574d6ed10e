import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readWrittenFile, removeFiles, weigh, writeFiles } from "../../agents/apply.ts";
import type { PlannedFile } from "../../agents/plan.ts";
import { leftOver, readWritten } from "../../agents/written.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "fleet-apply-"));
});
afterEach(() => rmSync(home, { recursive: true }));

const planned = (name: string, text: string, kind: PlannedFile["kind"] = "data"): PlannedFile => ({
  path: join(home, name),
  text,
  mode: 0o600,
  what: name,
  kind,
});
const memory = () => join(home, "lib", "written.json");
const apply = (files: readonly PlannedFile[], force = false) => {
  const weighed = weigh(files, readWrittenFile(memory()), force);
  writeFiles(weighed, memory());
  return weighed.map(({ fate }) => fate);
};
const text = (name: string) => readFileSync(join(home, name), "utf8");

test("a place where no directory can be made is refused, and not tried for ever", () => {
  const file = { ...planned("x", "text"), path: "/proc/no-such-place/of/mine/x" };
  expect(() => writeFiles(weigh([file], {}, false), memory())).toThrow(/ENOENT/);
  const under = { ...planned("x", "text"), path: join(home, "a", "b", "x") };
  writeFileSync(join(home, "a"), "a file");
  expect(() => writeFiles(weigh([under], {}, false), memory())).toThrow();
});

test("files are written once, with their modes, and again only when what is planned changes", () => {
  const before = process.umask(0o077);
  try {
    expect(apply([{ ...planned("a/b", "one"), mode: 0o644 }])).toEqual(["new"]);
  } finally {
    process.umask(before);
  }
  expect(statSync(join(home, "a/b")).mode & 0o777).toBe(0o644);
  expect(statSync(join(home, "a")).mode & 0o777).toBe(0o700);
  chmodSync(join(home, "a/b"), 0o666);
  expect(apply([planned("a/b", "one")])).toEqual(["same"]);
  expect(statSync(join(home, "a/b")).mode & 0o777).toBe(0o600);
  expect(apply([planned("a/b", "two")])).toEqual(["update"]);
  expect(text("a/b")).toBe("two");
});

test("what was edited by hand is kept, until --force replaces it and saves what was there", () => {
  apply([planned("x.env", "ours")]);
  writeFileSync(join(home, "x.env"), "theirs");
  expect(apply([planned("x.env", "newer")])).toEqual(["kept"]);
  expect(text("x.env")).toBe("theirs");
  expect(apply([planned("x.env", "newer")], true)).toEqual(["replace"]);
  expect([text("x.env"), text("x.env.saved")]).toEqual(["newer", "theirs"]);
  expect(apply([planned("x.env", "newest")])).toEqual(["update"]);
});

test("a unit of another launcher's is a conflict in which nothing at all is written", () => {
  writeFileSync(join(home, "agent.service"), "another's");
  const files = [planned("first", "1"), planned("agent.service", "ours", "unit")];
  expect(() => apply(files)).toThrow("was not written by fleet");
  expect([existsSync(join(home, "first")), text("agent.service")]).toEqual([false, "another's"]);
  expect(apply(files, true)).toEqual(["new", "replace"]);
  expect(text("agent.service.saved")).toBe("another's");
  // Once it was ours, a change to it is a change by hand.
  writeFileSync(join(home, "agent.service"), "ours, edited");
  expect(apply([planned("agent.service", "ours 2", "unit")])).toEqual(["kept"]);
});

test("a link is not written through", () => {
  writeFileSync(join(home, "target"), "theirs");
  symlinkSync(join(home, "target"), join(home, "link"));
  expect(apply([planned("link", "ours")])).toEqual(["kept"]);
  expect(apply([planned("link", "ours")], true)).toEqual(["replace"]);
  expect([text("target"), text("link")]).toEqual(["theirs", "ours"]);
});

test("a memory that makes no sense remembers nothing, so nothing is written over", () => {
  apply([planned("a", "one")]);
  writeFileSync(memory(), "[broken");
  expect(apply([planned("a", "two")])).toEqual(["kept"]);
  expect(readWritten('["a"]')).toEqual({});
  expect(readWritten('{"a": 1, "b": "x"}')).toEqual({ b: "x" });
});

test("what an agent that has left the roster leaves behind is removed, unless it was edited", () => {
  apply([planned("gone.env", "1"), planned("edited.env", "2"), planned("stays.env", "3")]);
  writeFileSync(join(home, "edited.env"), "mine");
  const left = leftOver(readWrittenFile(memory()), [planned("stays.env", "3")]);
  expect(left).toEqual([join(home, "gone.env"), join(home, "edited.env")]);
  expect(removeFiles(left, memory())).toEqual([join(home, "gone.env")]);
  expect(Object.keys(readWrittenFile(memory()))).toEqual([join(home, "stays.env")]);
});

import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { resolvePlaces } from "../../cli/environment.ts";
import { distrust, ensureStateDirectory, stateDirectoryExists } from "../../cli/state-directory.ts";

const uid = process.getuid?.() ?? 0;
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "fleet-state-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const places = (state = join(home, "a", "b")) => resolvePlaces({ FLEET_STATE: state }, { uid, home });
const modeOf = (path: string) => statSync(path).mode & 0o777;

test("the state directory, its missing parents and the spool are made for the owner alone", () => {
  expect(stateDirectoryExists(places(), uid)).toBe(false);
  ensureStateDirectory(places(), uid);
  expect(stateDirectoryExists(places(), uid)).toBe(true);
  expect(["a", "a/b", "a/b/spool"].map((path) => modeOf(join(home, path)))).toEqual([0o700, 0o700, 0o700]);
  ensureStateDirectory(places(), uid);
});

test("a directory that others can write is refused, with the command that mends it", () => {
  const path = join(home, "shared");
  mkdirSync(path);
  chmodSync(path, 0o775);
  expect(() => ensureStateDirectory(places(path), uid)).toThrow(
    `${path} can be written by others (mode 0775)`,
  );
  chmodSync(path, 0o755);
  expect(() => ensureStateDirectory(places(path), uid)).not.toThrow();
});

test("a file in its place is refused", () => {
  writeFileSync(join(home, "file"), "");
  expect(() => stateDirectoryExists(places(join(home, "file")), uid)).toThrow("is not a directory");
});

test("a link of our own to a directory of our own is followed", () => {
  mkdirSync(join(home, "real"), { mode: 0o700 });
  symlinkSync(join(home, "real"), join(home, "link"));
  expect(stateDirectoryExists(places(join(home, "link")), uid)).toBe(true);
});

test("a place where nothing can be made says which variable chose it", () => {
  writeFileSync(join(home, "file"), "");
  expect(() => ensureStateDirectory(places(join(home, "file", "state")), uid)).toThrow(
    /cannot be (made|looked at)/,
  );
});

test("a file system that says ENOENT for ever is asked once", () => {
  expect(() => ensureStateDirectory(places("/proc/nope/fleet"), uid)).toThrow(/cannot be made: ENOENT/);
});

describe("whose directory it is", () => {
  const own = { isDirectory: true, uid: 1000, mode: 0o40700, linkUid: null };

  test("our own is trusted", () => {
    expect(distrust("/s", own, 1000)).toBeNull();
    expect(distrust("/s", { ...own, linkUid: 1000 }, 1000)).toBeNull();
    expect(distrust("/s", { ...own, linkUid: 0 }, 1000)).toBeNull();
  });

  test("another's is refused, also by root", () => {
    expect(distrust("/s", { ...own, uid: 1001 }, 1000)?.problem).toBe(
      "the state directory /s belongs to uid 1001, not to you (uid 1000)",
    );
    expect(distrust("/s", own, 0)?.problem).toContain("belongs to uid 1000, not to you (uid 0)");
  });

  test("one that its owner may not look into is told as that, and not as empty; root may", () => {
    const shut = { ...own, mode: 0o40000 };
    expect(distrust("/s", shut, 1000)?.problem).toBe(
      "the state directory /s may not be looked into (mode 0000)",
    );
    expect(distrust("/s", { ...shut, uid: 0 }, 0)).toBeNull();
    expect(distrust("/s", { ...own, mode: 0o40500 }, 1000)).toBeNull();
  });

  test("another's link to our own is refused", () => {
    expect(distrust("/s", { ...own, linkUid: 1001 }, 1000)?.problem).toContain(
      "is a link that belongs to uid 1001",
    );
  });
});

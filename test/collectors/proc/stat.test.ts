import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import {
  bootedAtUs,
  bootId,
  incarnationOf,
  isZombie,
  parseBtime,
  parseStat,
  parseUptime,
  readBootClock,
  readProcess,
  startedAtUs,
} from "../../../collectors/proc/stat.ts";

const ZOMBIE =
  "7901 (sh) Z 7890 7901 7901 34816 7901 4227084 120 0 0 0 0 0 0 0 20 0 1 0 163368 0 0 18446744073709551615 " +
  "0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 1024\n";

const made: string[] = [];
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

test("a stat line gives the fields that name and judge a process", () => {
  expect(parseStat(ZOMBIE)).toEqual({
    pid: 7901,
    state: "Z",
    ppid: 7890,
    pgrp: 7901,
    ttyNr: 34816,
    tpgid: 7901,
    threads: 1,
    startTicks: 163368,
    comm: "sh",
    image: null,
    exitCode: 1024,
  });
});

test("an exec is another image of the same process, also of the same program", async () => {
  const child = spawn("sh", ["-c", "read _; exec sh -c 'read _'"], { stdio: ["pipe", "ignore", "ignore"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const now = () => readProcess(child.pid as number);
  await expect.poll(() => now()?.comm).toBe("sh");
  await expect.poll(() => now()?.image).not.toBeNull();
  const before = now();
  expect(now()?.image).toBe(before?.image);
  child.stdin.write("\n");
  await expect.poll(() => now()?.image, { timeout: 15_000 }).not.toBe(before?.image);
  await expect.poll(() => now()?.comm).toBe("sh");
  expect(now()?.startTicks).toBe(before?.startTicks);
  child.stdin.end("\n");
  await ended;
});

test("a program may put spaces, parentheses and line breaks into its own name", () => {
  for (const name of ["a b", ") R 1 1 1", "((", "x)\n(y", ""]) {
    const stat = parseStat(ZOMBIE.replace("(sh)", `(${name})`));
    expect(stat).toMatchObject({ pid: 7901, state: "Z", startTicks: 163368 });
  }
});

test("what is not a stat line is null, and nothing makes the parser throw", () => {
  for (const text of [
    "",
    "7901",
    "7901 (sh)",
    "7901 (sh) Z 1 2",
    "x (sh) Z 1 2 3",
    ZOMBIE.replace("163368", "-1"),
  ]) {
    expect(parseStat(text)).toBeNull();
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseStat(text);
      parseUptime(text);
      parseBtime(text);
    }),
  );
});

test("a process whose main thread ended before the others is no zombie", () => {
  expect(isZombie({ state: "Z", threads: 1 })).toBe(true);
  expect(isZombie({ state: "Z", threads: 3 })).toBe(false);
  expect(isZombie({ state: "S", threads: 1 })).toBe(false);
});

test("this process is found, and a pid that does not exist is null", () => {
  expect(readProcess(process.pid)).toMatchObject({ pid: process.pid, ppid: process.ppid });
  expect(readProcess(2 ** 22 + 1)).toBeNull();
});

test("an error other than no such process is thrown and not taken for a death", () => {
  const root = mkdtempSync(join(tmpdir(), "fleet-proc-"));
  made.push(root);
  // A directory in place of the file: reading it is EISDIR.
  mkdirSync(join(root, "42", "stat"), { recursive: true });
  expect(() => readProcess(42, root)).toThrow(/EISDIR/);
});

test("a process that was just started is told to have started just now", async () => {
  const before = Date.now() * 1000;
  const child = spawn("sleep", ["30"]);
  try {
    const stat = readProcess(child.pid ?? 0);
    const startUs = startedAtUs(stat?.startTicks ?? 0, readBootClock(Date.now() * 1000));
    expect(startUs).toBeGreaterThan(before - 100_000);
    expect(startUs).toBeLessThan(Date.now() * 1000 + 100_000);
  } finally {
    child.kill("SIGKILL");
    await new Promise((resolve) => child.on("exit", resolve));
  }
});

test("the boot is told alike by the uptime and by btime", () => {
  const exact = readBootClock(Date.now() * 1000).bootedAtUs;
  expect(Math.abs((bootedAtUs() ?? 0) - exact)).toBeLessThan(2_000_000);
});

test("uptime and btime are read from a given root", () => {
  const root = mkdtempSync(join(tmpdir(), "fleet-proc-"));
  made.push(root);
  writeFileSync(join(root, "uptime"), "100.50 90.00\n");
  writeFileSync(join(root, "stat"), "cpu 1 2 3\nbtime 1700000000\nprocesses 5\n");
  expect(readBootClock(1_000_000_000, root)).toEqual({ bootedAtUs: 899_500_000 });
  expect(bootedAtUs(root)).toBe(1_700_000_000_000_000);
});

test("an incarnation names boot, process and its start", () => {
  expect(incarnationOf("5aae9575-1234-5678-9abc-def012345678", 4711, 99)).toBe("5aae9575-4711-99");
  expect(bootId()).toMatch(/^[0-9a-f-]{36}$/);
});

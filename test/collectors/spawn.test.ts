import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createLineSplitter, followLines, type Line, runProgram } from "../../collectors/spawn.ts";

const env = { PATH: process.env.PATH ?? "/usr/bin:/bin" };
const sh = (script: string) => ({ program: "/bin/sh", args: ["-c", script], env });

/** Whether a process still runs (a zombie does not). */
function runs(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; !condition(); ) {
    if (Date.now() > deadline) throw new Error("never came true");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("a program's end, output and complaints are told", async () => {
  const result = await runProgram({ ...sh("echo out; echo bad >&2; exit 3"), deadlineMs: 10_000 });
  expect(result).toMatchObject({ code: 3, signal: null, stdout: "out\n", stderr: "bad\n", timedOut: false });
});

test("words reach the program as they are: no shell reads them", async () => {
  const words = ["$(touch /tmp/pwned)", "a b", "'", '"', ";", "#{pid}", "*"];
  const result = await runProgram({ program: "printf", args: ["%s\\n", ...words], env, deadlineMs: 10_000 });
  expect(result.stdout).toBe(`${words.join("\n")}\n`);
});

test("the child sees the given environment and nothing else", async () => {
  const result = await runProgram({
    program: "env",
    args: [],
    env: { ...env, ONLY: "this" },
    deadlineMs: 10_000,
  });
  expect(result.stdout.trim().split("\n").sort()).toEqual([`ONLY=this`, `PATH=${env.PATH}`].sort());
});

test("a program that does not end by its deadline is killed and said to have been late", async () => {
  const begun = performance.now();
  const result = await runProgram({ ...sh("echo $$; exec sleep 60"), deadlineMs: 200 });
  expect(result).toMatchObject({ timedOut: true, code: null, missing: false });
  expect(performance.now() - begun).toBeLessThan(5000);
  await until(() => !runs(Number(result.stdout)));
});

test("a child that keeps the pipe open does not keep the answer past the deadline", async () => {
  const result = await runProgram({ ...sh("sleep 60 & echo $!; exit 0"), deadlineMs: 300 });
  expect(result.timedOut).toBe(true);
  process.kill(Number(result.stdout), "SIGKILL");
});

test("output without end is cut off and said to be too much", async () => {
  const result = await runProgram({
    program: "yes",
    args: [],
    env,
    deadlineMs: 20_000,
    maxOutputBytes: 10_000,
  });
  expect(result).toMatchObject({ overflowed: true, timedOut: false, code: null });
  expect(result.stdout.length).toBe(10_000);
});

test("a missing program is missing, not failed", async () => {
  const result = await runProgram({ program: "no-such-program-here", args: [], env, deadlineMs: 1000 });
  expect(result).toMatchObject({ missing: true, startError: null, code: null });
});

test("a program that cannot be executed says why", async () => {
  const directory = mkdtempSync(join(tmpdir(), "fleet-spawn-"));
  const program = join(directory, "data");
  writeFileSync(program, "no program\n", { mode: 0o600 });
  const result = await runProgram({ program, args: [], env, deadlineMs: 1000 });
  rmSync(directory, { recursive: true });
  expect(result).toMatchObject({ missing: false, code: null });
  expect(result.startError).toMatch(/EACCES/);
  const withNul = await runProgram({ program: "echo", args: ["a\0b"], env, deadlineMs: 1000 });
  expect(withNul.startError).toMatch(/null bytes/);
});

test("an abort kills the program at once, and one before the start starts nothing", async () => {
  const ending = new AbortController();
  setTimeout(() => ending.abort(), 50);
  const begun = performance.now();
  const result = await runProgram({ ...sh("exec sleep 60"), deadlineMs: 60_000, signal: ending.signal });
  expect(result.aborted).toBe(true);
  expect(performance.now() - begun).toBeLessThan(5000);
  expect(await runProgram({ ...sh("exit 0"), deadlineMs: 1000, signal: ending.signal })).toMatchObject({
    aborted: true,
    code: null,
  });
});

test("lines of a running program arrive while it runs, and its end is told", async () => {
  const lines: string[] = [];
  const ended = await followLines(
    { ...sh("echo one; echo two; printf half; echo bad >&2; exit 4"), signal: new AbortController().signal },
    (some) => void lines.push(...some.map(({ text, whole }) => `${text} ${whole}`)),
  );
  expect(lines).toEqual(["one true", "two true", "half false"]);
  expect(ended).toMatchObject({ code: 4, stderr: "bad\n", aborted: false });
});

test("an abort ends a followed program, also one that ignores SIGTERM", async () => {
  for (const script of ["echo $$; exec sleep 60", "trap '' TERM; echo $$; while :; do sleep 1; done"]) {
    const ending = new AbortController();
    let pid = 0;
    const begun = performance.now();
    const following = followLines({ ...sh(script), signal: ending.signal }, ([line]) => {
      pid = Number(line?.text);
      ending.abort();
    });
    expect((await following).aborted).toBe(true);
    expect(performance.now() - begun).toBeLessThan(5000);
    await until(() => !runs(pid));
  }
});

test("nothing more is read while the receiver is busy, and nothing is lost", async () => {
  const lines: Line[] = [];
  let busy = 0;
  await followLines(
    { program: "seq", args: ["20000"], env, signal: new AbortController().signal },
    async (some) => {
      busy += 1;
      expect(busy).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      lines.push(...some);
      busy -= 1;
    },
  );
  expect(lines.length).toBe(20_000);
  expect(lines.at(-1)?.text).toBe("20000");
});

test("what the receiver throws ends the program and is thrown", async () => {
  let pid = 0;
  const following = followLines(
    { ...sh("echo $$; exec sleep 60"), signal: new AbortController().signal },
    ([line]) => {
      pid = Number(line?.text);
      throw new Error("cannot go on");
    },
  );
  await expect(following).rejects.toThrow("cannot go on");
  await until(() => !runs(pid));
});

test("a missing program to follow is missing", async () => {
  const nothing = { program: "no-such-program-here", args: [], env, signal: new AbortController().signal };
  expect(await followLines(nothing, () => {})).toMatchObject({ missing: true, code: null });
});

test("however a stream is cut into chunks, the lines are the same", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" })), fc.array(fc.nat(50)), (texts, cuts) => {
      const lines = texts.map((text) => text.replaceAll("\n", ""));
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      const splitter = createLineSplitter(1024 * 1024);
      const found: Line[] = [];
      let at = 0;
      for (const cut of [...cuts, bytes.length]) {
        found.push(...splitter.push(bytes.subarray(at, at + cut)));
        at = Math.min(bytes.length, at + cut);
      }
      expect(found.map(({ text }) => text)).toEqual(lines);
      expect(splitter.end()).toBeNull();
    }),
  );
});

test("a line that is too long is cut, said to be so, and does not spoil the next one", () => {
  const splitter = createLineSplitter(5);
  const lines = splitter.push(Buffer.from("123456789\nnext\n12"));
  expect(lines).toEqual([
    { text: "12345", bytes: 9, whole: false },
    { text: "next", bytes: 4, whole: true },
  ]);
  expect(splitter.end()).toEqual({ text: "12", bytes: 2, whole: false });
});

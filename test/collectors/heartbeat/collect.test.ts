import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHeartbeatCollector, type HeartbeatOptions } from "../../../collectors/heartbeat/collect.ts";
import { readBeatFile } from "../../../collectors/heartbeat/read.ts";
import { parseStat } from "../../../collectors/proc/stat.ts";
import type { BeatSeen, HeartbeatSnapshot } from "../../../store/events/snapshot.ts";
import { type RecordingContext, recordingContext, until } from "../../support/collecting.ts";

const UID = process.getuid?.() ?? 0;
let base: string;
let directory: string;
let running: { recorder: RecordingContext; ended: Promise<void> }[] = [];
let children: ChildProcess[] = [];

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "fleet-heartbeat-"));
  directory = join(base, "run");
  mkdirSync(directory, { mode: 0o700 });
});

afterEach(async () => {
  for (const { recorder } of running) recorder.abort();
  await Promise.all(running.map(({ ended }) => ended));
  for (const child of children) child.kill("SIGKILL");
  running = [];
  children = [];
  chmodSync(directory, 0o700);
  rmSync(base, { recursive: true, force: true });
});

function line(over: { pid?: number; atMs?: number; rest?: string } = {}): string {
  const { pid = process.pid, atMs = Date.now(), rest = "" } = over;
  return `ts=${new Date(atMs).toISOString()} pid=${pid} status=ok${rest}\n`;
}

/** As a well-behaved agent does it: a temp file, then a rename. */
function beat(agent: string, text = line()): void {
  writeFileSync(join(directory, `.${agent}.hb.tmp`), text);
  renameSync(join(directory, `.${agent}.hb.tmp`), join(directory, `${agent}.hb`));
}

async function sampled(
  recorder = recordingContext(),
  over: Partial<HeartbeatOptions> = {},
): Promise<RecordingContext> {
  await createHeartbeatCollector({ directory, uid: UID, ...over }).sample(recorder.context);
  return recorder;
}

function watching(over: Partial<HeartbeatOptions> = {}): RecordingContext {
  const recorder = recordingContext();
  const ended = createHeartbeatCollector({ directory, uid: UID, ...over }).watch(recorder.context);
  ended.catch(() => {});
  running.push({ recorder, ended });
  return recorder;
}

function looks(recorder: RecordingContext): HeartbeatSnapshot[] {
  return recorder.snapshots() as HeartbeatSnapshot[];
}

function seen(recorder: RecordingContext, agent: string): BeatSeen[] {
  return looks(recorder).flatMap(({ beats }) => beats.filter((one) => one.agent === agent));
}

function lastOf(recorder: RecordingContext): HeartbeatSnapshot {
  const last = looks(recorder).at(-1);
  if (last === undefined) throw new Error("no snapshot");
  return last;
}

function sleeper(): ChildProcess {
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  children.push(child);
  return child;
}

describe("one look", () => {
  test("lists every beat with the start time of its process", async () => {
    beat("coder0", line({ atMs: 1_800_000_000_250, pid: process.pid, rest: " task=7" }));
    beat("coder1");
    const recorder = await sampled();
    const look = lastOf(recorder);
    const start = parseStat(readFileSync(`/proc/${process.pid}/stat`, "latin1"))?.startTicks;
    expect(look.complete).toBe(true);
    expect(look.beats.map(({ agent }) => agent)).toEqual(["coder0", "coder1"]);
    expect(look.beats[0]).toEqual({
      agent: "coder0",
      beat: {
        occurredAtUs: 1_800_000_000_250_000,
        precision: "ms",
        payload: {
          pid: process.pid,
          pidStart: start,
          status: "ok",
          evidence: "runtime",
          extra: { task: "7" },
        },
      },
      writerAlive: true,
    });
    expect(look.begunAtUs).toBeLessThanOrEqual(look.endedAtUs);
    expect(recorder.reports).toEqual([{ scope: "", outcome: { state: "observed" } }]);
  });

  test("of a directory that does not exist is an answer: nobody has beaten", async () => {
    rmSync(directory, { recursive: true });
    const recorder = await sampled();
    expect(lastOf(recorder)).toMatchObject({ complete: true, beats: [] });
    expect(recorder.reports).toEqual([{ scope: "", outcome: { state: "observed" } }]);
    mkdirSync(directory);
  });

  test("passes over temp files and files that are no heartbeats", async () => {
    writeFileSync(join(directory, ".coder0.hb"), line());
    writeFileSync(join(directory, "coder0.hb.tmp"), line());
    writeFileSync(join(directory, "coder0.hb~"), line());
    writeFileSync(join(directory, "coder0.probe"), "nonce");
    const recorder = await sampled();
    expect(lastOf(recorder)).toMatchObject({ complete: true, beats: [] });
    expect(recorder.events()).toEqual([]);
  });

  test("says of a process that is gone that it is gone, and knows no start time", async () => {
    const child = sleeper();
    const pid = child.pid as number;
    const exited = new Promise((resolve) => child.on("exit", resolve));
    child.kill("SIGKILL");
    await exited;
    beat("coder0", line({ pid }));
    const [one] = lastOf(await sampled()).beats;
    expect(one).toMatchObject({ writerAlive: false, beat: { payload: { pid, pidStart: null } } });
  });

  test("does not take a process that began after the beat for its writer", async () => {
    const child = sleeper();
    beat("coder0", line({ pid: child.pid as number, atMs: Date.now() - 3_600_000 }));
    const [one] = lastOf(await sampled()).beats;
    expect(one).toMatchObject({ writerAlive: false, beat: { payload: { pidStart: null } } });
  });

  test("does not say that a process is gone where there is no /proc to say so", async () => {
    beat("coder0");
    const [one] = lastOf(await sampled(recordingContext(), { procRoot: join(base, "no-proc") })).beats;
    expect(one).toMatchObject({ writerAlive: null, beat: { payload: { pidStart: null } } });
  });
});

describe("a directory that others could write to is not believed", () => {
  const reasonOf = async (): Promise<string> => {
    const recorder = await sampled();
    expect(looks(recorder)).toEqual([]);
    const outcome = recorder.reports.at(-1)?.outcome;
    return outcome?.state === "unavailable" ? outcome.reason : "";
  };

  test("because of its mode", async () => {
    beat("coder0");
    chmodSync(directory, 0o770);
    expect(await reasonOf()).toMatch(/can be written by others \(mode 0770\); run: chmod 700 /);
  });

  test("because it is a link", async () => {
    renameSync(directory, join(base, "real"));
    symlinkSync(join(base, "real"), directory);
    expect(await reasonOf()).toMatch(/is a symbolic link; name the real directory/);
  });

  test("because it is a file", async () => {
    rmSync(directory, { recursive: true });
    writeFileSync(directory, "");
    expect(await reasonOf()).toMatch(/is not a directory/);
  });

  test("because it belongs to somebody else", async () => {
    const recorder = recordingContext();
    await createHeartbeatCollector({ directory, uid: UID + 1 }).sample(recorder.context);
    expect(recorder.reports[0]?.outcome).toMatchObject({
      state: "unavailable",
      reason: expect.stringContaining(`belongs to uid ${UID}, not to ${UID + 1}`),
    });
  });

  test("because it holds thousands of files", async () => {
    for (let index = 0; index < 4100; index += 1) writeFileSync(join(directory, `x${index}`), "");
    expect(await reasonOf()).toMatch(/more than 4096 files/);
  });
});

describe("a file that is no beat is told once and never followed", () => {
  const HOSTILE: Record<string, (path: string) => void> = {
    "is empty": (path) => writeFileSync(path, ""),
    "holds a NUL byte": (path) => writeFileSync(path, `${line()}\0`),
    "is not UTF-8 text": (path) => writeFileSync(path, Buffer.from([0x74, 0x73, 0x3d, 0xff, 0xfe])),
    '"garbage" is not key=value': (path) => writeFileSync(path, "garbage"),
    "is larger than 4096 bytes": (path) => {
      writeFileSync(path, "");
      truncateSync(path, 10_000_000);
    },
    "is a symbolic link": (path) => symlinkSync("/etc/passwd", path),
    "is not a regular file": (path) => execFileSync("mkfifo", [path]),
  };

  test.each(Object.keys(HOSTILE))("%s", async (reason) => {
    beat("good");
    HOSTILE[reason]?.(join(directory, "evil.hb"));
    const recorder = await sampled();
    const [event, ...more] = recorder.events("collector.input.rejected");
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      agent: "evil",
      source: "heartbeat",
      payload: { where: join(directory, "evil.hb"), reason },
    });
    expect(JSON.stringify(event)).not.toContain("root:");
    // What is there but is no beat is not among the beats, and must not be taken for gone.
    const look = lastOf(recorder);
    expect(look).toMatchObject({ complete: true, beats: [{ agent: "good" }] });
    expect(look.unreadable?.length).toBeGreaterThan(0);
    expect(recorder.reports.at(-1)?.outcome.state).toBe("observed");
  });

  test("also a directory or a socket of that name", async () => {
    mkdirSync(join(directory, "folder.hb"));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(directory, "socket.hb"), resolve));
    const recorder = await sampled();
    server.close();
    expect(
      recorder
        .events("collector.input.rejected")
        .map(({ agent }) => agent)
        .sort(),
    ).toEqual(["folder", "socket"]);
  });

  test("also one that belongs to somebody else", async () => {
    beat("evil");
    expect(readBeatFile(join(directory, "evil.hb"), UID + 1, null)).toMatchObject({
      state: "rejected",
      reason: `belongs to uid ${UID}, not to ${UID + 1}`,
      raw: "",
    });
  });

  test("also one whose name is no agent's, which belongs to no row", async () => {
    writeFileSync(join(directory, "$(touch pwn).hb"), line());
    writeFileSync(join(directory, "a b\n.hb"), line());
    const recorder = await sampled();
    const told = recorder.events("collector.input.rejected");
    expect(told.map(({ agent }) => agent)).toEqual([null, null]);
    expect(told.map(({ payload }) => (payload as { where: string }).where).sort()).toEqual([
      join(directory, "$(touch pwn).hb"),
      join(directory, "a b\\x0a.hb"),
    ]);
  });

  test("with a bounded, printable piece of it", async () => {
    beat("evil", `\u001b[2J${"x".repeat(3000)}`);
    const recorder = await sampled();
    const raw = `\\x1b[2J${"x".repeat(1017)}`;
    expect(recorder.events("collector.input.rejected")[0]?.payload).toMatchObject({ raw, bytes: 3004 });
  });

  test("not again by the next look, a restart or a second writer, and again when it is something else", async () => {
    const cursors = new Map<string, string>();
    beat("evil", "garbage");
    writeFileSync(join(directory, "no name.hb"), "");
    const first = await sampled(recordingContext({ cursors }));
    expect(first.events()).toHaveLength(2);
    beat("evil", "garbage");
    expect((await sampled(recordingContext({ cursors }))).events()).toEqual([]);
    beat("evil", "other garbage");
    expect((await sampled(recordingContext({ cursors }))).events()).toHaveLength(1);
  });

  test("and the beat that was there before it still stands", async () => {
    const recorder = watching({ sweepMs: 50 });
    beat("coder0");
    await until("the beat is seen", () => seen(recorder, "coder0").length > 0);
    beat("coder0", "garbage");
    await until("the garbage is told", () => recorder.events("collector.input.rejected").length > 0);
    const count = looks(recorder).length;
    await until("two more sweeps", () => looks(recorder).length >= count + 2);
    expect(lastOf(recorder)).toMatchObject({
      complete: true,
      beats: [{ agent: "coder0", writerAlive: true }],
    });
    expect(recorder.events("collector.input.rejected")).toHaveLength(1);
    beat("coder0");
    await until(
      "the good beat is seen",
      () => new Set(seen(recorder, "coder0").map(({ beat }) => beat?.occurredAtUs)).size === 2,
    );
    beat("coder0", "garbage");
    await until(
      "the same garbage after a good beat is news",
      () => recorder.events("collector.input.rejected").length === 2,
    );
  });
});

describe("watching", () => {
  test("tells each beat at once, long before the next sweep", async () => {
    const recorder = watching({ sweepMs: 60_000 });
    await until("the first sweep", () => looks(recorder).length > 0);
    for (let turn = 0; turn < 5; turn += 1) {
      const atMs = Date.now() - turn;
      beat("coder0", line({ atMs, rest: ` seq=${turn}` }));
      await until(`beat ${turn}`, () =>
        seen(recorder, "coder0").some(({ beat }) => beat?.payload.extra?.seq === `${turn}`),
      );
    }
    const changes = looks(recorder).filter(({ complete, beats }) => !complete && beats.length > 0);
    expect(changes.length).toBeGreaterThanOrEqual(3);
    expect(changes.every(({ beats }) => beats.length === 1)).toBe(true);
  });

  test("says nothing anew of a file that was rewritten with the same beat", async () => {
    const recorder = watching({ sweepMs: 60_000 });
    const text = line();
    beat("coder0", text);
    await until("the beat", () => seen(recorder, "coder0").length > 0);
    beat("coder0", text);
    beat("coder1");
    await until("the other beat", () => seen(recorder, "coder1").length > 0);
    const values = looks(recorder)
      .filter(({ complete }) => !complete)
      .flatMap(({ beats }) => beats.map(({ agent }) => agent));
    expect(values.filter((agent) => agent === "coder0").length).toBeLessThanOrEqual(1);
  });

  test("finds by the sweep what no wake-up told, in one complete look", async () => {
    const recorder = watching({ sweepMs: 40 });
    await until("the first sweep", () => looks(recorder).length > 0);
    const path = join(directory, "coder0.hb");
    writeFileSync(path, line({ atMs: 1_800_000_000_000 }));
    // The same length in the same tick of the kernel's clock: neither size nor time tells them apart.
    writeFileSync(path, line({ atMs: 1_800_000_001_000 }));
    await until(
      "the last content",
      () =>
        lastOf(recorder).complete && lastOf(recorder).beats[0]?.beat?.occurredAtUs === 1_800_000_001_000_000,
    );
  });

  test("waits a moment for a writer that empties the file before it fills it", async () => {
    const recorder = watching({ sweepMs: 60_000 });
    beat("coder0", line({ rest: " seq=0" }));
    await until("the first beat", () => seen(recorder, "coder0").length > 0);
    for (let turn = 1; turn <= 20; turn += 1) {
      writeFileSync(join(directory, "coder0.hb"), "");
      await new Promise((resolve) => setTimeout(resolve, 2));
      writeFileSync(join(directory, "coder0.hb"), line({ rest: ` seq=${turn}` }));
      await until(`beat ${turn}`, () =>
        seen(recorder, "coder0").some(({ beat }) => beat?.payload.extra?.seq === `${turn}`),
      );
    }
    expect(recorder.events("collector.input.rejected")).toEqual([]);
  });

  test("says when a file is gone", async () => {
    const recorder = watching({ sweepMs: 60_000 });
    beat("coder0");
    await until("the beat", () => seen(recorder, "coder0").length > 0);
    unlinkSync(join(directory, "coder0.hb"));
    await until("its removal", () => seen(recorder, "coder0").at(-1)?.beat === null);
    expect(lastOf(recorder)).toMatchObject({ complete: false, beats: [{ agent: "coder0", beat: null }] });
  });

  test("says within a second that the process behind a beat has gone", async () => {
    const child = sleeper();
    const recorder = watching({ sweepMs: 60_000 });
    beat("coder0", line({ pid: child.pid as number }));
    await until("the beat of a living process", () => seen(recorder, "coder0").at(-1)?.writerAlive === true);
    const start = seen(recorder, "coder0").at(-1)?.beat?.payload.pidStart;
    expect(start).toBeGreaterThan(0);
    const killedAt = performance.now();
    child.kill("SIGKILL");
    await until("its end", () => seen(recorder, "coder0").at(-1)?.writerAlive === false);
    expect(performance.now() - killedAt).toBeLessThan(5000);
    expect(seen(recorder, "coder0").at(-1)?.beat?.payload).toMatchObject({ pid: child.pid, pidStart: start });
  });

  test("knows a zombie for an ended process", async () => {
    // The shell's child ends and the shell, busy with `sleep`, never asks how.
    const parent = spawn("bash", ["-c", "sleep 0.05 & echo $!; exec sleep 600"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    children.push(parent);
    const pid = Number(
      await new Promise<string>((resolve) => parent.stdout?.once("data", (data) => resolve(String(data)))),
    );
    await until("the zombie", () => parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"))?.state === "Z");
    beat("coder0", line({ pid }));
    const [one] = lastOf(await sampled()).beats;
    expect(one).toMatchObject({ writerAlive: false });
  });

  test("goes on when the directory appears, is removed, and is replaced by another", async () => {
    rmSync(directory, { recursive: true });
    const recorder = watching({ sweepMs: 1000 });
    await until("the empty look", () => looks(recorder).length > 0);
    mkdirSync(directory, { mode: 0o700 });
    beat("coder0");
    await until("a beat in the new directory", () => seen(recorder, "coder0").at(-1)?.beat != null);
    rmSync(directory, { recursive: true });
    await until(
      "the beats are gone with it",
      () => lastOf(recorder).beats.every(({ beat }) => beat === null) || lastOf(recorder).beats.length === 0,
    );
    mkdirSync(directory, { mode: 0o700 });
    await until("it is watched again", () => {
      beat("coder1");
      return seen(recorder, "coder1").length > 0;
    });
    expect(recorder.reports.every(({ outcome }) => outcome.state === "observed")).toBe(true);
  });

  test("follows a directory that took the place of the watched one at the next sweep", async () => {
    const recorder = watching({ sweepMs: 100 });
    beat("coder0");
    await until("the beat", () => seen(recorder, "coder0").length > 0);
    mkdirSync(join(base, "next"), { mode: 0o700 });
    renameSync(directory, join(base, "former"));
    renameSync(join(base, "next"), directory);
    await until(
      "the former beats are gone",
      () => lastOf(recorder).complete && lastOf(recorder).beats.length === 0,
    );
    beat("coder1");
    await until("the beat in the new one", () => seen(recorder, "coder1").length > 0);
  });

  test("ends within half a second of the signal and leaves no file open", async () => {
    const before = execFileSync("ls", [`/proc/${process.pid}/fd`], { encoding: "utf8" }).split("\n").length;
    const recorder = watching({ sweepMs: 60_000 });
    for (let index = 0; index < 20; index += 1) beat(`coder${index}`);
    await until("all beats", () => seen(recorder, "coder19").length > 0);
    const abortedAt = performance.now();
    recorder.abort();
    await running[0]?.ended;
    expect(performance.now() - abortedAt).toBeLessThan(500);
    await until(
      "files are closed",
      () =>
        execFileSync("ls", [`/proc/${process.pid}/fd`], { encoding: "utf8" }).split("\n").length <= before,
    );
  });
});

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const program = join(import.meta.dirname, "..", "..", "examples", "dogfood-agent.py");

let home: string;
let run: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "fleet-dogfood-"));
  run = join(home, "run");
});
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGKILL");
    await ended;
  }
  rmSync(home, { recursive: true, force: true });
});

function start(env: Record<string, string>): ChildProcess {
  const child = spawn("python3", [program], {
    env: { PATH: process.env.PATH ?? "", HOME: home, MOSAIC_AGENT_NAME: "coder0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  return child;
}
const beatFile = () => join(run, "coder0.hb");
const beat = (): Record<string, string> =>
  Object.fromEntries(
    (existsSync(beatFile()) ? readFileSync(beatFile(), "utf8") : "")
      .trim()
      .split(" ")
      .map((pair) => pair.split("=") as [string, string]),
  );
const seq = () => Number(beat().seq ?? 0);
const until = { timeout: 20_000, interval: 20 };

test("it beats by the protocol, in private files, and leaves no other file", async () => {
  const before = Date.now();
  const child = start({ FLEET_HOME: home, MOSAIC_HEARTBEAT_INTERVAL: "0.2" });
  await expect.poll(seq, until).toBeGreaterThan(2);
  const { ts, pid, status, source } = beat();
  expect({ pid, status, source }).toEqual({ pid: String(child.pid), status: "ok", source: "runtime" });
  expect(Date.parse(ts ?? "")).toBeGreaterThanOrEqual(before - 1000);
  expect(statSync(beatFile()).mode & 0o777).toBe(0o600);
  expect(statSync(run).mode & 0o777).toBe(0o700);
  child.kill("SIGTERM");
  await new Promise((resolve) => child.once("close", resolve));
  expect(child.exitCode).toBe(0);
  expect(readdirSync(run)).toEqual(["coder0.hb"]);
});

test("MOSAIC_HEARTBEAT_RUN_DIR wins over FLEET_HOME, and the home directory is the last resort", async () => {
  const elsewhere = join(home, "else where");
  start({ FLEET_HOME: home, MOSAIC_HEARTBEAT_RUN_DIR: elsewhere });
  await expect.poll(() => existsSync(join(elsewhere, "coder0.hb")), until).toBe(true);
  start({});
  const last = join(home, ".config", "mosaic", "fleet", "run", "coder0.hb");
  await expect.poll(() => existsSync(last), until).toBe(true);
  expect(existsSync(run)).toBe(false);
});

test("USR1 stops the beats of a process that lives on, and USR2 starts them again", async () => {
  const child = start({ FLEET_HOME: home, MOSAIC_HEARTBEAT_INTERVAL: "0.1" });
  await expect.poll(seq, until).toBeGreaterThan(0);
  child.kill("SIGUSR1");
  // Quiet is when the same beat is read ten intervals running; a program that beats on never gives that.
  let last = -1;
  let same = 0;
  await expect
    .poll(
      () => {
        same = seq() === last ? same + 1 : 0;
        last = seq();
        return same;
      },
      { timeout: 20_000, interval: 100 },
    )
    .toBeGreaterThan(10);
  expect(child.exitCode).toBeNull();
  child.kill("SIGUSR2");
  await expect.poll(seq, until).toBeGreaterThan(last);
});

test("a probe is answered at once by a beat that repeats it, once for each time it is written", async () => {
  start({ FLEET_HOME: home, MOSAIC_HEARTBEAT_INTERVAL: "3600" });
  await expect.poll(seq, until).toBe(1);
  for (const [nonce, count] of [
    ["first-1", 2],
    ["second_2", 3],
  ] as const) {
    writeFileSync(join(run, "probe.tmp"), nonce);
    renameSync(join(run, "probe.tmp"), join(run, "coder0.probe"));
    await expect.poll(() => [beat().probe, seq()], until).toEqual([nonce, count]);
  }
  writeFileSync(join(run, "probe.tmp"), "not a $(nonce)");
  renameSync(join(run, "probe.tmp"), join(run, "coder0.probe"));
  writeFileSync(join(run, "third.tmp"), "third");
  await expect.poll(() => beat().seq, until).toBe("3");
  renameSync(join(run, "third.tmp"), join(run, "coder0.probe"));
  await expect.poll(() => [beat().probe, seq()], until).toEqual(["third", 4]);
});

test("it lives on when its beat cannot be written, and beats again when it can", async () => {
  const child = start({ FLEET_HOME: home, MOSAIC_HEARTBEAT_INTERVAL: "0.1" });
  let said = "";
  child.stdout?.on("data", (data) => {
    said += data;
  });
  await expect.poll(seq, until).toBeGreaterThan(0);
  rmSync(run, { recursive: true });
  await expect.poll(() => said, until).toContain("cannot beat");
  mkdirSync(run, { mode: 0o700 });
  await expect.poll(seq, until).toBeGreaterThan(1);
});

test("a wrong environment is refused with the value and without a traceback", () => {
  const wrong: [Record<string, string>, string][] = [
    [{ MOSAIC_AGENT_NAME: "" }, "MOSAIC_AGENT_NAME=''"],
    [{ MOSAIC_AGENT_NAME: "../x" }, "MOSAIC_AGENT_NAME='../x'"],
    [{ MOSAIC_HEARTBEAT_INTERVAL: "soon" }, "MOSAIC_HEARTBEAT_INTERVAL='soon'"],
    [{ MOSAIC_HEARTBEAT_INTERVAL: "-1" }, "MOSAIC_HEARTBEAT_INTERVAL='-1'"],
    [{ MOSAIC_HEARTBEAT_INTERVAL: "nan" }, "MOSAIC_HEARTBEAT_INTERVAL='nan'"],
  ];
  for (const [env, expected] of wrong) {
    const ended = spawnSync("python3", [program], {
      env: { PATH: process.env.PATH ?? "", FLEET_HOME: home, MOSAIC_AGENT_NAME: "coder0", ...env },
      encoding: "utf8",
      timeout: 20_000,
    });
    expect([ended.status, ended.stderr.split("\n").length]).toEqual([2, 2]);
    expect(ended.stderr).toContain(expected);
  }
});

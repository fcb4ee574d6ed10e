import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseBeat } from "../../collectors/heartbeat/parse.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const MAIN = join(ROOT, "cli", "main.ts");

let home: string;
let run: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "fleet-beat-"));
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

const environment = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: home,
  FLEET_HOME: home,
  FLEET_STATE: join(home, "state"),
  FLEET_HOST: "W-jarvis",
  FLEET_TENANT: "jarvis",
  MARK_OF_TEST_RUN: process.env.MARK_OF_TEST_RUN,
});
function beating(...argv: string[]): ChildProcess {
  const child = spawn(process.execPath, [MAIN, "beat", ...argv], { env: environment(), stdio: "pipe" });
  started.push(child);
  return child;
}
function once(...argv: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, "beat", ...argv], { env: environment(), encoding: "utf8" });
}
function living(): ChildProcess {
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  started.push(child);
  return child;
}
const beat = (name = "coder0"): Record<string, string> =>
  Object.fromEntries(
    (existsSync(join(run, `${name}.hb`)) ? readFileSync(join(run, `${name}.hb`), "utf8") : "")
      .trim()
      .split(" ")
      .map((word) => word.split("=") as [string, string]),
  );
const ended = (child: ChildProcess): Promise<number | null> =>
  child.exitCode === null
    ? new Promise((resolve) => child.once("exit", resolve))
    : Promise.resolve(child.exitCode);
const until = { timeout: 25_000, interval: 20 };

test("one beat is on behalf of whoever runs the command, and says so as JSON", () => {
  const { status, stdout } = once("coder0", "--status", "busy", "--task", "T-1", "--json");
  expect(status).toBe(0);
  expect(beat()).toMatchObject({ pid: String(process.pid), status: "busy", task: "T-1" });
  expect(JSON.parse(stdout)).toMatchObject({
    schema: "fleet.beat.v1",
    tenant_id: "jarvis",
    host: "W-jarvis",
    agent: "coder0",
    pid: process.pid,
    status: "busy",
  });
});

test.each([
  [["../x"], "is not an agent's name"],
  [["coder0", "--status", "dead"], "expected one of ok, busy, waiting, unknown"],
  [["coder0", "--interval", "0"], "is not a number of seconds"],
  [["coder0", "--stdin"], "--stdin means nothing without --loop"],
  [["coder0", "--sidecar"], "needs to know for which process"],
  [["coder0", "--sidecar", "--pane", "#(id)"], "is not the id of a pane"],
  [["coder0", "--sidecar", "--loop", "--pid", "1"], "is a loop already"],
])("%j is refused", (argv, problem) => {
  const { status, stderr } = once(...argv);
  expect(stderr).toContain(problem);
  expect(status).toBe(2);
  expect(existsSync(run)).toBe(false);
});

test("a process that is not there is not vouched for", () => {
  const child = spawnSync("true");
  const { status, stderr } = once("coder0", "--pid", String(child.pid));
  expect(stderr).toContain(`there is no process ${child.pid} to beat for`);
  expect(status).toBe(1);
  expect(existsSync(run)).toBe(false);
});

test("a loop takes statuses from its input, answers probes, and ends with the input", async () => {
  const child = beating("coder0", "--loop", "--stdin", "--interval", "600");
  await expect.poll(() => beat().status, until).toBe("ok");
  child.stdin?.write("busy\n");
  await expect.poll(() => beat().status, until).toBe("busy");
  child.stdin?.write("nonsense\n");
  writeFileSync(join(run, "coder0.probe"), "n1\n", { mode: 0o600 });
  await expect.poll(() => beat(), until).toMatchObject({ probe: "n1", status: "busy", source: "runtime" });
  child.stdin?.end();
  expect(await ended(child)).toBe(0);
});

test("a loop ends with the process that it vouches for", async () => {
  const agent = living();
  const child = beating("coder0", "--loop", "--interval", "0.1", "--pid", String(agent.pid));
  await expect.poll(() => beat().pid, until).toBe(String(agent.pid));
  agent.kill("SIGKILL");
  expect(await ended(child)).toBe(0);
});

test("a sidecar says that it is one, and ends with its process", async () => {
  const agent = living();
  const child = beating("coder0", "--sidecar", "--pid", String(agent.pid));
  await expect.poll(() => beat(), until).toMatchObject({ pid: String(agent.pid), source: "sidecar" });
  agent.kill("SIGKILL");
  expect(await ended(child)).toBe(0);
});

test("the interval is the roster's before the environment's", async () => {
  writeFileSync(
    join(home, "roster.yaml"),
    "version: 1\nagents:\n  - { name: coder0, runtime: pi, heartbeat: { interval_seconds: 0.1 } }\n",
  );
  beating("coder0", "--loop");
  await expect.poll(() => Number(beat().seq), until).toBeGreaterThan(2);
});

test("a name that the roster does not have beats all the same, and is said to be unknown", () => {
  const roster =
    "version: 1\nagents:\n  - { name: coder0, runtime: pi }\n  - { name: coder1, runtime: pi }\n";
  writeFileSync(join(home, "roster.yaml"), roster);
  const { status, stderr } = once("coder9");
  expect(status).toBe(0);
  expect(beat("coder9")).toMatchObject({ status: "ok" });
  expect(stderr).toContain("coder9 beats, and no agent is called so");
  expect(stderr).toContain("coder0, coder1");
  expect(once("coder1").stderr).toBe("");
});

test("the shell function of the guide beats by the protocol and answers a probe", () => {
  const guide = readFileSync(join(ROOT, "docs/operating.md"), "utf8");
  const [, script = ""] = /```sh\n(beat\(\) \{[\s\S]*?\n\})\n/.exec(guide) ?? [];
  expect(script).toContain("NAME.hb".slice(4));
  const shell = (probe: string | null) => {
    if (probe !== null) writeFileSync(join(run, "coder0.probe"), `${probe}\n`);
    return spawnSync("sh", ["-euc", `${script}\nbeat coder0 busy`], { env: environment(), encoding: "utf8" });
  };
  expect(shell(null)).toMatchObject({ status: 0, stderr: "" });
  expect(parseBeat(readFileSync(join(run, "coder0.hb")))).toMatchObject({
    ok: true,
    payload: { status: "busy" },
  });
  expect(shell("n1")).toMatchObject({ status: 0, stderr: "" });
  expect(parseBeat(readFileSync(join(run, "coder0.hb")))).toMatchObject({
    payload: { extra: { probe: "n1" } },
  });
  expect(statSync(join(run, "coder0.hb")).mode & 0o777).toBe(0o600);
  expect(readdirSync(run).sort()).toEqual(["coder0.hb", "coder0.probe"]);
});

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AgentRow } from "../../query/row.ts";
import { createLiveFleet, type LiveFleet, waitUntil } from "./support/live-fleet.ts";

const ROSTER = `version: 1
tmux: { socket_name: fleet-test, holder_session: _holder }
heartbeat: { interval_seconds: 1 }
agents:
  - { name: coder0, runtime: dogfood-agent.py, class: implementer }
  - { name: coder1, runtime: pi, class: implementer }
`;

let live: LiveFleet;
beforeEach(() => {
  live = createLiveFleet(ROSTER);
  live.tmux("new-session", "-d", "-s", "_holder", "sleep", "infinity");
  live.startAgent("coder0");
  live.startAgent("coder1");
});
afterEach(() => live.remove());

const healthy = () =>
  waitUntil(
    "both agents are healthy",
    async () =>
      (await live.row("coder0")).status === "healthy" && (await live.row("coder1")).status === "healthy",
  );

/** What a row says but for the moment at which it was asked. */
function lasting({ idle: _idle, heartbeat, systemd, pane, drift, boot, ...row }: AgentRow) {
  const { age_seconds: _age, at: _at, observed_at: _beat, ...beat } = heartbeat;
  const timeless = <T extends { observed_at: string | null }>({ observed_at: _observed, ...cell }: T) => cell;
  return {
    ...row,
    heartbeat: beat,
    systemd: timeless(systemd),
    pane: timeless(pane),
    drift: timeless(drift),
    boot: timeless(boot),
  };
}

describe("without a recorder", () => {
  test("ps looks once at everything, says so, and leaves what it saw in the log", async () => {
    await healthy();
    const document = await live.ps();
    expect(document.observer.state).toBe("one-shot");
    expect(document.agents.map(({ name, status }) => [name, status])).toEqual([
      ["coder0", "healthy"],
      ["coder1", "healthy"],
      ["_holder", "running"],
    ]);
    expect(document.agents[0]).toMatchObject({
      tenant_id: "jarvis",
      host: "W-jarvis",
      pane: { state: "alive", pid: live.panePid("coder0"), socket: live.socketPath },
      heartbeat: { health: "healthy", status: "ok", interval_seconds: 1 },
      drift: { state: "no" },
      systemd: { active: "unknown" },
    });
    expect(document.agents[1]?.drift).toMatchObject({
      state: "yes",
      expected: "pi",
      actual: "dogfood-agent.py",
    });
    expect(document.observer.sources.systemd).toMatchObject({ state: "unavailable" });
    const { stdout } = await live.fleet("events", "--type", "recorder.sample.taken", "--json");
    expect(stdout.trimEnd().split("\n").length).toBeGreaterThan(1);
    expect((await live.fleet("ps")).stdout).toContain("No recorder runs: this is one look");
  });

  test("a session that is gone is dead, and its evidence is there for why", async () => {
    await healthy();
    live.tmux("kill-session", "-t", "=coder0");
    const { code, stdout } = await live.fleet("why", "coder0");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^coder0 is dead: pane missing/);
    expect(stdout).toMatch(/tmux\.pane\.closed/);
    expect((await live.fleet("ps", "--check", "coder0")).code).toBe(2);
  });
});

test("a recorder and many a first ps may start together where nothing was recorded yet", async () => {
  for (let round = 0; round < 4; round += 1) {
    live.environment.FLEET_STATE = join(live.home, `state-${round}`);
    const recorder = live.start("record");
    const looks = await Promise.all(Array.from({ length: 5 }, () => live.fleet("ps", "--json")));
    for (const { code, stderr } of looks) expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await waitUntil("it records", async () => (await live.ps("--no-collect")).observer.state === "recording");
    recorder.child.kill("SIGTERM");
    expect((await recorder.ended).code).toBe(0);
  }
});

describe("with a recorder", () => {
  test("ps reads the log and gives the same answer as a look of its own", async () => {
    await healthy();
    const before = await live.ps();
    await live.recorder();
    await waitUntil("the recorder is seen", async () => (await live.ps()).observer.state === "recording");
    await waitUntil("its sources are fresh", async () => {
      const { sources } = (await live.ps()).observer;
      return ["tmux", "process", "heartbeat", "roster"].every((name) => sources[name]?.state === "fresh");
    });
    const after = await live.ps();
    expect(after.agents.map(lasting)).toEqual(before.agents.map(lasting));
    const seq = after.log_seq;
    await live.ps();
    const samples = ["events", "--after", String(seq), "--type", "recorder.sample.taken", "--json"];
    const { stdout } = await live.fleet(...samples);
    expect(stdout).toBe("");
  });

  test("a killed agent, a closed pane, a silent heart are seen", async () => {
    await healthy();
    await live.recorder();
    live.tmux("set-option", "-w", "-t", "=coder0:", "remain-on-exit", "on");
    process.kill(live.panePid("coder0"), "SIGKILL");
    await waitUntil("coder0 failed", async () => (await live.row("coder0")).status === "failed");
    expect(await live.row("coder0")).toMatchObject({
      status_reason: "signal 9",
      pane: { state: "dead", signal: 9 },
    });
    process.kill(live.panePid("coder1"), "SIGUSR1");
    await waitUntil("coder1 is stale", async () => (await live.row("coder1")).status === "stale");
    live.tmux("kill-session", "-t", "=coder1");
    await waitUntil("coder1 is dead", async () => (await live.row("coder1")).status === "dead");
  });

  test("a second one says who holds the log, and leaves", async () => {
    const first = await live.recorder();
    const { code, stdout, stderr } = await live.fleet("record");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      new RegExp(
        `^fleet: a recorder runs already: process ${first.child.pid} \\(fleet [0-9.]+\\) since .*\\n {2}Leave the recording to it, or end it first: kill ${first.child.pid}\\n$`,
      ),
    );
  });

  test.each([
    ["SIGTERM", 0, "SIGTERM"],
    ["SIGHUP", 0, "SIGHUP"],
    ["SIGINT", 130, "interrupted"],
  ] as const)("%s settles it within a second, with %i", async (signal, code, reason) => {
    const recorder = await live.recorder();
    await waitUntil("it records", async () => (await live.ps("--no-collect")).observer.state === "recording");
    const begunMs = performance.now();
    recorder.child.kill(signal);
    expect((await recorder.ended).code).toBe(code);
    // The deadline of the product is a second; the machine that tests it may be busy.
    expect(performance.now() - begunMs).toBeLessThan(5000);
    expect(recorder.stdout().trimEnd()).toMatch(new RegExp(`stopped: ${reason}$`));
    const { stdout } = await live.fleet("events", "--type", "recorder.stopped", "--json");
    expect(JSON.parse(stdout).payload).toEqual({ pid: recorder.child.pid, reason });
    expect((await live.ps("--no-collect")).observer.state).toBe("absent");
  });

  test("one that was killed has lapsed, says the next look", async () => {
    const recorder = await live.recorder();
    recorder.child.kill("SIGKILL");
    await recorder.ended;
    expect((await live.ps()).observer.state).toBe("one-shot");
    const { stdout } = await live.fleet("events", "--type", "recorder.lapsed", "--json");
    expect(JSON.parse(stdout).payload).toMatchObject({ pid: recorder.child.pid });
  });

  test("it leaves hooks that remember, and --uninstall takes every mark away", async () => {
    const recorder = await live.recorder();
    const hooks = () => `${live.tmux("show-hooks", "-g")}\n${live.tmux("show-hooks", "-gw")}`;
    await waitUntil("hooks are set", () => hooks().includes("@fleet_"));
    recorder.child.kill("SIGTERM");
    await recorder.ended;
    expect(hooks()).toContain("@fleet_");
    const { code, stdout } = await live.fleet("record", "--uninstall");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^fleet-test: \d+ hooks removed$/m);
    expect(hooks()).not.toContain("@fleet_");
    expect(live.tmux("show-options", "-g")).not.toContain("@fleet_");
    expect(live.tmux("show-options", "-s")).not.toContain("@fleet_");
  });

  test("a log that cannot be written for a while is told once, and recording goes on", async () => {
    await healthy();
    const recorder = await live.recorder();
    await waitUntil("it records", async () => (await live.ps()).observer.state === "recording");
    const blocker = new Sqlite(join(live.home, "state", "fleet.db"));
    blocker.exec("BEGIN IMMEDIATE");
    await waitUntil("trouble is told", () => recorder.stderr().includes("the log cannot be written"));
    blocker.exec("ROLLBACK");
    blocker.close();
    await waitUntil("it is over", () => recorder.stdout().includes("the log can be written again"));
    expect(recorder.stderr().match(/the log cannot be written/g)).toHaveLength(1);
    live.tmux("kill-session", "-t", "=coder0");
    await waitUntil("coder0 is dead", async () => (await live.row("coder0")).status === "dead");
    expect(recorder.child.exitCode).toBeNull();
  });

  test("a roster that is refused leaves the last good one in force, and ps says so", async () => {
    await live.recorder();
    await waitUntil("the roster is known", async () => (await live.ps()).agents.length === 3);
    writeFileSync(join(live.home, "fleet", "roster.yaml"), `${ROSTER}  - { name: coder0, runtime: pi }\n`);
    await waitUntil("it is refused", async () => (await live.ps()).roster.state === "rejected");
    const { stdout } = await live.fleet("ps");
    expect(stdout.replaceAll("\n", " ")).toMatch(
      /roster refused: line 7: coder0: .*the last good one is in force/,
    );
    expect((await live.ps()).agents.map(({ name }) => name)).toEqual(["coder0", "coder1", "_holder"]);
  });
});

describe("on a terminal", () => {
  test("ps --watch draws over itself, follows changes, and leaves the last table behind when q is typed", async () => {
    await healthy();
    await live.recorder();
    await waitUntil("it records", async () => (await live.ps()).observer.state === "recording");
    const watching = live.startOnTerminal("ps", "--watch");
    await waitUntil("the table", () => watching.stdout().includes("q ends."));
    expect(watching.stdout().startsWith("\u001b[?1049h")).toBe(true);
    live.tmux("kill-session", "-t", "=coder0");
    await waitUntil("the change", () => watching.stdout().includes("\u001b[1;31mdead"));
    watching.child.stdin?.write("q");
    const { code, stdout } = await watching.ended;
    expect(code).toBe(0);
    const [, after = ""] = stdout.split("\u001b[?1049l");
    expect(after).toMatch(/coder0.*dead/);
    expect(after).toMatch(/Recording since/);
    expect(after).not.toContain("q ends.");
  });

  test("Ctrl-C ends it with 130, and the terminal is as it was", async () => {
    await healthy();
    const watching = live.startOnTerminal("ps", "--watch");
    await waitUntil("the table", () => watching.stdout().includes("looking again every 2 s"));
    watching.child.stdin?.write("\u0003");
    const { code, stdout } = await watching.ended;
    expect(code).toBe(130);
    expect(stdout).toContain("\u001b[?25h");
    expect(stdout).toContain("\u001b[?1049l");
  });

  test("a table is coloured and as wide as the terminal", async () => {
    await healthy();
    const shown = await live.startOnTerminal("ps").ended;
    expect(shown.stdout).toContain("\u001b[32mhealthy\u001b[39m");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is the escape character that is taken away.
    const lines = shown.stdout.replace(/\u001b\[[0-9;]*m/g, "").split("\r\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(110);
  });
});

describe("following", () => {
  test("ps --watch --json prints a document for each change, and ends with 130 when interrupted", async () => {
    await healthy();
    await live.recorder();
    await waitUntil("it records", async () => (await live.ps()).observer.state === "recording");
    const watching = live.start("ps", "coder0", "--watch", "--json");
    const statuses = () =>
      watching
        .stdout()
        .trimEnd()
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line).agents[0].status as string);
    await waitUntil("the first document", () => statuses().includes("healthy"));
    live.tmux("kill-session", "-t", "=coder0");
    await waitUntil("the change", () => statuses().at(-1) === "dead");
    watching.child.kill("SIGINT");
    expect(await watching.ended).toMatchObject({ code: 130, stderr: "" });
  });

  test("ps --watch without a recorder looks again by itself", async () => {
    await healthy();
    const watching = live.start("ps", "coder0", "--watch", "--json");
    await waitUntil("the first document", () => watching.stdout() !== "");
    live.tmux("kill-session", "-t", "=coder0");
    await waitUntil(
      "the change",
      () => watching.stdout().trimEnd().split("\n").at(-1)?.includes('"status":"dead"') ?? false,
    );
    watching.child.kill("SIGTERM");
    expect((await watching.ended).code).toBe(143);
  });

  test("events --follow prints what is written, as it is written", async () => {
    await live.recorder();
    await waitUntil("it records", async () => (await live.ps()).observer.state === "recording");
    const following = live.start(
      "events",
      "--follow",
      "--agent",
      "coder1",
      "--type",
      "tmux.session.",
      "--json",
    );
    await waitUntil("the list", () => following.stdout().includes("tmux.session.created"));
    live.tmux("kill-session", "-t", "=coder1");
    await waitUntil("the news", () => following.stdout().includes("tmux.session.closed"));
    following.child.kill("SIGINT");
    const { code, stdout } = await following.ended;
    expect(code).toBe(130);
    const seqs = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).seq as number);
    expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
  });

  test("a reader that goes away ends it quietly", async () => {
    await live.ps();
    const following = live.start("events", "--follow");
    await waitUntil("the list", () => following.stdout() !== "");
    following.child.stdout?.destroy();
    live.startAgent("coder2");
    await live.ps();
    expect(await following.ended).toMatchObject({ code: 0, stderr: "" });
  });
});

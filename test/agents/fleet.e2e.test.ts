import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHost, type Host } from "../sandbox/host.ts";
import { AGENTS, createTenant, SOCKET, type Tenant } from "./stub-fleet.ts";

/** Order and cause are what is asserted; how fast it goes is the bench's. */
const SOON = { timeout: 30_000, interval: 100 };

let host: Host;
let alice: Tenant;
beforeAll(async () => {
  host = await createHost({ name: "launch", network: "private" });
  alice = await createTenant(host, "alice");
});
afterAll(async () => {
  await host.down();
});

const healthy = Object.fromEntries([...AGENTS.map((name) => [name, "healthy"]), ["_holder", "running"]]);
const pids = async (tenant: Tenant, names: readonly string[] = AGENTS) =>
  Object.fromEntries(await Promise.all(names.map(async (name) => [name, await tenant.pid(name)] as const)));
const others = (name: string) => AGENTS.filter((other) => other !== name);

/** What `ps --check` says, with its words for where it is not what was expected. */
const check = async (tenant: Tenant) => {
  const { code, stdout } = await tenant.fleet("ps", "--check");
  return code === 0 ? "well" : `${code}: ${stdout}`;
};

async function killed(tenant: Tenant, signal: string, pid: number | string): Promise<void> {
  await tenant.run("kill", `-${signal}`, String(pid));
}

describe("init and up", () => {
  test("a dry run shows every file and command, and changes nothing", async () => {
    const { code, stdout } = await alice.fleet("init", "--profile", "coding", "--dry-run", "--json");
    expect(code).toBe(0);
    const plan = JSON.parse(stdout);
    expect(plan).toMatchObject({
      schema: "fleet.init.v1",
      tenant_id: "alice",
      host: host.name,
      dry_run: true,
    });
    expect(plan.files.every(({ fate }: { fate: string }) => fate === "new")).toBe(true);
    expect(plan.commands.map(({ words }: { words: string[] }) => words.join(" "))).toContain(
      "systemctl --user start fleet-recorder.service",
    );
    expect((await host.exec("alice", ["ls", ".config"])).code).not.toBe(0);
  });

  test("on an empty home init writes and enables everything, and starts the recorder", async () => {
    const { code, stdout, stderr } = await alice.fleet("init", "--profile", "coding");
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain("Start the agents: fleet up");
    await expect.poll(async () => (await alice.ps()).observer.state, SOON).toBe("recording");
    // It records from its first moment on, and reads the roster in the next.
    await expect
      .poll(async () => (await alice.ps()).agents.map(({ status }) => status), SOON)
      .toContain("absent");
    const modes = await alice.run(
      "sh",
      "-c",
      "stat -c '%a %n' .config/mosaic/fleet/agents/*.env .config/mosaic/fleet",
    );
    expect(modes).toContain("600 .config/mosaic/fleet/agents/coder0.env");
    expect(modes).toContain("700 .config/mosaic/fleet\n");
  });

  test("init again changes nothing and writes no event", async () => {
    const before = (await alice.events("operator.")).length;
    const { stdout } = await alice.fleet("init", "--profile", "coding", "--json");
    const fates = JSON.parse(stdout).files.map(({ fate }: { fate: string }) => fate);
    expect(new Set(fates)).toEqual(new Set(["same"]));
    expect((await alice.events("operator.")).length).toBe(before);
  });

  test("up starts all four, says so, and every row is healthy with no boot gap and no drift", async () => {
    const { code, stdout } = await host.exec("alice", ["fleet", "up"], {
      env: { SECRET_OF_THE_CALLER: "xyzzy" },
    });
    expect(code, stdout).toBe(0);
    for (const name of AGENTS) expect(stdout).toMatch(new RegExp(`${name} +runs and beats`));
    await expect.poll(() => alice.statuses(), SOON).toEqual(healthy);
    await expect
      .poll(
        async () => (await alice.ps()).agents.map(({ name, flags, boot }) => [name, flags, boot.state]),
        SOON,
      )
      .toEqual([...AGENTS, "_holder"].map((name) => [name, [], "no"]));
    expect(await check(alice)).toBe("well");
    // A fleet that comes up for the first time has not failed before.
    expect((await alice.fleet("incidents")).stdout).toMatch(/^Nothing failed /);
  });

  test("up again is harmless: the same processes, and it says that they ran already", async () => {
    const before = await pids(alice);
    const { code, stdout } = await alice.fleet("up");
    expect([code, stdout.match(/ran already/g)?.length]).toEqual([0, 4]);
    expect(await pids(alice)).toEqual(before);
  });
});

describe("the launch path", () => {
  test("the runtime is the pane's own process, in a cgroup of its own, with its own words", async () => {
    const pid = await alice.pid("coder0");
    expect(await alice.run("cat", `/proc/${pid}/cgroup`)).toMatch(/\/mosaic-agent-coder0\.scope$/m);
    const words = (await alice.run("cat", `/proc/${pid}/cmdline`)).split("\0");
    expect(words.slice(1, 5)).toEqual([
      ...["/home/alice/.local/bin/pi", "--launched", "--model", "openai-codex/gpt-5.5:high"],
    ]);
    const stat = (await alice.run("cat", `/proc/${pid}/stat`)).replace(/^.*\) /s, "").split(" ");
    expect([stat[2], stat[5]], "group leader, and in the foreground").toEqual([String(pid), String(pid)]);
  });

  test("its variables are really in its environment, PATH has the user's own programs first, and nobody's secrets are there", async () => {
    for (const name of AGENTS) {
      const environ = (await alice.run("cat", `/proc/${await alice.pid(name)}/environ`)).split("\0");
      expect(environ).toContain(`MOSAIC_AGENT_NAME=${name}`);
      expect(environ).toContain("MOSAIC_AGENT_WORKDIR=/home/alice");
      // npm's own prefix goes first where there is an npm; then the user's, before all that the machine has.
      const path = environ.find((entry) => entry.startsWith("PATH="));
      expect(path).toMatch(/^PATH=(?:[^:]+:)?\/home\/alice\/\.local\/bin:/);
      expect(path?.match(/\/home\/alice\/\.local\/bin/g)).toHaveLength(1);
      expect(
        environ.filter((entry) => /SECRET|NOTIFY_SOCKET|JOURNAL_STREAM|FLEET_NPM_BIN/.test(entry)),
      ).toEqual([]);
    }
    const server = await alice.pane("coder0", "#{pid}");
    const serverEnviron = (await alice.run("cat", `/proc/${server}/environ`))
      .split("\0")
      .filter((entry) => entry);
    expect(serverEnviron.map((entry) => entry.replace(/=.*$/s, "")).sort()).toEqual([
      ...["HOME", "LANG", "LOGNAME", "PATH", "SHELL", "USER", "XDG_RUNTIME_DIR"],
    ]);
  });

  test("a person who looks on from a small terminal and leaves has not changed the size of the agent's window", async () => {
    const size = () => alice.pane("coder0", "#{window_width}x#{window_height}");
    expect(await size()).toBe("200x50");
    const attach = `stty rows 10 cols 40; exec tmux -u -L ${SOCKET} attach -t =coder0`;
    const viewer = host.spawn("alice", ["script", "-qc", attach, "/dev/null"], { env: { TERM: "xterm" } });
    const clients = () => alice.run("tmux", "-L", SOCKET, "list-clients", "-F", "#{client_width}");
    await expect.poll(clients, SOON).toBe("40\n");
    expect(await size()).toBe("200x50");
    await alice.run("tmux", "-L", SOCKET, "detach-client", "-s", "=coder0");
    await expect.poll(clients, SOON).toBe("");
    viewer.kill();
    expect(await size()).toBe("200x50");
  });
});

describe("stop, start, restart", () => {
  test("a stop is a stop on purpose, and touches no other agent", async () => {
    const before = await pids(alice, others("coder0"));
    const { code, stdout } = await alice.fleet("agent", "stop", "coder0");
    expect([code, stdout]).toEqual([0, "  coder0  is down\n"]);
    await expect.poll(async () => (await alice.row("coder0")).status, SOON).toBe("stopped");
    expect((await alice.row("coder0")).status_reason).toBe("stopped by operator");
    expect(await check(alice)).toBe("well");
    expect(await pids(alice, others("coder0"))).toEqual(before);
  });

  test("start brings it back; restart gives it another process and touches no other agent", async () => {
    expect((await alice.fleet("agent", "start", "coder0")).code).toBe(0);
    await expect.poll(() => alice.statuses(), SOON).toEqual(healthy);
    const before = await pids(alice);
    expect((await alice.fleet("agent", "restart", "coder0")).code).toBe(0);
    const after = await pids(alice);
    expect(after.coder0).not.toBe(before.coder0);
    expect({ ...after, coder0: before.coder0 }).toEqual(before);
    await expect.poll(() => alice.statuses(), SOON).toEqual(healthy);
  });

  test("nobody of that name is said, with 3", async () => {
    const { code, stderr } = await alice.fleet("agent", "start", "coder0", "coder9");
    expect([code, stderr]).toEqual([3, expect.stringContaining('no agent is called "coder9"')]);
  });
});

describe("kills", () => {
  test("an agent that is killed is seen, named, and comes back, and no other is touched", async () => {
    const before = await pids(alice);
    await killed(alice, "KILL", before.reviewer as number);
    await expect.poll(() => alice.pid("reviewer").catch(() => 0), SOON).not.toBe(before.reviewer);
    await expect.poll(() => alice.statuses(), SOON).toEqual(healthy);
    const deaths = await alice.events("tmux.pane.died");
    expect(deaths.at(-1)).toMatchObject({ agent: "reviewer", payload: { signal: 9, pid: before.reviewer } });
    expect(await pids(alice, others("reviewer"))).toEqual(
      Object.fromEntries(others("reviewer").map((name) => [name, before[name]])),
    );
    // What it last said can still be read.
    expect(await alice.run("cat", ".config/mosaic/fleet/last-screens/reviewer.txt")).toContain(
      "reviewer ready",
    );
  });

  test("what waits for an agent is no part of it: killed, it comes back to the same process", async () => {
    const before = await pids(alice);
    const waiter = await alice.run(
      "systemctl",
      "--user",
      "show",
      "-p",
      "MainPID",
      "--value",
      "mosaic-agent@coder1",
    );
    await killed(alice, "KILL", waiter.trim());
    const current = () =>
      alice.run("systemctl", "--user", "show", "-p", "MainPID", "--value", "mosaic-agent@coder1");
    await expect.poll(async () => Number(await current()), SOON).toBeGreaterThan(0);
    await expect.poll(current, SOON).not.toBe(waiter);
    expect(await pids(alice)).toEqual(before);
    await expect.poll(() => alice.statuses(), SOON).toEqual(healthy);
  });

  test("the recorder that is killed comes back, the log says that it had lapsed, and the agents never noticed", async () => {
    const before = await pids(alice);
    const recorder = () =>
      alice.run("systemctl", "--user", "show", "-p", "MainPID", "--value", "fleet-recorder");
    const old = await recorder();
    await killed(alice, "KILL", old.trim());
    await expect.poll(async () => Number(await recorder()), SOON).toBeGreaterThan(0);
    await expect.poll(recorder, SOON).not.toBe(old);
    await expect.poll(async () => (await alice.ps()).observer.state, SOON).toBe("recording");
    expect((await alice.events("recorder.lapsed")).at(-1)?.payload).toMatchObject({ pid: Number(old) });
    expect(await pids(alice)).toEqual(before);
    await expect.poll(() => alice.statuses(), SOON).toEqual(healthy);
  });

  test("the tmux server that is killed is seen and named, and it and all agents come back", async () => {
    const before = await pids(alice);
    await killed(alice, "KILL", await alice.pane("coder0", "#{pid}"));
    await expect.poll(async () => (await alice.events("tmux.server.vanished")).length, SOON).toBe(1);
    await expect.poll(() => alice.statuses(), SOON).toEqual(healthy);
    const after = await pids(alice);
    for (const name of AGENTS) expect(after[name]).not.toBe(before[name]);
    // Nothing of the old lives is left.
    for (const name of AGENTS)
      expect((await host.exec("alice", ["kill", "-0", String(before[name])])).code).not.toBe(0);
  });
});

test("after a reboot all come back by themselves, and ps says so; the promise of that is kept in the log and compared", async () => {
  const { code, stdout } = await alice.fleet("doctor", "--boot");
  expect([code, stdout.match(/would come back$/gm)?.length], stdout).toEqual([0, 5]);
  await host.reboot();
  await expect.poll(() => alice.statuses().catch(() => ({})), SOON).toEqual(healthy);
  const document = await alice.ps();
  expect(document.observer.state).toBe("recording");
  expect(document.agents.flatMap(({ flags }) => flags)).toEqual([]);
  await expect.poll(async () => (await alice.events("recorder.boot.compared")).length, SOON).toBe(1);
  const [compared] = await alice.events("recorder.boot.compared");
  expect(compared?.payload).toMatchObject({ returned: [...AGENTS, "_holder"], missing: [], unexpected: [] });
});

test("who would not come back is named with what mends it; who breaks the promise is an event after the reboot", async () => {
  await alice.run("systemctl", "--user", "disable", "mosaic-agent@reviewer");
  const disabled = async () => (await alice.fleet("doctor", "--boot")).stdout;
  await expect.poll(disabled, SOON).toContain("reviewer      would not come back: unit-disabled");
  expect(await disabled()).toContain("-> systemctl --user enable mosaic-agent@reviewer.service");
  const promises = () => alice.events("recorder.boot.promised");
  await expect.poll(async () => JSON.stringify((await promises()).at(-1)), SOON).toContain("unit-disabled");
  // Nothing of systemd's tells that this one will not start.
  await alice.run("rm", ".config/mosaic/fleet/agents/coder1.env");
  await host.reboot();
  const broken = { ...healthy, coder1: "dead", reviewer: "dead" };
  await expect.poll(() => alice.statuses().catch(() => ({})), SOON).toEqual(broken);
  const { stdout } = await alice.fleet("doctor", "--boot");
  expect(stdout).toMatch(/After the last reboot .*missing: coder1/);
  expect((await alice.events("recorder.boot.compared")).at(-1)?.payload).toMatchObject({
    missing: ["coder1"],
    unexpected: [],
  });
  expect((await alice.fleet("init")).code).toBe(0);
  expect((await alice.fleet("up")).code).toBe(0);
  await expect.poll(() => alice.statuses(), SOON).toEqual(healthy);
});

test("two tenants on one host cannot read, watch or reach each other", async () => {
  const bob = await createTenant(host, "bob");
  expect((await bob.fleet("init", "--profile", "coding")).code).toBe(0);
  expect((await bob.fleet("up")).code).toBe(0);
  await expect.poll(() => bob.statuses(), SOON).toEqual(healthy);
  expect(await bob.ps()).toMatchObject({ tenant_id: "bob" });
  expect(await bob.pid("coder0")).not.toBe(await alice.pid("coder0"));
  const refused = [
    ["ls", "/home/alice/.config/mosaic/fleet"],
    ["cat", "/home/alice/.config/mosaic/fleet/agents/coder0.env"],
    ["cat", "/home/alice/.local/state/mosaic/fleet/fleet.db"],
    ["tmux", "-S", `/tmp/tmux-1001/${SOCKET}`, "capture-pane", "-p", "-t", "=coder0:"],
    ["tmux", "-S", `/tmp/tmux-1001/${SOCKET}`, "send-keys", "-t", "=coder0:", "x"],
    ["cat", `/proc/${await alice.pid("coder0")}/environ`],
    ["kill", "-0", String(await alice.pid("coder0"))],
    ["env", "FLEET_STATE=/home/alice/.local/state/mosaic/fleet", "fleet", "ps"],
  ];
  for (const words of refused) expect((await host.exec("bob", words)).code, words.join(" ")).not.toBe(0);
  expect((await bob.fleet("down")).code).toBe(0);
  await expect.poll(() => alice.statuses(), SOON).toEqual(healthy);
});

test("the user manager that is killed takes everything along: seen, named, and not promised to come back by itself", async () => {
  await host.check("root", ["systemctl", "kill", "-s", "KILL", "user@1001.service"]);
  const dead = Object.fromEntries([...AGENTS, "_holder"].map((name) => [name, "dead"]));
  await expect.poll(() => alice.statuses(), SOON).toEqual(dead);
  const document = await alice.ps();
  expect(document.observer.state).toBe("one-shot");
  expect(document.observer.sources.systemd?.state).not.toBe("fresh");
  expect(document.agents.every(({ systemd }) => systemd.active !== "inactive")).toBe(true);
  const doctor = await alice.fleet("doctor");
  expect(doctor.stdout).toMatch(/warn +systemd/);
  await host.check("root", ["systemctl", "start", "user@1001.service"]);
  await expect.poll(() => alice.statuses(), SOON).toEqual(healthy);
});

test("a user manager that is restarted stops everything, which nobody wanted: what does not come back with it is missed", async () => {
  await alice.run("systemctl", "--user", "disable", "mosaic-agent@coder1");
  const told = async (unit: string) => {
    const lines = (await alice.events("journal.unit.logged")).filter(({ payload }) => payload.unit === unit);
    return lines.map(({ payload }) => `${payload.what}: ${payload.jobType} job`);
  };
  const targetBefore = (await told("default.target")).length;
  await host.check("root", ["systemctl", "restart", "user@1001.service"]);
  await expect
    .poll(async () => (await told("default.target")).slice(targetBefore), SOON)
    .toEqual(["stopped: stop job", "started: start job"]);
  expect((await told("mosaic-agent@coder1.service")).slice(-2)).toEqual([
    "stopping: stop job",
    "stopped: stop job",
  ]);
  await expect.poll(() => alice.statuses(), SOON).toEqual({ ...healthy, coder1: "dead" });
  // One that somebody stops in the new one is stopped.
  await alice.run("systemctl", "--user", "start", "mosaic-agent@coder1");
  await expect.poll(() => alice.statuses(), SOON).toEqual(healthy);
  await alice.run("systemctl", "--user", "stop", "mosaic-agent@coder1");
  await expect.poll(() => alice.statuses(), SOON).toEqual({ ...healthy, coder1: "stopped" });
  await alice.run("systemctl", "--user", "enable", "--now", "mosaic-agent@coder1");
  await expect.poll(() => alice.statuses(), SOON).toEqual(healthy);
});

describe("a start that fails says so", () => {
  const roster = (...agents: string[]) =>
    alice.write(
      "/home/alice/.config/mosaic/fleet/roster.yaml",
      [
        "version: 1",
        "agents:",
        ...AGENTS.map((name) => `  - { name: ${name}, runtime: pi, command: pi }`),
        ...agents,
      ].join("\n"),
    );

  test("a command that is not there: exit status, last lines, likely cause", async () => {
    await roster("  - { name: lost, runtime: nosuchruntime }");
    expect((await alice.fleet("init")).code).toBe(0);
    const { code, stdout } = await alice.fleet("agent", "start", "lost");
    expect(code).toBe(1);
    expect(stdout).toContain("lost  died at once: exit 127");
    expect(stdout).toContain("| fleet: nosuchruntime: command not found");
    expect(stdout).toContain("-> the program is not on the agent's PATH");
    expect((await alice.events("operator.act.failed")).at(-1)).toMatchObject({ agent: "lost" });
    await alice.fleet("agent", "stop", "lost");
  });

  test("a first-run dialog is named and never answered", async () => {
    const dialog = "Do you trust the files in this folder?";
    await alice.write(
      "/home/alice/.local/bin/asks",
      `#!/bin/sh\nprintf '%s\\n' '${dialog}' '> 1. Yes' '  2. No'\nread answer\necho "answered: $answer"\nexec sleep 1000\n`,
      "700",
    );
    await roster("  - { name: asks, runtime: asks }");
    expect((await alice.fleet("init")).code).toBe(0);
    const { code, stdout } = await alice.fleet("agent", "start", "asks", "--timeout", "1");
    // Its screens are not known, so nothing is guessed: it lives and has said nothing.
    expect([code, stdout]).toEqual([0, expect.stringContaining("asks  runs; it has not said more")]);
    expect(await alice.run("tmux", "-L", SOCKET, "capture-pane", "-p", "-t", "=asks:")).not.toContain(
      "answered",
    );
    await alice.fleet("agent", "stop", "asks");
  });

  test("a runtime without a timer of its own is beaten for by its adapter's sidecar, which ends with it", async () => {
    await roster("  - { name: solo, runtime: codex, command: sleep 100000 }");
    expect((await alice.fleet("init")).code).toBe(0);
    expect((await alice.fleet("hooks", "install", "codex")).code).toBe(0);
    await alice.fleet("agent", "start", "solo");
    await expect
      .poll(async () => (await alice.row("solo")).heartbeat, SOON)
      .toMatchObject({ health: "healthy", evidence: "sidecar" });
    expect((await alice.row("solo")).flags).toContain("sidecar");
    const sidecars = async () =>
      (await alice.run("ps", "-eo", "args")).split("\n").filter((line) => line.includes("codex sidecar"));
    expect(await sidecars()).toHaveLength(1);
    await alice.fleet("agent", "stop", "solo");
    await expect.poll(sidecars, SOON).toEqual([]);
    await alice.fleet("hooks", "remove", "codex");
  });

  test("a real first-run dialog is named and never answered", async () => {
    // What Claude Code shows in a folder that it does not know, as it was captured.
    const capture = readFileSync(
      join(import.meta.dirname, "../fixtures/runtimes/claude/first-run-trust-folder.ansi"),
    );
    await alice.write("/home/alice/dialog.ansi", capture.toString("utf8"));
    await alice.write(
      "/home/alice/.local/bin/trusting",
      "#!/bin/sh\nstty -echo\ncat dialog.ansi\nread answer\necho answered\nexec sleep 1000\n",
      "700",
    );
    await roster("  - { name: asking, runtime: claude, command: trusting }");
    expect((await alice.fleet("init")).code).toBe(0);
    const { code, stdout } = await alice.fleet("agent", "start", "asking");
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/asking +waits in a first-run dialog \(.*trust/),
    ]);
    expect(stdout).toContain("-> Answer it yourself");
    expect(await alice.run("tmux", "-L", SOCKET, "capture-pane", "-p", "-t", "=asking:")).not.toContain(
      "answered",
    );
    await alice.fleet("agent", "stop", "asking");
  });

  test("a reset types the runtime's own command and is verified; a persona is not forgotten by a slip", async () => {
    await roster(
      "  - { name: shell, runtime: bash, command: bash --norc, heartbeat: not-expected, reset_between_tasks: true }",
      "  - { name: keeper, runtime: bash, command: bash --norc, heartbeat: not-expected, persistent_persona: true }",
      "runtimes: { bash: { reset_command: 'touch ~/was-reset' } }",
    );
    expect((await alice.fleet("init")).code).toBe(0);
    expect((await alice.fleet("agent", "start", "shell", "keeper")).code).toBe(0);
    expect((await alice.fleet("agent", "reset", "keeper")).code).toBe(2);
    expect((await host.exec("alice", ["ls", "was-reset"])).code).not.toBe(0);
    const { code, stdout } = await alice.fleet("agent", "reset", "shell", "--task", "T-1");
    expect([code, stdout]).toEqual([0, expect.stringContaining("shell: reset after")]);
    await expect.poll(async () => (await host.exec("alice", ["ls", "was-reset"])).code, SOON).toBe(0);
    expect((await alice.events("operator.reset.requested")).at(-1)).toMatchObject({
      agent: "shell",
      payload: { task: "T-1" },
    });
    await alice.run("rm", "was-reset");
    // Another task: what runs already, and forgets between tasks, is reset; who keeps its persona is not.
    const again = await alice.fleet("agent", "start", "shell", "keeper", "--task", "T-2");
    expect([again.code, again.stdout]).toEqual([
      0,
      expect.stringContaining("shell  reset for its task: accepted"),
    ]);
    expect(again.stdout).not.toContain("keeper  reset");
    await expect.poll(async () => (await host.exec("alice", ["ls", "was-reset"])).code, SOON).toBe(0);
    await alice.fleet("agent", "stop", "shell", "keeper");
  });

  test("beside the dead pane of its last life an ephemeral worker is told of as it runs now, by start and by restart", async () => {
    const worker = (command: string) =>
      roster(
        `  - { name: short, runtime: sh, command: "${command}", lifecycle: ephemeral, heartbeat: not-expected }`,
      );
    const runs = { ok: true, outcome: "runs", already_running: false, exit_status: null };
    const started = async (verb: string) =>
      JSON.parse((await alice.fleet("agent", verb, "short", "--json")).stdout).agents[0];
    const state = [
      "systemctl",
      "--user",
      "show",
      "-p",
      "ActiveState",
      "--value",
      "mosaic-agent@short.service",
    ];
    // Until its launcher has seen that end, too, the unit is active, and to start it does nothing.
    const ended = async (status: number) => {
      await expect
        .poll(() => alice.pane("short", "#{pane_dead} #{pane_dead_status}"), SOON)
        .toBe(`1 ${status}`);
      await expect
        .poll(() => alice.run(...state).then((text) => text.trim()), SOON)
        .toMatch(/^(failed|inactive)$/);
    };
    await worker("sleep 3");
    expect((await alice.fleet("init")).code).toBe(0);
    expect(await started("start")).toMatchObject(runs);
    await ended(0);
    await worker("sh -c 'sleep 3; exit 7'");
    expect((await alice.fleet("init")).code).toBe(0);
    for (const verb of ["start", "restart", "start"]) {
      const before = await alice.pid("short");
      const { pane, ...report } = await started(verb);
      expect(report).toMatchObject(runs);
      expect(pane.pid).not.toBe(before);
      await ended(7);
      expect(await alice.pid("short")).toBe(pane.pid);
    }
    await alice.fleet("agent", "stop", "short");
    await alice.run("systemctl", "--user", "reset-failed", "mosaic-agent@short.service");
  });

  test("an ephemeral worker that ends well has finished, and is not started again", async () => {
    await roster('  - { name: once, runtime: "true", lifecycle: ephemeral }');
    expect((await alice.fleet("init")).code).toBe(0);
    const { code, stdout } = await alice.fleet("agent", "start", "once");
    expect([code, stdout]).toEqual([0, expect.stringContaining("once  has run and ended with status 0")]);
    await expect.poll(async () => (await alice.row("once")).status, SOON).toBe("finished");
  });
});

test("down is a stop on purpose: every row reads stopped, and nothing of the fleet is left running", async () => {
  await alice.fleet("agent", "stop", "once");
  const { code, stdout } = await alice.fleet("down");
  expect(code, stdout).toBe(0);
  const statuses = await alice.statuses();
  expect(statuses).toMatchObject({
    ...Object.fromEntries(AGENTS.map((name) => [name, "stopped"])),
    _holder: "stopped",
  });
  expect(await check(alice)).toBe("well");
  const left = await alice.run(
    "sh",
    "-c",
    "systemctl --user list-units --plain --no-legend 'mosaic-*' 'fleet-*' | grep -v slice || :",
  );
  expect(left).toBe("");
});

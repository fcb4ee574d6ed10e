import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PsDocument } from "../query/row.ts";
import { buildFactory, FACTORY_AGENTS, type Factory } from "./sandbox/factory.ts";
import { createHost, type Host } from "./sandbox/host.ts";

/** Deadlines are generous: order and cause are what is asserted, latencies are the bench's. */
const SOON = { timeout: 20_000, interval: 50 };

let host: Host;
let factory: Factory;

beforeAll(async () => {
  host = await createHost({ name: "reference", network: "private" });
  factory = await buildFactory(host, "alice");
});
afterAll(async () => {
  await record(process.env.RECORD_REFERENCE);
  await host.down();
});

/** What was written, for tests that play it again: see fixtures/reference/README.md. */
async function record(file: string | undefined): Promise<void> {
  if (file === undefined) return;
  const { stdout } = await factory.fleet("export");
  const { host: name } = await factory.ps();
  writeFileSync(file, stdout.replaceAll(`"host":"${name}"`, '"host":"factory"'));
}

const statuses = (document: PsDocument) =>
  Object.fromEntries(document.agents.map(({ name, status }) => [name, status]));
const ALL_DOWN = Object.fromEntries([...FACTORY_AGENTS, "_holder"].map((name) => [name, "dead"]));
const allHealthy = {
  ...Object.fromEntries(FACTORY_AGENTS.map((name) => [name, "healthy"])),
  _holder: "running",
};

async function expectTheFleetAtRest(document: PsDocument): Promise<void> {
  for (const row of document.agents) {
    expect(row.pane.state).toBe("alive");
    expect(row.pane.pid).toBe(await factory.panePid(row.name));
    expect(row.tenant_id).toBe("alice");
    expect(row.incarnation).toMatch(/^[0-9a-f]{8}-\d+-\d+$/);
    expect(row.idle.seconds).toBeGreaterThanOrEqual(0);
    expect(row.unknown).toEqual([]);
    const holder = row.name === "_holder";
    expect(row.boot).toMatchObject({ state: "yes", reasons: [holder ? "no-unit" : "unit-disabled"] });
    expect(row.flags).toEqual(row.name === "canary-pi" ? ["drift", "boot"] : ["boot"]);
    if (holder) expect(row.heartbeat).toMatchObject({ expected: false });
    else {
      expect(row.systemd).toMatchObject({ active: "active", sub: "exited", enabled: "disabled" });
      expect(row.heartbeat).toMatchObject({
        health: "healthy",
        status: "ok",
        evidence: "runtime",
        interval_seconds: 1,
      });
      expect(row.drift).toMatchObject({
        actual: "dogfood-agent.py",
        state: row.name === "canary-pi" ? "yes" : "no",
      });
    }
  }
}

test("without a recorder, ps looks once, shows the five live sessions, and says that it did", async () => {
  await expect.poll(async () => statuses(await factory.ps()), SOON).toEqual(allHealthy);
  const document = await factory.ps();
  expect(document).toMatchObject({
    schema: "fleet.ps.v1",
    tenant_id: "alice",
    observer: { state: "one-shot" },
  });
  await expectTheFleetAtRest(document);
});

test("with a recorder, ps reads the log and shows the same", async () => {
  await factory.startRecorder();
  await expect.poll(async () => (await factory.ps()).observer.state, SOON).toBe("recording");
  await expect.poll(async () => statuses(await factory.ps()), SOON).toEqual(allHealthy);
  const states = async () => Object.values((await factory.ps()).observer.sources).map(({ state }) => state);
  await expect.poll(states, SOON).toEqual(Array(6).fill("fresh"));
  const document = await factory.ps();
  await expectTheFleetAtRest(document);
});

test("the other tenant can neither read what is recorded nor plant anything in it, however he asks", async () => {
  // As open as a home may be: what keeps him out is what fleet and tmux made private themselves.
  await factory.run("sh", "-c", "chmod 755 ~ ~/.config ~/.local ~/.local/state");
  const alice = (await factory.run("id", "-u")).trim();
  const state = "/home/alice/.local/state/mosaic/fleet";
  const fleetHome = "/home/alice/.config/mosaic/fleet";
  const socket = `/tmp/tmux-${alice}/mosaic-factory`;
  const recorder = (
    await factory.run("systemctl", "--user", "show", "-P", "MainPID", "fleet-recorder")
  ).trim();
  const { log_seq: before } = await factory.ps();
  const secrets = [...FACTORY_AGENTS, "alice@", "SQLite format"];

  const shell = (script: string): string[] => ["sh", "-c", script];
  const attempts: [what: string, argv: string[], env?: Record<string, string>][] = [
    ...[
      `${state}/fleet.db`,
      `${state}/fleet.db-wal`,
      `${fleetHome}/roster.yaml`,
      `${fleetHome}/run/canary-pi.hb`,
    ].map((path): [string, string[]] => [`reads ${path}`, ["cat", path]]),
    ...[state, `${state}/spool`, fleetHome, `${fleetHome}/run`, `/tmp/tmux-${alice}`].map(
      (path): [string, string[]] => [`lists ${path}`, ["ls", path]],
    ),
    ["asks her tmux", ["tmux", "-S", socket, "list-sessions"]],
    ["types into her agent", ["tmux", "-S", socket, "send-keys", "-t", "=canary-pi:", "planted", "Enter"]],
    ["kills her tmux", ["tmux", "-S", socket, "kill-server"]],
    [
      "plants a heartbeat",
      shell(`echo 'ts=2026-01-01T00:00:00Z pid=1 status=ok' > ${fleetHome}/run/canary-pi.hb`),
    ],
    ["plants a link for a heartbeat", ["ln", "-s", "/etc/passwd", `${fleetHome}/run/planted.hb`]],
    ["plants a line in her spool", shell(`echo planted >> ${state}/spool/mosaic-factory`)],
    ["plants a database", shell(`: > ${state}/fleet.db`)],
    ["plants a tick", shell(`echo > ${state}/fleet.db.tick`)],
    ["moves her state away", ["mv", state, "/tmp/taken"]],
    ["plants a socket", ["tmux", "-S", `/tmp/tmux-${alice}/planted`, "new-session", "-d"]],
    ["stops her recorder", ["kill", "-STOP", recorder]],
    ["has fleet read her log", ["fleet", "ps", "--json", "--no-collect"], { FLEET_STATE: state }],
    ["has fleet list her events", ["fleet", "events", "--json"], { FLEET_STATE: state }],
    ["has fleet rebuild her log", ["fleet", "rebuild"], { FLEET_STATE: state }],
    ["has fleet record in her place", ["fleet", "record"], { FLEET_STATE: state }],
    [
      "has fleet look at her socket by a path",
      ["fleet", "ps"],
      { MOSAIC_TMUX_SOCKET: `../tmux-${alice}/mosaic-factory` },
    ],
  ];
  for (const [what, argv, env] of attempts) {
    const { code, stdout } = await host.exec("bob", argv, env === undefined ? {} : { env });
    expect({ what, refused: code !== 0 }).toEqual({ what, refused: true });
    for (const secret of secrets)
      expect({ what, told: stdout.includes(secret) }).toEqual({ what, told: false });
  }
  // With her roster and her heartbeats named as his own he sees nothing either, and is told so.
  const env = { FLEET_HOME: fleetHome };
  const { stdout } = await host.exec("bob", ["fleet", "ps", "--json", "--all"], { env });
  for (const secret of secrets) expect(stdout).not.toContain(secret);

  const { stdout: told } = await factory.fleet(
    "events",
    "--json",
    "--after",
    String(before),
    "--type",
    "collector.",
  );
  expect(told).toBe("");
  const after = await factory.ps();
  expect(after.observer.state).toBe("recording");
  expect(statuses(after)).toEqual(allHealthy);
  await expectTheFleetAtRest(after);
});

test("check is a warning: drift and boot gap", async () => {
  expect((await factory.fleet("ps", "--check")).code).toBe(1);
});

test("an operator's verbs work on the units of another launcher's too, and write no file of ours", async () => {
  expect((await factory.fleet("agent", "stop", "dogfood-coder")).code).toBe(0);
  await expect
    .poll(async () => (await factory.row("dogfood-coder")).status_reason, SOON)
    .toBe("stopped by operator");
  const started = await factory.fleet("agent", "start", "dogfood-coder");
  expect([started.code, started.stdout]).toEqual([
    0,
    expect.stringContaining("dogfood-coder  runs and beats"),
  ]);
  await expect.poll(async () => statuses(await factory.ps()), SOON).toEqual(allHealthy);
  expect((await factory.fleet("init")).stderr).toContain("was not written by fleet");
  expect(await factory.run("ls", ".config/mosaic/fleet")).toBe("roster.yaml\nrun\n");
});

test("a second recorder says who holds the log, and leaves", async () => {
  const { code, stderr } = await factory.fleet("record");
  expect(code).toBe(1);
  expect(stderr).toMatch(/pid \d+|recorder \d+|process \d+/);
});

test("a process killed in a pane that remains turns its row failed with signal 9, while its unit stays active", async () => {
  await factory.run("kill", "-KILL", String(await factory.panePid("dogfood-coder")));
  await expect.poll(async () => (await factory.row("dogfood-coder")).status, SOON).toBe("failed");
  expect(await factory.row("dogfood-coder")).toMatchObject({
    status_reason: "signal 9",
    pane: { state: "dead", signal: 9, exit_status: null },
    systemd: { active: "active", sub: "exited" },
  });
  expect((await factory.fleet("ps", "--check")).code).toBe(2);
});

test("a closed pane turns its row dead", async () => {
  await factory.tmux("kill-session", "-t", "=dogfood-reviewer");
  await expect.poll(async () => (await factory.row("dogfood-reviewer")).status, SOON).toBe("dead");
  expect((await factory.row("dogfood-reviewer")).pane).toMatchObject({ state: "missing", pid: null });
});

test("heartbeats that end turn the row stale when three intervals have passed, not before", async () => {
  await factory.run("kill", "-USR1", String(await factory.panePid("canary-pi")));
  await expect.poll(async () => (await factory.row("canary-pi")).status, SOON).toBe("stale");
  const row = await factory.row("canary-pi");
  expect(row.pane.state).toBe("alive");
  const silentMs = Date.parse(row.since ?? "") - Date.parse(row.heartbeat.at ?? "");
  expect(silentMs).toBe(3000);
  // Told to the ms: a look within the first half of one finds it to be 3.
  expect(row.heartbeat.age_seconds).toBeGreaterThanOrEqual(3);
});

test("why names the rung that holds and the events behind each cell", async () => {
  const { stdout, code } = await factory.fleet("why", "dogfood-coder", "--json");
  expect(code).toBe(0);
  const why = JSON.parse(stdout);
  expect(why).toMatchObject({ schema: "fleet.why.v1", verdict: { status: "failed" } });
  const pane = why.cells.find((cell: { plane: string }) => cell.plane === "pane");
  expect(pane.evidence.map((event: { type: string }) => event.type)).toContain("tmux.pane.died");
  expect((await factory.fleet("why", "nobody")).code).toBe(3);
});

test("a tmux that does not answer turns cells unknown, not dead", async () => {
  const server = (await factory.tmux("display-message", "-p", "#{pid}")).trim();
  await factory.run("kill", "-STOP", server);
  try {
    await expect
      .poll(async () => (await factory.row("dogfood-orchestrator")).pane.state, SOON)
      .toBe("unknown");
    const row = await factory.row("dogfood-orchestrator");
    expect(row.status).toBe("healthy");
    expect(row.unknown).toContain("pane");
    expect((await factory.row("canary-pi")).status).toBe("unobserved");
  } finally {
    await factory.run("kill", "-CONT", server);
  }
  await expect.poll(async () => (await factory.row("dogfood-orchestrator")).pane.state, SOON).toBe("alive");
  await expect.poll(async () => (await factory.row("canary-pi")).status, SOON).toBe("stale");
});

test("a killed tmux server turns all rows with one event, while systemd honestly still says active", async () => {
  const before = (await factory.ps()).log_seq;
  await factory.tmux("kill-server");
  await expect.poll(async () => statuses(await factory.ps()), SOON).toEqual(ALL_DOWN);
  for (const row of (await factory.ps()).agents) {
    // Those that had ended before keep the reason that they died of.
    const own: Record<string, string> = { "dogfood-reviewer": "pane missing", "dogfood-coder": "signal 9" };
    expect(row.status_reason).toBe(own[row.name] ?? "tmux server gone");
    if (row.name !== "_holder") expect(row.systemd).toMatchObject({ active: "active", sub: "exited" });
  }
  const { stdout } = await factory.fleet(
    "events",
    "--type",
    "tmux.server.vanished",
    "--after",
    String(before),
    "--json",
  );
  expect(stdout.trim().split("\n")).toHaveLength(1);
});

test("the same table after a rebuild, and after the recorder has gone", async () => {
  const plain = (document: PsDocument) =>
    document.agents.map(({ name, status, status_reason }) => ({ name, status, status_reason }));
  const live = plain(await factory.ps());
  await factory.stopRecorder();
  expect((await factory.fleet("rebuild")).code).toBe(0);
  expect(plain(await factory.ps())).toEqual(live);
});

test("the other tenant sees nothing of it", async () => {
  const { stdout } = await host.exec("bob", ["fleet", "ps", "--json", "--all"]);
  const document = JSON.parse(stdout) as PsDocument;
  expect(document).toMatchObject({ tenant_id: "bob", agents: [] });
});

test("after a reboot the agents whose units are disabled have not come back: the boot gap was true", async () => {
  await host.reboot();
  const document = await factory.ps();
  expect(statuses(document)).toEqual(ALL_DOWN);
  expect(document.agents[0]?.systemd.active).toBe("inactive");
});

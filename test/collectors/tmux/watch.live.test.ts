import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readProcess } from "../../../collectors/proc/stat.ts";
import type { HookedLife } from "../../../query/planes/documents.ts";
import { hookedLineOf, withHookedLine } from "../../../query/planes/hooked-life.ts";
import type { PayloadOf } from "../../../store/events/catalogue.ts";
import { until } from "../../support/collecting.ts";
import { attachTerminal, startOf, type TmuxHome, type TmuxServer } from "./tmux-server.ts";
import { ownTmuxForEachTest, type Watching, watching } from "./watching.ts";

let home: TmuxHome;
let server: TmuxServer;
let watch: Watching | null = null;

ownTmuxForEachTest(
  (...made) => {
    [home, server] = made;
    watch = null;
  },
  () => watch,
);

const SLEEP = "exec sleep 1000";
/** A slow tick so long that only hooks and the sweep can tell. */
const NO_TICK = { tickMs: 600_000, otherSocketsTickMs: 600_000 };

function panes(log: Watching["log"]) {
  return log.latest(server.path)?.panes ?? [];
}
function pane(log: Watching["log"], name: string) {
  return panes(log).find((one) => one.name === name);
}

test("a server that comes up is seen, with every pane's process and its life", async () => {
  watch = await watching(home, [server]);
  await until("no server", () => watch?.log.latest(server.path)?.server === null);
  expect(watch.log.latest(server.path)).toMatchObject({ goneReason: "no-socket", panes: [] });
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  await until("the pane", () => panes((watch as Watching).log).length === 1);
  const { log } = watch;
  const pid = Number(server.format("#{pane_pid}"));
  expect(log.latest(server.path)?.server).toEqual({
    pid: server.pid(),
    start: Number(startOf(server.pid())),
    version: server.format("#{version}"),
  });
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
  expect(panes(log)[0]).toMatchObject({
    name: "coder0",
    session: "$0",
    window: "@0",
    pane: "%0",
    pid,
    start: Number(startOf(pid)),
    incarnation: `${bootId.slice(0, 8)}-${pid}-${startOf(pid)}`,
    dead: false,
  });
  const ageUs = Date.now() * 1000 - (panes(log)[0]?.startedAtUs ?? 0);
  expect(ageUs).toBeGreaterThan(-100_000);
  expect(ageUs).toBeLessThan(30_000_000);
  expect(log.lastReport(server.path)).toEqual({ state: "observed" });
});

test("between ticks, sessions, windows and panes are seen as they come, move, and go", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP);
  watch = await watching(home, [server], NO_TICK);
  const { log } = watch;
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  await until("the session", () => pane(log, "coder0") !== undefined);
  server.run("new-window", "-d", "-t", "=coder0:", SLEEP);
  await until("the window", () => panes(log).length === 3);
  server.run("split-window", "-d", "-t", "=coder0:0", SLEEP);
  await until("the split", () => panes(log).length === 4);
  server.run("rename-session", "-t", "=coder0", "coder1");
  await until("the new name", () => panes(log).filter(({ name }) => name === "coder1").length === 3);
  server.run("kill-pane", "-t", "=coder1:0.1");
  await until("the pane is gone", () => panes(log).length === 3);
  server.run("kill-window", "-t", "=coder1:1");
  await until("the window is gone", () => panes(log).length === 2);
  server.run("kill-session", "-t", "=coder1");
  await until("the session is gone", () => panes(log).length === 1);
  await until("the last line", () => log.hookLines().includes("session-closed coder1"));
  const told = log.hookLines();
  for (const line of [
    "session-created coder0",
    "after-new-window coder0",
    "session-renamed coder1",
    "session-closed coder1",
  ]) {
    expect(told).toContain(line);
  }
  const created = log.events("tmux.hook.fired")[0];
  expect(created).toMatchObject({ agent: "coder0", source: "tmux-hook", precision: "s" });
  expect(Math.abs((created?.occurredAtUs ?? 0) - Date.now() * 1000)).toBeLessThan(60_000_000);
});

test("a process that ends in a pane that remains is told with its status or its signal, every time", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP, ";", "set-option", "-g", "remain-on-exit", "on");
  watch = await watching(home, [server], NO_TICK);
  const { log } = watch;
  // Debian's tmux loses about half of these deaths' SIGCHLD on a quiet server.
  for (let round = 0; round < 12; round++) {
    const name = `agent${round}`;
    const bySignal = round % 3 === 2;
    server.run("new-session", "-d", "-s", name, bySignal ? SLEEP : `exec sh -c 'read x; exit ${round}'`);
    await until("the pane", () => pane(log, name)?.start !== null && pane(log, name) !== undefined);
    if (bySignal) process.kill(pane(log, name)?.pid ?? 0, "SIGKILL");
    else server.run("send-keys", "-t", `=${name}:`, "Enter");
    await until("the death", () => pane(log, name)?.dead === true);
    const end = bySignal ? { status: null, signal: 9 } : { status: round, signal: null };
    expect(pane(log, name)).toMatchObject({ dead: true, ...end });
    // The nudge lets tmux find out too, so that its own hook and everybody else's tools agree.
    await until("tmux knows", () =>
      /^(\d+ |\d* 9)$/.test(
        server.run("display-message", "-p", "-t", `=${name}:`, "#{pane_dead_status} #{pane_dead_signal}"),
      ),
    );
    await until(
      "the hook",
      () => log.hookLines().filter((line) => line === `pane-died ${name}`).length === 1,
    );
  }
  for (const { agent, payload } of log.events("tmux.server.nudged")) {
    expect(agent).toMatch(/^agent\d+$/);
    expect(payload).toMatchObject({ socket: server.path, server: server.pid() });
  }
  const died = log
    .events("tmux.hook.fired")
    .filter(({ payload }) => (payload as { hook: string }).hook === "pane-died");
  // A line that tmux writes only when it is told of an end dates none. Tmux may also have noticed by itself, in a second
  // before it was told or before its line was read.
  const told = log.events();
  for (const line of died) {
    const nudge = told
      .slice(0, told.indexOf(line))
      .findLast(({ type, agent }) => type === "tmux.server.nudged" && agent === line.agent);
    const second = Math.floor((nudge?.occurredAtUs ?? Number.POSITIVE_INFINITY) / 1e6);
    const { nudged } = line.payload as PayloadOf<"tmux.hook.fired">;
    expect([line.agent, nudged === true]).toEqual([
      line.agent,
      second <= Math.floor(line.occurredAtUs / 1e6),
    ]);
  }
  for (const { agent, payload } of died) {
    const number = Number(agent?.slice("agent".length));
    expect(payload).toMatchObject(
      number % 3 === 2 ? { status: null, signal: 9 } : { status: number, signal: null },
    );
  }
});

test("a pane that is made beside an agent's says so before it ends, by its own number, and its end is not the agent's", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP, ";", "set-option", "-g", "remain-on-exit", "on");
  watch = await watching(home, [server], NO_TICK);
  const { log } = watch;
  const own = server.run("new-session", "-d", "-P", "-F", "#{pane_id} #{pane_pid}", "-s", "coder0", SLEEP);
  const [pane = "", pid = "0"] = own.split(" ");
  const made = [
    server.run("split-window", "-d", "-P", "-F", "#{pane_id}", "-t", "=coder0:", "exit 3"),
    server.run("new-window", "-d", "-P", "-F", "#{pane_id}", "-t", "=coder0:", "exit 4"),
  ];
  const died = () => log.hookLines().filter((line) => line === "pane-died coder0").length;
  await until("both have ended", () => died() === 2);
  const life = () =>
    log
      .events("tmux.hook.fired")
      // Whether tmux loses its end, and writes the line only when it is told of that, is chance; whose it is that line says either way.
      .map((event, seq) => {
        const payload = { ...(event.payload as PayloadOf<"tmux.hook.fired">), nudged: undefined };
        return hookedLineOf({ schemaVersion: 1, seq, recordedAtUs: event.occurredAtUs, ...event, payload });
      })
      .filter((line) => line?.agent === "coder0")
      .reduce<HookedLife | undefined>(
        (known, line) => (line ? withHookedLine(known, line.life) : known),
        undefined,
      );
  const lines = log.events("tmux.hook.fired").map(({ payload }) => payload as PayloadOf<"tmux.hook.fired">);
  const nOf = (hook: string, of: string | undefined) =>
    lines.find((line) => line.hook === hook && line.pane === of)?.n ?? Number.NaN;
  expect(nOf("after-split-window", made[0])).toBeLessThan(nOf("pane-died", made[0]));
  expect(nOf("after-new-window", made[1])).toBeLessThan(nOf("pane-died", made[1]));
  expect(life()).toMatchObject({ died: null, beside: { pane: made[0] } });
  process.kill(Number(pid), "SIGKILL");
  await until("its own has ended", () => died() === 3);
  expect(life()?.died).toMatchObject({ pane, status: null, signal: 9 });
});

test("a process that ends in a pane that does not remain takes its row with it", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP);
  watch = await watching(home, [server], NO_TICK);
  const { log } = watch;
  for (let round = 0; round < 6; round++) {
    server.run("new-session", "-d", "-s", `agent${round}`, SLEEP);
    await until("the pane", () => pane(log, `agent${round}`) !== undefined);
    process.kill(pane(log, `agent${round}`)?.pid ?? 0, "SIGKILL");
    await until("gone", () => pane(log, `agent${round}`) === undefined);
  }
  expect(log.events("tmux.server.nudged")).toEqual([]);
});

test("a pane that is respawned is another life, also where no hook says so and it was dead before", async () => {
  server.run("new-session", "-d", "-s", "coder0", SLEEP, ";", "set-option", "-g", "remain-on-exit", "on");
  watch = await watching(home, [server], NO_TICK);
  const { log } = watch;
  await until("the pane", () => pane(log, "coder0")?.start !== undefined);
  const first = pane(log, "coder0");
  server.run("respawn-pane", "-k", "-t", "=coder0:", SLEEP);
  await until("another process", () => pane(log, "coder0")?.pid !== first?.pid);
  const second = pane(log, "coder0");
  expect(second).toMatchObject({ pane: first?.pane, dead: false });
  expect(second?.incarnation).not.toBe(first?.incarnation);
  process.kill(second?.pid ?? 0, "SIGKILL");
  await until("dead", () => pane(log, "coder0")?.dead === true);
  server.run("respawn-pane", "-t", "=coder0:", SLEEP);
  await until("alive again", () => pane(log, "coder0")?.dead === false);
  expect(pane(log, "coder0")?.pid).not.toBe(second?.pid);
});

test("a program that leaves a child on its terminal is dead when it has ended, not when the child ends", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP, ";", "set-option", "-g", "remain-on-exit", "on");
  watch = await watching(home, [server], NO_TICK);
  const { log } = watch;
  // The child ignores the hangup and keeps the terminal open.
  server.run(
    "new-session",
    "-d",
    "-s",
    "coder0",
    `(trap '' HUP; exec sleep 60) & echo $! >'${home.root}/child'; read x; exit 5`,
  );
  await until("the pane", () => pane(log, "coder0")?.start !== undefined);
  server.run("send-keys", "-t", "=coder0:", "Enter");
  await until("the death", () => pane(log, "coder0")?.dead === true);
  expect(pane(log, "coder0")).toMatchObject({ status: 5, signal: null });
  const child = Number(readFileSync(`${home.root}/child`, "utf8"));
  expect(startOf(child)).not.toBe("");
  process.kill(child, "SIGKILL");
});

test("people and programs that attach and leave are seen, and who only looks is told apart", async () => {
  server.run("new-session", "-d", "-s", "coder0", SLEEP, ";", "new-session", "-d", "-s", "coder1", SLEEP);
  watch = await watching(home, [server], NO_TICK);
  const { log } = watch;
  const terminal = attachTerminal(server, "=coder0", "-r");
  try {
    await until("the client", () => log.latest(server.path)?.clients.length === 1);
    const [client] = log.latest(server.path)?.clients ?? [];
    expect(client).toMatchObject({ session: "$0", name: "coder0", readOnly: true, control: false });
    expect(client?.client).toMatch(/^\/dev\/pts\/\d+$/);
    expect(startOf(client?.pid ?? 0)).not.toBe("");
    server.run("switch-client", "-c", client?.client ?? "", "-t", "=coder1");
    await until("the switch", () => log.latest(server.path)?.clients[0]?.name === "coder1");
  } finally {
    await terminal.leave();
  }
  await until("nobody", () => log.latest(server.path)?.clients.length === 0);
  await until("the lines", () => log.hookLines().some((line) => line.startsWith("client-detached")));
  const lines = log.hookLines().filter((line) => line.startsWith("client"));
  expect(lines).toContain("client-attached coder0");
  expect(lines).toContain("client-session-changed coder1");
});

test("a viewer's grouped session does not make a second row of an agent", async () => {
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  watch = await watching(home, [server], NO_TICK);
  const { log } = watch;
  server.run("new-session", "-d", "-s", "a-viewer", "-t", "=coder0");
  await until("the viewer's line", () => log.hookLines().includes("session-created a-viewer"));
  const looks = log.snapshots(server.path).length;
  server.run("new-session", "-d", "-s", "coder1", SLEEP);
  await until(
    "one more look",
    () => log.snapshots(server.path).length > looks && pane(log, "coder1") !== undefined,
  );
  expect(panes(log).map(({ name }) => name)).toEqual(["coder0", "coder1"]);
});

test("output moves the activity of its pane and of no other", async () => {
  server.run("new-session", "-d", "-s", "quiet", SLEEP);
  server.run("new-session", "-d", "-s", "loud", "while read x; do echo $x; done");
  watch = await watching(home, [server], { tickMs: 100 });
  const { log } = watch;
  const gauges = () => log.batches.findLast((batch) => batch.gauges !== undefined)?.gauges;
  const before = gauges()?.values ?? {};
  expect(gauges()?.scope).toBe(server.path);
  // The activity counts in whole seconds.
  await until("a second has passed", () => Date.now() * 1000 > (before["%1"] ?? 0) + 1_500_000);
  server.run("send-keys", "-t", "=loud:", "hello", "Enter");
  await until("activity", () => (gauges()?.values["%1"] ?? 0) > (before["%1"] ?? 0));
  expect(gauges()?.values["%0"]).toBe(before["%0"]);
  expect(pane(log, "loud")?.activityAtUs).toBe(gauges()?.values["%1"]);
});

test("a quiet server is asked seldom, and what happens to it is seen no later", async () => {
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  watch = await watching(home, [server], { tickMs: 300, sweepMs: 50 });
  const { log } = watch;
  const observed = () => log.batches.filter((batch) => batch.observed?.scope === server.path).length;
  await until("said without asking", () => observed() >= 3);
  const looks = log.snapshots(server.path).length;
  await until("asked now and then", () => log.snapshots(server.path).length > looks);
  expect(observed()).toBeGreaterThan(log.snapshots(server.path).length - looks);
  process.kill(pane(log, "coder0")?.pid ?? 0, "SIGKILL");
  await until("gone", () => log.latest(server.path)?.server === null);
});

test("a storm of sessions costs a bounded number of looks, and its end is the truth", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP);
  watch = await watching(home, [server], NO_TICK);
  const { log } = watch;
  for (let round = 0; round < 40; round++) {
    server.run("new-session", "-d", "-s", `s${round}`, SLEEP, ";", "kill-session", "-t", `=s${round}`);
  }
  server.run("new-session", "-d", "-s", "last", SLEEP);
  await until(
    "every line",
    () => log.hookLines().filter((line) => /^session-(created|closed)/.test(line)).length === 81,
  );
  await until(
    "the truth",
    () =>
      panes(log)
        .map(({ name }) => name)
        .join(" ") === "base last",
  );
  expect(log.snapshots(server.path).length).toBeLessThan(121);
  const numbers = log.events("tmux.hook.fired").map(({ payload }) => (payload as { n: number }).n);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(Math.max(...numbers)).toBe(numbers.length);
});

/** The tmux programs that this process has started and that have not ended. */
function tmuxClients(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((found) => found !== null && found.ppid === process.pid && found.state !== "Z")
    .map((found) => found?.pid ?? 0);
}

test("an abort ends the watch within half a second, also in the middle of a look", async () => {
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  watch = await watching(home, [server], { tickMs: 30 });
  process.kill(server.pid(), "SIGSTOP");
  let before: number[] = [];
  await until("a client waits for the server", () => {
    const now = tmuxClients();
    const waits = now.some((pid) => before.includes(pid));
    before = now;
    return waits;
  });
  const begun = performance.now();
  await watch.stop();
  watch = null;
  expect(performance.now() - begun).toBeLessThan(500);
});

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { prepareSpool } from "../../../collectors/tmux/spool.ts";
import { until } from "../../support/collecting.ts";
import { createMemoryLog, type MemoryLog } from "./memory-log.ts";
import { createTmuxHome, startOf, type TmuxHome, type TmuxServer } from "./tmux-server.ts";
import { type Watching, watching } from "./watching.ts";

let home: TmuxHome;
let server: TmuxServer;

beforeEach(() => {
  home = createTmuxHome();
  server = home.socket();
});
afterEach(() => home.remove());

const SLEEP = "exec sleep 1000";
const names = (log: MemoryLog, one: TmuxServer) => log.latest(one.path)?.panes.map(({ name }) => name);

async function sample(
  sockets: readonly TmuxServer[],
  cursors?: Map<string, string>,
  options = {},
): Promise<MemoryLog> {
  const log = createMemoryLog(cursors);
  await home.collector(sockets, options).sample(log.context);
  return log;
}

test("one look tells every socket of this user and leaves no mark on any", async () => {
  const other = home.socket("default");
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  other.run("new-session", "-d", "-s", "mine", SLEEP);
  const marks = [server, other].map((one) => [
    one.run("show-hooks", "-g"),
    one.run("show-hooks", "-gw"),
    one.run("show-options", "-s"),
  ]);
  const log = await sample([server]);
  expect(names(log, server)).toEqual(["coder0"]);
  expect(names(log, other)).toEqual(["mine"]);
  expect(
    [server, other].map((one) => [
      one.run("show-hooks", "-g"),
      one.run("show-hooks", "-gw"),
      one.run("show-options", "-s"),
    ]),
  ).toEqual(marks);
  expect(readdirSync(home.root)).toEqual([`tmux-${process.getuid?.()}`]);
  expect(log.reports.map(({ outcome }) => outcome.state)).toEqual(["observed", "observed"]);
});

test("a socket of the roster without a server has none, and a stale socket that nobody knew is not worth a word", async () => {
  const stale = home.socket("stale");
  stale.run("new-session", "-d", "-s", "x", SLEEP);
  process.kill(stale.pid(), "SIGKILL");
  await until("refused", () => stale.pid() === 0);
  const log = await sample([server]);
  expect(log.latest(server.path)).toMatchObject({
    server: null,
    goneReason: "no-socket",
    panes: [],
    clients: [],
  });
  expect(log.snapshots(stale.path)).toEqual([]);
  const rostered = await sample([stale]);
  expect(rostered.latest(stale.path)).toMatchObject({ server: null, goneReason: "refused" });
  expect(rostered.lastReport(stale.path)).toEqual({ state: "observed" });
});

test("a server whose socket was swept away is known to be gone, once", async () => {
  const other = home.socket("default");
  other.run("new-session", "-d", "-s", "mine", SLEEP);
  const first = await sample([server]);
  expect(names(first, other)).toEqual(["mine"]);
  other.run("kill-server");
  rmSync(other.path, { force: true });
  const second = await sample([server], first.cursors);
  expect(second.latest(other.path)).toMatchObject({ server: null, goneReason: "no-socket" });
  const third = await sample([server], second.cursors);
  expect(third.snapshots(other.path)).toEqual([]);
});

test("a server whose socket file was removed while it runs is unknown and not gone, and back when it makes the file anew", async () => {
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  const pid = server.pid();
  rmSync(server.path);
  const removed = await sample([server]);
  expect(removed.snapshots(server.path)).toEqual([]);
  expect(removed.lastReport(server.path)).toMatchObject({
    state: "unavailable",
    reason: expect.stringContaining("still runs"),
  });
  process.kill(pid, "SIGUSR1");
  await until("the file is there again", () => existsSync(server.path));
  expect(names(await sample([server]), server)).toEqual(["coder0"]);
});

test("a server without sessions is a server without panes", async () => {
  server.run(
    "new-session",
    "-d",
    "-s",
    "x",
    SLEEP,
    ";",
    "set-option",
    "-s",
    "exit-empty",
    "off",
    ";",
    "kill-session",
  );
  const log = await sample([server]);
  expect(log.latest(server.path)).toMatchObject({
    server: { pid: server.pid() },
    panes: [],
    clients: [],
    goneReason: null,
  });
});

test("a death that tmux missed is told with its status all the same, and the server is left alone", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP, ";", "set-option", "-g", "remain-on-exit", "on");
  for (let round = 0; round < 6; round++) {
    const name = `agent${round}`;
    server.run("new-session", "-d", "-s", name, `exec sh -c 'read x; exit ${round + 1}'`);
    const pid = Number(server.run("display-message", "-p", "-t", `=${name}:`, "#{pane_pid}"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    server.run("send-keys", "-t", `=${name}:`, "Enter");
    await until("ended", () => startOf(pid) === "");
    const log = await sample([server]);
    const pane = log.latest(server.path)?.panes.find((one) => one.name === name);
    expect(pane).toMatchObject({ dead: true, status: round + 1, signal: null });
    expect(log.events()).toEqual([]);
  }
});

test("lines that hooks have left are read by whoever looks, once", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP);
  const watch: Watching = await watching(home, [server]);
  await watch.stop();
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  const spool = join(home.spoolDirectory, "fleet-test.spool");
  await until("on disk", () => readFileSync(spool, "utf8").includes("|session-created|"));
  const first = await sample([server], watch.log.cursors);
  const second = await sample([server], first.cursors);
  expect(first.hookLines()).toEqual(["session-created coder0"]);
  expect(second.hookLines()).toEqual([]);
});

test("a missing tmux is said for every socket, and nothing is said to be dead", async () => {
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  const log = await sample([server, home.socket("absent")], undefined, { tmuxProgram: "no-such-tmux" });
  expect(log.batches).toEqual([]);
  expect(log.reports.map(({ outcome }) => outcome)).toEqual(
    Array(2).fill({ state: "unavailable", reason: "no-such-tmux is not installed" }),
  );
});

test("an answer that is not understood is unknown, and kept", async () => {
  const program = join(home.root, "tmux");
  writeFileSync(program, "#!/bin/sh\nprintf 's|1|3.9|.|0|\\np|new|shape\\n'\n", { mode: 0o755 });
  const log = await sample([server], undefined, { tmuxProgram: program });
  expect(log.snapshots(server.path)).toEqual([]);
  expect(log.lastReport(server.path)).toMatchObject({ state: "unavailable" });
  expect(log.events("collector.input.rejected").map(({ payload }) => payload)).toMatchObject([
    { where: server.path, raw: "p|new|shape" },
  ]);
});

test("one stuck server holds up none of the others", async () => {
  const stuck = home.socket("stuck");
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  stuck.run("new-session", "-d", "-s", "x", SLEEP);
  process.kill(stuck.pid(), "SIGSTOP");
  const log = createMemoryLog();
  const sampling = home.collector([stuck, server], { deadlineMs: 1500 }).sample(log.context);
  await until("the other one", () => log.latest(server.path) !== undefined, 1200);
  expect(log.lastReport(stuck.path)).toBeUndefined();
  await sampling;
  expect(log.snapshots(stuck.path)).toEqual([]);
  expect(log.lastReport(stuck.path)).toEqual({
    state: "unavailable",
    reason: "tmux did not answer within 1500 ms",
  });
});

test("a spool without hooks, without a server and without a reader is no trouble", async () => {
  prepareSpool({ directory: home.spoolDirectory, socketName: server.name });
  const log = await sample([server]);
  expect(log.events()).toEqual([]);
});

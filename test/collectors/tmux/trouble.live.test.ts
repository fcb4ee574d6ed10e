import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../../support/collecting.ts";
import { startOf, type TmuxHome, type TmuxServer } from "./tmux-server.ts";
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

test.each(["kill -9", "kill-server"])(
  "a server that ends by %s is gone, and another one is hooked when it comes",
  async (how) => {
    server.run("new-session", "-d", "-s", "coder0", SLEEP);
    watch = await watching(home, [server], NO_TICK);
    const { log } = watch;
    const first = server.pid();
    if (how === "kill -9") process.kill(first, "SIGKILL");
    else server.run("kill-server");
    await until("gone", () => log.latest(server.path)?.server === null);
    expect(log.latest(server.path)).toMatchObject({ goneReason: "refused", panes: [], clients: [] });
    expect(log.lastReport(server.path)).toEqual({ state: "observed" });

    await until("the old one has ended", () => startOf(first) === "");
    server.run("new-session", "-d", "-s", "coder1", SLEEP);
    await until("another server", () => log.latest(server.path)?.server?.pid === server.pid());
    await until("its hooks", () => log.events("tmux.hooks.installed").length === 2);
    server.run("new-session", "-d", "-s", "coder2", SLEEP);
    await until("its lines", () => log.hookLines().includes("session-created coder2"));
  },
);

test("a server that is replaced within one moment is another server", async () => {
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  watch = await watching(home, [server], NO_TICK);
  const { log } = watch;
  const first = server.pid();
  process.kill(first, "SIGKILL");
  await until("ended", () => startOf(first) === "");
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  await until("the new one", () => log.latest(server.path)?.server?.pid === server.pid());
  await until("hooked", () => log.events("tmux.hooks.installed").length === 2);
});

test("a server that does not answer is unknown and not gone, and back as soon as it goes on", async () => {
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  watch = await watching(home, [server], { tickMs: 300, deadlineMs: 300 });
  const { log } = watch;
  const pid = server.pid();
  process.kill(pid, "SIGSTOP");
  await until("said", () => log.lastReport(server.path)?.state === "unavailable");
  expect(log.lastReport(server.path)).toEqual({
    state: "unavailable",
    reason: "tmux did not answer within 300 ms",
  });
  const snapshots = log.snapshots(server.path);
  await until(
    "tried again",
    () => log.reports.filter(({ outcome }) => outcome.state === "unavailable").length >= 3,
  );
  expect(log.snapshots(server.path)).toHaveLength(snapshots.length);
  expect(snapshots.every((snapshot) => snapshot.server !== null)).toBe(true);
  process.kill(pid, "SIGCONT");
  await until("back", () => log.lastReport(server.path)?.state === "observed");
  expect(log.latest(server.path)?.panes.map(({ name }) => name)).toEqual(["coder0"]);
});

test("while one server is stuck the other one is watched as ever", async () => {
  const stuck = home.socket("stuck");
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  stuck.run("new-session", "-d", "-s", "x", SLEEP);
  watch = await watching(home, [server, stuck], { ...NO_TICK, deadlineMs: 3000 });
  const { log } = watch;
  await until("both", () => log.events("tmux.hooks.installed").length === 2);
  process.kill(stuck.pid(), "SIGSTOP");
  await until("the sweep has seen it", () => log.reports.length > 0);
  for (let round = 0; round < 5; round++) {
    const begun = performance.now();
    server.run("new-session", "-d", "-s", `agent${round}`, SLEEP);
    await until("seen", () => log.latest(server.path)?.panes.length === round + 2);
    expect(performance.now() - begun).toBeLessThan(2000);
  }
});

test("without tmux the watch goes on and says why it sees nothing; with it, it sees", async () => {
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  const program = join(home.root, "bin-tmux");
  watch = await watching(home, [], { sockets: () => [server], tmuxProgram: program, tickMs: 50 });
  const { log } = watch;
  await until("said", () => log.lastReport(server.path)?.state === "unavailable");
  expect(log.lastReport(server.path)).toEqual({
    state: "unavailable",
    reason: `${program} is not installed`,
  });
  writeFileSync(program, '#!/bin/sh\nexec tmux "$@"\n', { mode: 0o755 });
  await until("seen", () => log.latest(server.path)?.panes.length === 1);
  rmSync(program);
  await until("said again", () => log.lastReport(server.path)?.state === "unavailable");
});

test("a tmux that answers nonsense is unknown; the nonsense is kept once, however often it comes", async () => {
  const program = join(home.root, "bin-tmux");
  writeFileSync(program, "#!/bin/sh\necho nonsense\n", { mode: 0o755 });
  watch = await watching(home, [], { sockets: () => [server], tmuxProgram: program, tickMs: 20 });
  const { log } = watch;
  await until(
    "many times",
    () => log.reports.filter(({ outcome }) => outcome.state === "unavailable").length > 10,
  );
  expect(log.snapshots(server.path)).toEqual([]);
  expect(log.events("collector.input.rejected").map(({ payload }) => payload)).toMatchObject([
    { raw: "nonsense" },
  ]);
});

test("a socket that no roster names is listed, never hooked, and its end is told", async () => {
  const other = home.socket("default");
  other.run("new-session", "-d", "-s", "mine", SLEEP);
  const before = [
    other.run("show-hooks", "-g"),
    other.run("show-hooks", "-gw"),
    other.run("show-options", "-s"),
  ];
  watch = await watching(home, [server], { tickMs: 50, otherSocketsTickMs: 50 });
  const { log } = watch;
  await until("listed", () => log.latest(other.path)?.panes.length === 1);
  other.run("new-session", "-d", "-s", "mine2", SLEEP);
  await until("followed", () => log.latest(other.path)?.panes.length === 2);
  expect([
    other.run("show-hooks", "-g"),
    other.run("show-hooks", "-gw"),
    other.run("show-options", "-s"),
  ]).toEqual(before);
  process.kill(other.pid(), "SIGKILL");
  await until("its end", () => log.latest(other.path)?.server === null);
  const told = log.snapshots(other.path).length;
  other.run("new-session", "-d", "-s", "again", SLEEP);
  await until("listed again", () => log.latest(other.path)?.panes.length === 1);
  expect(
    log
      .snapshots(other.path)
      .slice(told)
      .every((snapshot) => snapshot.server !== null),
  ).toBe(true);
});

test("when the log refuses, the watch ends with its reason, so that it can be started again", async () => {
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  const collector = home.collector([server], { tickMs: 50 });
  const emit = (): never => {
    throw new Error("database or disk is full");
  };
  const ending = new AbortController();
  const context = {
    clock: { nowUs: () => Date.now() * 1000, monotonicUs: () => performance.now() * 1000 },
    emit,
    cursor: () => null,
    report: () => {},
    signal: ending.signal,
  };
  await expect(collector.watch(context)).rejects.toThrow("disk is full");
});

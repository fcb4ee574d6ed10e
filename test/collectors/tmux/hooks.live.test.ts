import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FLEET_HOOKS, HOOK_SLOT, MAX_SPOOL_BYTES } from "../../../collectors/tmux/hooks.ts";
import { uninstallHooks } from "../../../collectors/tmux/uninstall.ts";
import { until } from "../../support/collecting.ts";
import { createMemoryLog } from "./memory-log.ts";
import { environment, type TmuxHome, type TmuxServer } from "./tmux-server.ts";
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
const NO_TICK = { tickMs: 600_000, otherSocketsTickMs: 600_000 };

/** Hooks and options of a server, as it prints them. */
function marksOf(one: TmuxServer): { ours: string[]; others: string[]; options: string[] } {
  const hooks = `${one.run("show-hooks", "-g")}\n${one.run("show-hooks", "-gw")}`
    .split("\n")
    .filter((line) => /\[\d+\]/.test(line));
  const isOurs = (line: string): boolean => line.includes(`[${HOOK_SLOT}]`);
  return {
    ours: hooks.filter(isOurs),
    others: hooks.filter((line) => !isOurs(line)),
    options: one
      .run("show-options", "-s")
      .split("\n")
      .filter((line) => line.startsWith("@")),
  };
}

/** Panes that are in a mode: a hook that fails or prints puts the newest one into view mode. */
function modes(one: TmuxServer): string[] {
  return one
    .run("list-panes", "-a", "-F", "#{pane_in_mode}#{pane_mode}")
    .split("\n")
    .filter((mode) => mode !== "0");
}

function access() {
  return { program: "tmux", environment, deadlineMs: 5000 };
}

const HOSTILE = [
  `it's`,
  `"quoted"`,
  "$(touch pwned)",
  "`touch pwned`",
  "';touch pwned;'",
  `";touch pwned;"`,
  "a|b|c",
  "a b  c",
  "* ? [x]",
  "ünï 日本 🚀",
  "$HOME",
  "back\\slash",
  "%s %n",
  "-rf",
  ">pwned",
  "&& touch pwned",
  "{a,b}",
  "separated\u2028by\u2029lines\u0085of\u202eUnicode",
  "a\nb\tc\u001b[31m",
  "x".repeat(1024),
  "é".repeat(512),
];

test("hostile names come back as tmux has them, in looks and in lines, and nothing runs", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP);
  watch = await watching(home, [server], NO_TICK);
  const { log } = watch;
  for (const name of HOSTILE) {
    const id = server.run(
      "new-session",
      "-d",
      "-P",
      "-F",
      "#{session_id}",
      "-s",
      name,
      "-c",
      home.root,
      SLEEP,
    );
    const sessions = server.run("list-sessions", "-F", "#{session_id} #{session_name}").split("\n");
    const stored = sessions.find((line) => line.startsWith(`${id} `))?.slice(id.length + 1) ?? "";
    expect(stored).not.toBe("");
    await until(
      `seen: ${name}`,
      () => log.latest(server.path)?.panes.some((pane) => pane.name === stored) === true,
    );
    server.run("kill-session", "-t", id);
    await until(`told: ${name}`, () => log.hookLines().includes(`session-closed ${stored}`));
    expect(log.hookLines()).toContain(`session-created ${stored}`);
  }
  expect(log.events("collector.input.rejected")).toEqual([]);
  expect(modes(server)).toEqual([]);
  expect(readdirSync(home.root).sort()).toEqual(["state", `tmux-${process.getuid?.()}`]);
  expect(readdirSync(process.cwd())).not.toContain("pwned");
});

test("a name that looks like a format of tmux is a name", async () => {
  server.run("new-session", "-d", "-s", "base", "-c", home.root, SLEEP);
  watch = await watching(home, [server], NO_TICK);
  const { log } = watch;
  for (const name of ["#(touch pwned)", "#{pid}", "#{@fleet_spool}", "##", "#[fg=red]", "%H%n"]) {
    const id = server.run("new-session", "-d", "-P", "-F", "#{session_id}", "-c", home.root, SLEEP);
    // tmux expands what it is given once, so the name comes out of an option.
    server.run("set-option", "-s", "@name", name, ";", "rename-session", "-t", id, "#{@name}");
    await until(
      `seen: ${name}`,
      () => log.latest(server.path)?.panes.some((pane) => pane.name === name) === true,
    );
    await until(`told: ${name}`, () => log.hookLines().includes(`session-renamed ${name}`));
    server.run("kill-session", "-t", id);
    await until(`closed: ${name}`, () => log.hookLines().includes(`session-closed ${name}`));
  }
  expect(modes(server)).toEqual([]);
  expect(readdirSync(home.root).sort()).toEqual(["state", `tmux-${process.getuid?.()}`]);
});

test("a program that names its own terminal, title and directory reaches no shell", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP, ";", "set-option", "-g", "remain-on-exit", "on");
  watch = await watching(home, [server], NO_TICK);
  const { log } = watch;
  const directory = join(home.root, "x\ntouch pwned\ny");
  mkdirSync(directory);
  server.run(
    "new-session",
    "-d",
    "-s",
    "coder0",
    `cd '${directory}' && printf '\\033]2;$(touch pwned)\\033\\\\' && exec sh -c 'read x; exit 3'`,
  );
  await until("the pane", () => log.latest(server.path)?.panes.length === 2);
  server.run("send-keys", "-t", "=coder0:", "Enter");
  await until("the line", () => log.hookLines().includes("pane-died coder0"));
  expect(readdirSync(home.root)).not.toContain("pwned");
  expect(readdirSync(directory)).toEqual([]);
  expect(log.events("collector.input.rejected")).toEqual([]);
});

test("a state directory with every odd character is quoted, and nothing in its name runs", async () => {
  const odd = `st ate'"$(touch pwned)\`touch pwned\`#{pid}#(touch pwned){a,b}|;&*?[x]~!%H\\ü`;
  const spoolDirectory = join(home.root, odd, "spool");
  server.run("new-session", "-d", "-s", "base", "-c", home.root, SLEEP);
  watch = await watching(home, [server], { ...NO_TICK, spoolDirectory });
  const { log } = watch;
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  await until("the line", () => log.hookLines().includes("session-created coder0"));
  expect(modes(server)).toEqual([]);
  expect(readdirSync(home.root).sort()).toEqual([odd, `tmux-${process.getuid?.()}`].sort());
  expect(readdirSync(process.cwd())).not.toContain("pwned");
});

test("a state directory that cannot be quoted sets no hooks, says so, and is still looked at", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP);
  const log = createMemoryLog();
  const collector = home.collector([server], { ...NO_TICK, spoolDirectory: join(home.root, "a\nb") });
  const ended = collector.watch(log.context);
  await until("said", () => log.events("collector.input.rejected").length > 0);
  await until("looked at", () => log.latest(server.path)?.panes.length === 1);
  expect(log.events("collector.input.rejected")[0]?.payload).toMatchObject({
    where: server.path,
    reason: /control character/,
  });
  expect(marksOf(server)).toMatchObject({ ours: [], options: [] });
  log.end();
  await ended;
});

test("lines that were left while nobody watched are read at the next start, each once", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP);
  watch = await watching(home, [server]);
  const first = watch.log;
  server.run("new-session", "-d", "-s", "before", SLEEP);
  await until("the line", () => first.hookLines().includes("session-created before"));
  await watch.stop();

  server.run("new-session", "-d", "-s", "meanwhile", SLEEP, ";", "kill-session", "-t", "=meanwhile");
  await until("on disk", () =>
    readFileSync(join(home.spoolDirectory, "fleet-test.spool"), "utf8").includes("|session-closed|"),
  );
  watch = await watching(home, [server], { cursors: first.cursors });
  const { log } = watch;
  await until("read", () => log.hookLines().includes("session-closed meanwhile"));
  expect(
    log
      .hookLines()
      .filter((line) => line.endsWith("meanwhile"))
      .sort(),
  ).toEqual(["session-closed meanwhile", "session-created meanwhile", "window-unlinked meanwhile"]);
  expect(log.hookLines()).not.toContain("session-created before");
  // The pane lived and died between two recorders, so no look ever saw it.
  expect(log.snapshots(server.path).flatMap(({ panes }) => panes.map(({ name }) => name))).not.toContain(
    "meanwhile",
  );
});

test("the user's own hooks stay, in the same arrays and before and after ours", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP);
  const file = join(home.root, "user.log");
  server.run("set-hook", "-g", "session-created", `run-shell "echo user >>'${file}'"`);
  server.run("set-hook", "-g", "pane-died[7]", "display-message user");
  const before = marksOf(server);
  watch = await watching(home, [server], NO_TICK);
  const { log } = watch;
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  await until("ours", () => log.hookLines().includes("session-created coder0"));
  await until("the user's", () => existsSync(file) && readFileSync(file, "utf8") === "user\n");
  expect(marksOf(server).others).toEqual(before.others);
  expect(marksOf(server).ours).toHaveLength(FLEET_HOOKS.length);
});

test("a configuration that erases a hook loses it only for moments", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP);
  watch = await watching(home, [server], { tickMs: 100, hooksCheckMs: 100 });
  const { log } = watch;
  const configuration = join(home.root, "tmux.conf");
  writeFileSync(
    configuration,
    "set-hook -g session-created 'display-message mine'\nset-hook -gu pane-died\n",
  );
  server.run("source-file", configuration);
  expect(marksOf(server).ours).toHaveLength(FLEET_HOOKS.length - 2);
  await until("set again", () => log.events("tmux.hooks.installed").length === 2);
  expect(log.events("tmux.hooks.installed").map(({ payload }) => payload)).toMatchObject([
    { reason: "started", hooks: FLEET_HOOKS.length, server: server.pid() },
    { reason: "erased", hooks: FLEET_HOOKS.length, server: server.pid() },
  ]);
  expect(marksOf(server).ours).toHaveLength(FLEET_HOOKS.length);
  expect(marksOf(server).others).toEqual(["session-created[0] display-message mine"]);
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  await until("ours works", () => log.hookLines().includes("session-created coder0"));
});

test("a session that hides our hooks behind its own is no reason to set them again and again", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP);
  server.run("set-hook", "-t", "base", "session-created", "display-message mine");
  watch = await watching(home, [server], { tickMs: 50, hooksCheckMs: 100 });
  const { log } = watch;
  const looks = log.snapshots(server.path).length;
  await until("many looks", () => {
    // The sweep keeps a quiet server from being asked, so it is given something to do.
    server.run("set-buffer", "x");
    return log.snapshots(server.path).length > looks + 10;
  });
  expect(log.events("tmux.hooks.installed")).toHaveLength(1);
});

test("of two recorders with state directories of their own the later one has the hooks, without a quarrel", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP);
  watch = await watching(home, [server], { tickMs: 50, hooksCheckMs: 50 });
  const spoolDirectory = join(home.root, "other", "spool");
  const second = await watching(home, [server], { tickMs: 50, hooksCheckMs: 50, spoolDirectory });
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  await until("told to the second", () => second.log.hookLines().includes("session-created coder0"));
  await until("seen by the first", () => (watch as Watching).log.latest(server.path)?.panes.length === 2);
  const looks = watch.log.snapshots(server.path).length;
  await until("more looks", () => {
    server.run("set-buffer", "x");
    return (watch as Watching).log.snapshots(server.path).length > looks + 10;
  });
  expect(watch.log.events("tmux.hooks.installed")).toHaveLength(1);
  expect(second.log.events("tmux.hooks.installed")).toHaveLength(1);
  await second.stop();
});

test("a spool that is full, missing, or no file at all costs lines and nothing else", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP);
  watch = await watching(home, [server]);
  await watch.stop();
  watch = null;
  const spool = join(home.spoolDirectory, "fleet-test.spool");
  const churn = async (name: string): Promise<void> => {
    const before = server.format("#{@fleet_n}");
    server.run("new-session", "-d", "-s", name, SLEEP);
    server.run("new-session", "-d", "-s", `${name}-next`, SLEEP);
    expect(Number(server.format("#{@fleet_n}"))).toBe(Number(before) + 2);
    // A job that the server starts after the hooks' has ended: so have theirs.
    server.run("run-shell", "true");
    expect(modes(server), name).toEqual([]);
  };
  truncateSync(spool, MAX_SPOOL_BYTES - 10);
  await churn("full");
  expect(statSync(spool).size).toBeLessThanOrEqual(MAX_SPOOL_BYTES);
  rmSync(spool);
  await churn("missing");
  expect(existsSync(spool)).toBe(false);
  mkdirSync(spool);
  await churn("directory");
  rmSync(spool, { recursive: true });
  rmSync(home.spoolDirectory, { recursive: true });
  await churn("nowhere");
  server.run("set-option", "-su", "@fleet_spool");
  await churn("unset");
  expect(modes(server)).toEqual([]);
});

test("a spool that was full is read, and takes lines again", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP);
  watch = await watching(home, [server]);
  const { cursors } = watch.log;
  await watch.stop();
  const spool = join(home.spoolDirectory, "fleet-test.spool");
  truncateSync(spool, MAX_SPOOL_BYTES);
  server.run("new-session", "-d", "-s", "lost", SLEEP);
  watch = await watching(home, [server], { cursors, tidyMs: 50 });
  const { log } = watch;
  await until("the garbage is told", () => log.events("collector.input.rejected").length > 0);
  await until("a fresh spool", () => statSync(spool).size < 1000);
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  await until("lines again", () => log.hookLines().includes("session-created coder0"));
});

test("a spool that somebody deleted is made again, and the watch goes on", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP);
  watch = await watching(home, [server], { ...NO_TICK, tidyMs: 50 });
  const { log } = watch;
  rmSync(home.spoolDirectory, { recursive: true });
  await until("made again", () => existsSync(join(home.spoolDirectory, "fleet-test.spool")));
  server.run("new-session", "-d", "-s", "coder0", SLEEP);
  await until("the line", () => log.hookLines().includes("session-created coder0"));
});

test("removal leaves nothing of ours, everything of the user's, and loses no line", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP);
  server.run("set-hook", "-g", "session-created", "display-message mine");
  server.run("set-option", "-s", "@mine", "1");
  watch = await watching(home, [server]);
  const { cursors } = watch.log;
  await watch.stop();
  server.run("new-session", "-d", "-s", "coder0", SLEEP);

  const log = createMemoryLog(cursors);
  const { socketDirectory, spoolDirectory } = home;
  const options = { access: access(), socketDirectory, spoolDirectory };
  const socket = { name: server.name, path: server.path };
  expect(await uninstallHooks([socket], options, log.context)).toEqual([
    { socket, state: "removed", hooks: FLEET_HOOKS.length },
  ]);
  expect(marksOf(server)).toEqual({
    ours: [],
    others: ["session-created[0] display-message mine"],
    options: ["@mine 1"],
  });
  expect(readdirSync(spoolDirectory)).toEqual([]);
  expect(log.hookLines()).toEqual(["session-created coder0"]);
  expect(log.events("tmux.hooks.removed").map(({ payload }) => payload)).toEqual([
    { socket: server.path, server: server.pid(), hooks: FLEET_HOOKS.length },
  ]);
  expect(await uninstallHooks([socket], options, log.context)).toEqual([{ socket, state: "nothing" }]);
});

test("removal also finds the servers that no roster names any longer", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP);
  watch = await watching(home, [server]);
  await watch.stop();
  watch = null;
  const { socketDirectory, spoolDirectory } = home;
  const results = await uninstallHooks(
    [],
    { access: access(), socketDirectory, spoolDirectory },
    createMemoryLog().context,
  );
  expect(results).toMatchObject([{ state: "removed", socket: { path: server.path } }]);
  expect(marksOf(server)).toEqual({ ours: [], others: [], options: [] });
});

test("hooks of another state directory are left to it", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP);
  watch = await watching(home, [server], { spoolDirectory: join(home.root, "other", "spool") });
  const before = marksOf(server);
  const { socketDirectory, spoolDirectory } = home;
  const socket = { name: server.name, path: server.path };
  const results = await uninstallHooks(
    [socket],
    { access: access(), socketDirectory, spoolDirectory },
    createMemoryLog().context,
  );
  expect(results).toMatchObject([{ state: "foreign" }]);
  expect(marksOf(server)).toEqual(before);
});

test("a socket that leaves the roster loses our marks and is listed on", async () => {
  server.run("new-session", "-d", "-s", "base", SLEEP);
  let named = [server];
  watch = await watching(home, [server], { sockets: () => named, otherSocketsTickMs: 100 });
  const { log } = watch;
  named = [];
  await until("removed", () => log.events("tmux.hooks.removed").length === 1);
  expect(marksOf(server)).toEqual({ ours: [], others: [], options: [] });
  await until("the spool is gone", () => readdirSync(home.spoolDirectory).length === 0);
  const looks = log.snapshots(server.path).length;
  await until("listed on", () => log.snapshots(server.path).length > looks);
  expect(log.latest(server.path)?.panes).toHaveLength(1);
  named = [server];
  await until("hooked again", () => log.events("tmux.hooks.installed").length === 2);
});

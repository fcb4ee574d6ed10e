import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createLiveFleet, type Running, waitUntil } from "./support/live-fleet.ts";

const AGENT = join(import.meta.dirname, "../agents/watch/counting-agent.py");
const fleet = createLiveFleet(`version: 1
tmux: { socket_name: fleet-test }
agents:
${["seen", "other", "typed"].map((name) => `  - { name: ${name}, runtime: script, class: worker, command: "sleep 1" }`).join("\n")}
`);
afterAll(() => fleet.remove());

const log = (name: string): string => join(fleet.home, `${name}.log`);
/** What the agent has noticed. */
const noticed = (name: string): string[] =>
  existsSync(log(name))
    ? readFileSync(log(name), "utf8")
        .split("\n")
        .filter((line) => line !== "")
    : [];
const order = (name: string, text: string): void => appendFileSync(`${log(name)}.orders`, `${text}\n`);
const windowSize = (name: string): string =>
  fleet.tmux("display-message", "-p", "-t", `=${name}:`, "#{window_width}x#{window_height}");
const clients = (): string => fleet.tmux("list-clients", "-F", "#{client_name}");

async function agent(name: string, width: number, height: number): Promise<void> {
  fleet.startSession(name, "python3", AGENT, log(name));
  if (width !== 120)
    fleet.tmux("resize-window", "-t", `=${name}:`, "-x", String(width), "-y", String(height));
  await waitUntil("it is ready", () => noticed(name).some((line) => line === `SIZE ${width}x${height}`));
  await waitUntil("it has shown itself", () =>
    fleet.tmux("capture-pane", "-p", "-t", `=${name}:`).includes("ready"),
  );
}

/** Everything up to now, so that only what comes later counts. */
function mark(name: string): () => string[] {
  const before = noticed(name).length;
  return () => noticed(name).slice(before);
}

async function ended(watching: Running, how: "q" | "SIGKILL"): Promise<void> {
  if (how === "q") watching.child.stdin?.write("q");
  else killTree(watching.child.pid as number);
  await watching.ended;
}

/** `script` is the terminal; what runs on it is killed, not asked. */
function killTree(pid: number): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
  for (const child of children) if (child !== "") process.kill(Number(child), "SIGKILL");
}

test.each([
  ["smaller than the terminal", 60, 15],
  ["larger than the terminal", 200, 60],
])(
  "a watched agent %s notices nothing: no signal, no byte, no other size, however the watcher ends",
  async (_name, width, height) => {
    const name = width < 100 ? "seen" : "other";
    await agent(name, width, height);
    const since = mark(name);
    for (const how of ["q", "SIGKILL"] as const) {
      const watching = fleet.startOnTerminal("watch", name);
      await waitUntil("its screen is shown", () => watching.stdout().includes("ready"), 20_000);
      order(name, `draw news for ${how}`);
      await waitUntil("a change is shown", () => watching.stdout().includes(`news for ${how}`));
      watching.child.stdin?.write("\u001b[5~xyz\r\u001b[6~");
      order(name, `draw more for ${how}`);
      await waitUntil("the next change is shown", () => watching.stdout().includes(`more for ${how}`));
      expect(clients()).toBe("");
      await ended(watching, how);
    }
    expect(windowSize(name)).toBe(`${width}x${height}`);
    expect(since()).toEqual([]);
  },
);

test("its colours and wide characters are shown, and the terminal is given back as it was", async () => {
  const watching = fleet.startOnTerminal("watch", "seen");
  await waitUntil("its screen is shown", () => watching.stdout().includes("日本"));
  expect(watching.stdout()).toContain("\u001b[31mready");
  await ended(watching, "q");
  expect(watching.stdout()).toContain("\u001b[?25h\u001b[?1049l");
});

test("several are shown side by side, and one that is not there says so", async () => {
  const watching = fleet.startOnTerminal("watch", "seen", "other", "typed");
  await waitUntil("both and the missing one are shown", () => {
    const text = watching.stdout();
    return (
      text.includes("> seen") && text.includes("other  200x60") && text.includes("typed  not to be seen")
    );
  });
  await ended(watching, "q");
  expect((await fleet.fleet("watch", "nobody", "--json")).code).toBe(3);
  expect((await fleet.fleet("watch", "seen")).code).toBe(2);
});

test("--json prints each new screen once", async () => {
  const watching = fleet.start("watch", "seen", "--json");
  await waitUntil("the first is there", () => watching.stdout().includes("ready"));
  order("seen", "draw for a script");
  await waitUntil("the next is there", () => watching.stdout().includes("for a script"));
  watching.child.kill("SIGINT");
  expect((await watching.ended).code).toBe(130);
  const screens = watching
    .stdout()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(screens[0]).toMatchObject({
    schema: "fleet.watch.v1",
    tenant_id: "jarvis",
    host: "W-jarvis",
    agent: "seen",
    width: 60,
  });
  for (const [at, screen] of screens.entries())
    if (at > 0)
      expect(JSON.stringify([screen.lines, screen.cursor])).not.toBe(
        JSON.stringify([screens[at - 1].lines, screens[at - 1].cursor]),
      );
});

test("tail prints the last lines, history included, and then follows", async () => {
  order("seen", "lines 40");
  await waitUntil("they are written", () =>
    fleet.tmux("capture-pane", "-p", "-t", "=seen:").includes("line 39"),
  );
  const since = mark("seen");
  const { stdout } = await fleet.fleet("tail", "seen", "-n", "30");
  expect(stdout.trimEnd().split("\n")).toEqual(Array.from({ length: 30 }, (_, at) => `line ${at + 10}`));
  const following = fleet.start("tail", "seen", "-n", "1", "-f");
  await waitUntil("it has begun", () => following.stdout() === "line 39\n");
  order("seen", "lines 25");
  order("seen", "draw the last one");
  await waitUntil("it has followed", () => following.stdout().includes("the last one"));
  following.child.kill("SIGINT");
  expect((await following.ended).code).toBe(130);
  const wanted = ["line 39", ...Array.from({ length: 25 }, (_, at) => `line ${at}`), "the last one", ""];
  expect(following.stdout()).toBe(wanted.join("\n"));
  expect(since()).toEqual([]);
});

test.each([
  ["the window keeps its size all the time", []],
  ["with --resize it gets it back afterwards", ["--resize"]],
])("attach joins a terminal: %s, and who came and went is in the log", async (_name, options) => {
  const resizes = options.length > 0;
  if (!noticed("typed").length) await agent("typed", 120, 40);
  const since = mark("typed");
  const attached = fleet.startOnTerminal("attach", "typed", ...(options as string[]));
  await waitUntil("the client is there", () => clients() !== "");
  await waitUntil("it shows the pane", () => attached.stdout().includes("ready"));
  // A terminal that is only just becoming raw may lose a key, so a person's second try is made here too.
  const typing = insist(() => attached.child.stdin?.write("hi"));
  // However many reads it came in.
  const bytes = () => since().flatMap((line) => (line.startsWith("BYTES ") ? [line.slice(6)] : []));
  await waitUntil("what was typed reached the agent", () => bytes().join("").includes("6869"));
  typing.stop();
  const sizes = () => since().filter((line) => line.startsWith("SIZE "));
  if (resizes) await waitUntil("the agent has the terminal's size", () => sizes().length > 0);
  // tmux takes keys that come within a millisecond of each other for a paste, and obeys none of them.
  let isPrefix = false;
  const leaving = insist(() => {
    isPrefix = !isPrefix;
    attached.child.stdin?.write(isPrefix ? "\u0002" : "d");
  });
  const { code, stdout } = await attached.ended;
  leaving.stop();
  expect(code).toBe(0);
  expect(stdout).toContain("detached after");
  expect(windowSize("typed")).toBe("120x40");
  if (resizes) await waitUntil("the agent has its own size again", () => sizes().at(-1) === "SIZE 120x40");
  else expect(since().filter((line) => !line.startsWith("BYTES "))).toEqual([]);
  expect(fleet.tmux("show-options", "-w", "-t", "=typed:")).not.toContain("window-size");
  const events = (await fleet.fleet("events", "--agent", "typed", "--type", "operator.", "--json")).stdout
    .trim()
    .split("\n");
  const [came, went] = events.slice(-2).map((line) => JSON.parse(line));
  expect(came).toMatchObject({
    type: "operator.attached",
    payload: { verb: "attach", terminal: expect.stringMatching(/^\/dev\/pts\//) },
  });
  expect(went).toMatchObject({ type: "operator.detached", payload: { how: "detached" } });
  expect(went.payload.seconds).toBeGreaterThan(0);
});

const ownSize = (): string => fleet.tmux("show-options", "-w", "-t", "=typed:");
const lastOperatorEvent = async (): Promise<{ type: string; payload: Record<string, unknown> }> => {
  const { stdout } = await fleet.fleet("events", "--agent", "typed", "--type", "operator.", "--json");
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "null");
};

test("an attach that is killed gives the window back what it had, and the recorder tells that the person has left", async () => {
  if (!noticed("typed").length) await agent("typed", 120, 40);
  fleet.tmux("set-option", "-w", "-t", "=typed:", "window-size", "smallest");
  const recorder = await fleet.recorder();
  const attached = fleet.startOnTerminal("attach", "typed", "--resize");
  await waitUntil("the client is there", () => clients() !== "");
  await waitUntil("the window has the terminal's size", () => windowSize("typed") === "110x23");
  const client = Number(fleet.tmux("list-clients", "-F", "#{client_pid}"));
  await waitUntil("the recorder has seen it", async () => {
    const { stdout } = await fleet.fleet(
      "events",
      "--agent",
      "typed",
      "--type",
      "tmux.client.attached",
      "--json",
    );
    return stdout.includes(`"pid":${client}`);
  });
  // First what waits for the client, so that nothing of this program can put anything back; then the terminal goes.
  const { pid } = (await lastOperatorEvent()).payload;
  process.kill(pid as number, "SIGKILL");
  process.kill(client, "SIGKILL");
  await attached.ended;
  await waitUntil("the window has its own size again", () => windowSize("typed") === "120x40");
  expect(ownSize()).toContain("window-size smallest");
  expect(ownSize()).not.toContain("@fleet_");
  expect(fleet.tmux("show-hooks", "-g")).not.toContain("@fleet_window_size");
  await waitUntil("it is in the log", async () => (await lastOperatorEvent()).type === "operator.detached");
  expect((await lastOperatorEvent()).payload).toMatchObject({ verb: "attach", pid, how: "killed" });
  recorder.child.kill("SIGTERM");
  await recorder.ended;
});

test("a tmux client that is killed under a person's hands is no person who left", async () => {
  if (!noticed("typed").length) await agent("typed", 120, 40);
  const attached = fleet.startOnTerminal("attach", "typed");
  await waitUntil("the client is there", () => clients() !== "");
  process.kill(Number(fleet.tmux("list-clients", "-F", "#{client_pid}")), "SIGKILL");
  await attached.ended;
  expect(await lastOperatorEvent()).toMatchObject({ type: "operator.detached", payload: { how: "killed" } });
});

test("of two who attach, the last to leave gives the window back what it had before the first came", async () => {
  if (!noticed("typed").length) await agent("typed", 120, 40);
  fleet.tmux("set-option", "-w", "-t", "=typed:", "window-size", "largest");
  const both = [fleet.startOnTerminal("attach", "typed")];
  await waitUntil("one is there", () => clients().split("\n").filter(Boolean).length === 1);
  both.push(fleet.startOnTerminal("attach", "typed"));
  await waitUntil("both are there", () => clients().split("\n").length === 2);
  const [first = "", second = ""] = clients().split("\n");
  fleet.tmux("detach-client", "-t", first);
  await Promise.race(both.map(({ ended }) => ended));
  expect(ownSize()).toContain("window-size manual");
  expect(windowSize("typed")).toBe("120x40");
  fleet.tmux("detach-client", "-t", second);
  await Promise.all(both.map(({ ended }) => ended));
  expect(ownSize()).toContain("window-size largest");
  expect(windowSize("typed")).toBe("120x40");
  fleet.tmux("set-option", "-w", "-u", "-t", "=typed:", "window-size");
});

/** Does it now, and again and again until it is told to stop. */
function insist(act: () => unknown): { stop(): void } {
  act();
  const timer = setInterval(act, 300);
  return { stop: () => clearInterval(timer) };
}

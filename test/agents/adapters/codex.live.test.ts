import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestOfPrompt } from "../../../agents/acks/normal-text.ts";
import { createTmuxHome, type TmuxHome, type TmuxServer } from "../../collectors/tmux/tmux-server.ts";
import { type AgentHome, capturedPayloads, createAgentHome, HOOK } from "./agent-home.ts";

const payloads = capturedPayloads("codex").filter(({ event }) => !event.startsWith("notify"));
const until = { timeout: 25_000, interval: 25 };

/** Plays Codex: a process of that name in a pane, which runs a hook with a payload whenever it is told to. */
const PLAYER = `while :; do
  read -r event file <"$1" || continue
  sh "$2" codex "$event" <"$file"
  echo $? >"$file.done"
done
`;

let agent: AgentHome;
let tmux: TmuxHome;
let server: TmuxServer;
let pid: number;
let pane: string;
let rollout: string;
let sent = 0;
const started: ReturnType<typeof spawn>[] = [];

beforeEach(() => {
  agent = createAgentHome();
  tmux = createTmuxHome();
  server = tmux.socket();
  rollout = join(agent.home, "rollout-2026-11-25-x.jsonl");
  writeFileSync(rollout, "");
  writeFileSync(join(agent.home, "player.sh"), PLAYER);
  symlinkSync("/bin/sh", join(agent.home, "codex"));
  spawnSync("mkfifo", [join(agent.home, "fifo")]);
  const more = Object.entries(agent.environment).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
  const words = ["codex", "player.sh", "fifo"].map((file) => join(agent.home, file));
  server.run("new-session", "-d", "-s", "coder0", "-x", "120", ...more, ...words, HOOK);
  [pane = "", pid = 0] = server
    .run("list-panes", "-F", "#{pane_id} #{pane_pid}")
    .split(" ")
    .map((word, at) => (at === 0 ? word : Number(word))) as [string, number];
  title("project");
});
afterEach(async () => {
  await tmux.remove();
  await Promise.all(started.splice(0).map(ended));
  agent.remove();
});

const title = (text: string): void => {
  server.run("select-pane", "-t", pane, "-T", text);
};
const ended = (child: ReturnType<typeof spawn>): Promise<unknown> =>
  child.exitCode === null ? new Promise((resolve) => child.once("exit", resolve)) : Promise.resolve();
async function hook(event: string, payload: unknown): Promise<string> {
  sent += 1;
  const file = join(agent.home, `payload-${sent}`);
  writeFileSync(file, JSON.stringify(payload));
  writeFileSync(join(agent.home, "fifo"), `${event} ${file}\n`);
  await expect.poll(() => existsSync(`${file}.done`), until).toBe(true);
  return readFileSync(`${file}.done`, "utf8").trim();
}
const payloadOf = (event: string, more: Record<string, string> = {}) => ({
  ...payloads.find((one) => one.event === event)?.payload,
  transcript_path: rollout,
  ...more,
});
const rolled = (type: string, more: Record<string, unknown> = {}): void =>
  appendFileSync(
    rollout,
    `${JSON.stringify({ timestamp: "t", ordinal: 1, type: "event_msg", payload: { type, ...more } })}\n`,
  );
function sidecar(): ReturnType<typeof spawn> {
  const env = { ...agent.environment, MOSAIC_TMUX_SOCKET: server.name, TMUX_TMPDIR: tmux.root };
  const child = spawn("sh", [HOOK, "codex", "sidecar", String(pid), pane], { env, stdio: "ignore" });
  started.push(child);
  return child;
}
/** As a hook that ran before has left it: which rollout is this Codex's. */
function knownRollout(): void {
  mkdirSync(agent.run, { recursive: true, mode: 0o700 });
  writeFileSync(join(agent.run, ".coder0.rollout"), `${pid} ${rollout}\n`);
}
const status = (): string | undefined => agent.beat().status;

test("each captured payload: status 0, not a character on the screen, and a beat of Codex's own process", async () => {
  for (const { event, payload } of payloads) {
    expect(await hook(event.split("/")[0] ?? "", { ...(payload as object), transcript_path: rollout })).toBe(
      "0",
    );
  }
  await expect.poll(() => agent.beat(), until).toMatchObject({ pid: String(pid), source: "hook" });
  expect(server.run("capture-pane", "-p", "-t", pane).trim()).toBe("");
});

describe("what Codex does is told by its rollout and its title together", () => {
  beforeEach(() => {
    knownRollout();
    sidecar();
  });

  test("through a turn, its interruption, a permission, its approval and an error, without any hook", async () => {
    await expect
      .poll(() => agent.beat(), until)
      .toMatchObject({ pid: String(pid), status: "ok", source: "sidecar" });
    rolled("task_started");
    title("⠹ project");
    await expect.poll(status, until).toBe("busy");
    rolled("turn_aborted", { reason: "interrupted" });
    title("project");
    await expect.poll(status, until).toBe("ok");
    rolled("task_started");
    title("[ ! ] Action Required | project");
    await expect.poll(status, until).toBe("waiting");
    title("[ . ] Action Required | project");
    title("⠦ project");
    await expect.poll(status, until).toBe("busy");
    rolled("task_complete", { error: { message: "unexpected status 401" } });
    title("project");
    await expect.poll(status, until).toBe("ok");
    expect(agent.beat().doubt).toBeUndefined();
  });

  test("and is unknown while they do not agree for longer than both take to change", async () => {
    rolled("task_started");
    title("⠹ project");
    await expect.poll(status, until).toBe("busy");
    title("project");
    await expect
      .poll(() => agent.beat(), until)
      .toMatchObject({ status: "unknown", doubt: "title:ok,rollout:busy" });
    rolled("task_complete");
    await expect.poll(status, until).toBe("ok");
  });

  test("a title that is the host's name is not Codex's: it tells nothing", async () => {
    title(hostname());
    await expect.poll(() => agent.beat(), until).toMatchObject({ status: "unknown", source: "sidecar" });
    rolled("task_started");
    await expect.poll(status, until).toBe("busy");
  });
});

test("a probe is answered by the sidecar, which ends with its process", async () => {
  const child = sidecar();
  await expect.poll(status, until).toBe("ok");
  writeFileSync(join(agent.run, "coder0.probe"), "n-1\n");
  await expect.poll(() => agent.beat().probe, until).toBe("n-1");
  server.run("kill-session", "-t", "=coder0");
  await ended(child);
  expect(child.exitCode).toBe(0);
});

test("a prompt is acknowledged by its digest, and taken up when the rollout has it; its text is kept nowhere", async () => {
  const prompt = 'List the "files"\nof 日本語 \\ please';
  await hook("UserPromptSubmit", payloadOf("UserPromptSubmit", { prompt, turn_id: "turn-7" }));
  const sha256 = digestOfPrompt(prompt);
  await expect.poll(() => agent.acks(), until).toEqual([{ what: "received", sha256, queued: false }]);
  knownRollout();
  const item = { type: "UserMessage", content: [{ type: "text", text: prompt }] };
  rolled("item_completed", { turn_id: "turn-7", item });
  await expect.poll(() => agent.acks().map(({ what }) => what), until).toEqual(["received", "taken-up"]);
  await expect.poll(() => agent.beat(), until).toMatchObject({ ack: sha256, status: "busy" });
  expect(agent.everythingKept()).not.toContain("List the");
});

test("hooks that run in Codex's shared daemon speak for nobody", () => {
  // A Codex without a terminal: whose hooks these are is not known, only who started the daemon first.
  const event = join(agent.home, "event");
  writeFileSync(event, JSON.stringify(payloadOf("Stop")));
  const script = join(agent.home, "daemon.sh");
  writeFileSync(script, 'sh "$1" codex Stop <"$2"; exit 0\n');
  const { status: code } = spawnSync("setsid", ["--wait", join(agent.home, "codex"), script, HOOK, event], {
    env: agent.environment,
    stdio: "ignore",
  });
  expect(code).toBe(0);
  expect(existsSync(join(agent.run, "coder0.hb"))).toBe(false);
  rmSync(event);
});

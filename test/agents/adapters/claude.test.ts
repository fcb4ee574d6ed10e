import { appendFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestOfPrompt } from "../../../agents/acks/normal-text.ts";
import { readProcess } from "../../../collectors/proc/stat.ts";
import { type AgentHome, capturedPayloads, createAgentHome } from "./agent-home.ts";

let agent: AgentHome;
beforeEach(() => {
  agent = createAgentHome();
});
afterEach(() => agent.remove());

const SILENT = { status: 0, stdout: "", stderr: "" };
const payloads = capturedPayloads("claude").filter(({ event }) => event !== "statusLine");
const statusLine = capturedPayloads("claude").find(({ event }) => event === "statusLine")?.payload;
const payloadOf = (event: string) => {
  const found = payloads.find((one) => one.event === event)?.payload;
  if (found === undefined) throw new Error(`nothing was captured of ${event}`);
  return found as Record<string, string>;
};
const hook = (event: string, more: Record<string, string> = {}) =>
  agent.hook(["claude", event], { ...payloadOf(event), ...more });
const timer = (...chained: string[]) => agent.hook(["claude", "statusline", ...chained], statusLine);
const LONG_AGO = Date.now() - 60_000;
const until = { timeout: 20_000, interval: 20 };

test.each(payloads)("$event: no output, status 0, and the session file is believed", ({ event, payload }) => {
  agent.session("busy");
  expect(agent.hook(["claude", event.split("/")[0] ?? ""], payload)).toEqual(SILENT);
  // The end of a session is told by its process, not by a beat.
  if (event.startsWith("SessionEnd")) expect(agent.beat().status).toBeUndefined();
  else expect(agent.beat()).toMatchObject({ pid: String(process.pid), status: "busy", source: "hook" });
});

describe("what Claude Code does", () => {
  test.each([
    ["idle", "ok"],
    ["busy", "busy"],
    ["waiting", "waiting"],
  ])("is what its session file says: %s", (said, status) => {
    agent.session(said);
    expect(timer()).toEqual(SILENT);
    expect(agent.beat()).toMatchObject({ status, model: "claude-opus-5-5" });
  });

  test("is ok after an interruption, of which no hook tells", () => {
    agent.session("busy");
    hook("UserPromptSubmit");
    agent.session("idle", Date.now() + 1);
    timer();
    expect(agent.beat()).toMatchObject({ status: "ok" });
    expect(agent.beat().doubt).toBeUndefined();
  });

  test("is busy after an approval, of which no hook tells", () => {
    agent.session("waiting");
    hook("PermissionRequest");
    expect(agent.beat().status).toBe("waiting");
    agent.session("busy", Date.now() + 1);
    timer();
    expect(agent.beat().status).toBe("busy");
  });

  test("is what the hook says in the moment before the session file is written", () => {
    agent.session("idle", LONG_AGO);
    hook("PermissionRequest");
    expect(agent.beat().status).toBe("waiting");
  });

  test("is unknown when the file has stood still since a hook said otherwise", () => {
    agent.session("idle", LONG_AGO);
    hook("PermissionRequest");
    const [, , pid] = [0, 0, process.pid];
    writeFileSync(join(agent.run, ".coder0.hook"), `waiting ${Date.now() - 10_000} ${pid}\n`);
    timer();
    expect(agent.beat()).toMatchObject({ status: "unknown", doubt: "hook:waiting,session:ok" });
  });

  test("is known by hooks alone only at the end of a turn", () => {
    agent.session("idle");
    hook("Stop");
    agent.session("something-new");
    timer();
    expect(agent.beat().status).toBe("ok");
    hook("UserPromptSubmit");
    expect(agent.beat()).toMatchObject({ status: "unknown", doubt: "hook:busy,session:new" });
  });

  test("is not taken from the session file of a former process with this pid", () => {
    agent.session("waiting", Date.now(), { procStart: "1" });
    timer();
    expect(agent.beat()).toMatchObject({ status: "unknown", doubt: "hook:none,session:missing" });
  });

  test("is read from a file that is laid out over several lines, too", () => {
    agent.session("waiting");
    const path = join(agent.home, ".claude", "sessions", `${process.pid}.json`);
    const session = {
      pid: process.pid,
      status: "waiting",
      waitingFor: "permission prompt",
      statusUpdatedAt: 5,
    };
    writeFileSync(path, JSON.stringify(session, null, 2));
    timer();
    expect(agent.beat().status).toBe("waiting");
  });
});

describe("while Claude Code draws no status line, as where it asks a question", () => {
  const sidecar = (): string => readFileSync(join(agent.run, ".coder0.sidecar"), "utf8");

  const start = () => agent.hook(["claude", "SessionStart"], payloadOf("SessionStart/startup"));

  test("a sidecar beats in the timer's place by the session file, answers probes, and says that it is one", async () => {
    agent.session("busy");
    start();
    agent.session("waiting");
    writeFileSync(join(agent.run, "coder0.probe"), "n-1\n");
    await expect
      .poll(() => agent.beat(), until)
      .toMatchObject({
        ...{ pid: String(process.pid), status: "waiting", source: "sidecar", probe: "n-1" },
      });
    // The timer is back.
    agent.session("idle", Date.now() + 1);
    timer();
    expect(agent.beat()).toMatchObject({ status: "ok" });
  });

  test("one sidecar is enough, and it ends when another one has taken its place", async () => {
    agent.session("busy");
    start();
    const [first, pid] = [sidecar(), Number(sidecar().split(" ")[1])];
    start();
    hook("UserPromptSubmit");
    expect(sidecar()).toBe(first);
    writeFileSync(join(agent.run, ".coder0.sidecar"), "0 0 0\n");
    await expect.poll(() => readProcess(pid)?.startTicks ?? null, until).toBeNull();
  });
});

test("a question is told although the session file says so only after the hook", async () => {
  agent.session("busy");
  const asked = agent.hookInBackground(["claude", "PermissionRequest"], payloadOf("PermissionRequest"));
  await expect.poll(() => agent.beat().status, until).toBe("busy");
  agent.session("waiting");
  await asked;
  expect(agent.beat()).toMatchObject({ status: "waiting", source: "hook" });
});

test("a beat that nothing has changed is not written again before it is due", () => {
  agent.session("idle");
  timer();
  const first = agent.beat().ts;
  timer();
  expect(agent.beat().ts).toBe(first);
  agent.session("busy");
  timer();
  expect(agent.beat().status).toBe("busy");
});

test("a probe is answered by the next run of the timer, and the answer stays for as long as the question does", () => {
  agent.session("idle");
  timer();
  writeFileSync(join(agent.run, "coder0.probe"), "n-1\n");
  timer();
  expect(agent.beat().probe).toBe("n-1");
  agent.session("busy");
  timer();
  expect(agent.beat()).toMatchObject({ status: "busy", probe: "n-1" });
  writeFileSync(join(agent.run, "coder0.probe"), "$(touch x) y\n");
  timer();
  expect(agent.beat().probe).toBeUndefined();
});

describe("a prompt", () => {
  const prompt = 'Where is the parser?\n  second line  \n日本語 "quoted" \\ $HOME';
  const transcript = () => join(agent.home, "transcript.jsonl");
  const row = (text: string, promptId: string): void =>
    appendFileSync(
      transcript(),
      `${JSON.stringify({ promptId, type: "user", message: { role: "user", content: text } })}\n`,
    );
  const submit = (promptId: string, text = prompt) =>
    agent.hookInBackground(["claude", "UserPromptSubmit"], {
      ...payloadOf("UserPromptSubmit"),
      prompt_id: promptId,
      prompt: text,
      transcript_path: transcript(),
    });
  const tick = (promptId: string) =>
    agent.hook(["claude", "statusline"], {
      ...statusLine,
      prompt_id: promptId,
      transcript_path: transcript(),
    });
  const sha256 = digestOfPrompt(prompt);
  beforeEach(() => writeFileSync(transcript(), ""));

  test("is acknowledged by its digest, and its text is kept nowhere", async () => {
    agent.session("busy");
    tick("t0");
    row(prompt, "t1");
    expect(await submit("t1")).toBe(0);
    expect(agent.acks()).toEqual([
      { what: "received", sha256, queued: false },
      { what: "taken-up", sha256, queued: false },
    ]);
    expect(agent.beat().ack).toBe(sha256);
    expect(agent.everythingKept()).not.toMatch(/parser|quoted/);
  });

  test("that waits behind a running turn is taken up when it stands in the conversation, not before", async () => {
    agent.session("busy", LONG_AGO);
    tick("t1");
    await submit("t1");
    expect(agent.acks()).toEqual([{ what: "received", sha256, queued: true }]);
    tick("t1");
    expect(agent.acks()).toHaveLength(1);
    row(prompt, "t2");
    tick("t2");
    await expect.poll(() => agent.acks().map(({ what }) => what), until).toEqual(["received", "taken-up"]);
  });

  test("that comes in the first moment of a turn waits behind it too, and is never called withdrawn when it was taken up", async () => {
    const first = "the prompt that begins the turn";
    agent.session("busy");
    tick("t0");
    row(first, "t1");
    await submit("t1", first);
    // The same turn, still in its first moment.
    agent.session("busy");
    await submit("t1");
    expect(agent.acks()).toEqual([
      { what: "received", sha256: digestOfPrompt(first), queued: false },
      { what: "taken-up", sha256: digestOfPrompt(first), queued: false },
      { what: "received", sha256, queued: true },
    ]);
    row(prompt, "t2");
    agent.session("idle", Date.now() - 6000);
    const last = () => {
      tick("t2");
      return agent.acks().at(-1);
    };
    await expect.poll(last, until).toEqual({ what: "taken-up", sha256, queued: false });
  });

  test("of which it is not known that it waits is looked for in any turn before it is called withdrawn", async () => {
    agent.session("busy", Date.now() + 60_000);
    // The status line has named this turn a moment ago (or, so that no slow machine says otherwise, is about to): it may be the prompt's own.
    tick("t1");
    await submit("t1");
    expect(agent.acks()).toEqual([{ what: "received", sha256, queued: false }]);
    row(prompt, "t2");
    agent.session("idle", Date.now() - 6000);
    const said = () => {
      tick("t2");
      return agent.acks().map(({ what }) => what);
    };
    await expect.poll(said, until).toEqual(["received", "taken-up"]);
  });

  test("that is sent twice is taken up twice, in order", async () => {
    agent.session("busy", LONG_AGO);
    tick("t1");
    await Promise.all([submit("t1"), submit("t1")]);
    const taken = () => agent.acks().filter(({ what }) => what === "taken-up").length;
    // The timer runs each second, and finds the queue in another one's hands now and then.
    const ticking = (turn: string) => () => {
      tick(turn);
      return taken();
    };
    row(prompt, "t2");
    await expect.poll(ticking("t2"), until).toBe(1);
    for (let more = 0; more < 3; more += 1) tick("t2");
    expect(taken()).toBe(1);
    row(prompt, "t3");
    await expect.poll(ticking("t3"), until).toBe(2);
  });

  test("is left alone while another hook looks after the queue, and taken up by the next when that one was killed", async () => {
    agent.session("busy", LONG_AGO);
    tick("t1");
    await submit("t1");
    const lock = join(agent.run, ".coder0.lock");
    mkdirSync(lock);
    row(prompt, "t2");
    // Made a moment ago by somebody who has not even said when: not to be taken from him.
    for (let more = 0; more < 3; more += 1) tick("t2");
    expect(agent.acks()).toHaveLength(1);
    writeFileSync(join(lock, "at"), "1\n");
    const taken = () => {
      tick("t2");
      return agent.acks().map(({ what }) => what);
    };
    await expect.poll(taken, until).toEqual(["received", "taken-up"]);
  });

  test("that a human takes out of the queue is withdrawn", async () => {
    agent.session("busy", LONG_AGO);
    tick("t1");
    await submit("t1");
    agent.session("idle", Date.now() - 6000);
    tick("t1");
    await expect.poll(() => agent.acks().map(({ what }) => what), until).toEqual(["received", "withdrawn"]);
  });
});

describe("the user's own status line", () => {
  test("gets the same input, and what it prints is what is shown", () => {
    agent.session("idle");
    const { status, stdout } = timer(
      'read -r line; echo "it\'s $(printf %s "$line" | grep -c prompt_id)"; echo two',
    );
    expect({ status, stdout }).toEqual({ status: 0, stdout: "it's 1\ntwo\n" });
    expect(agent.beat().status).toBe("ok");
  });

  test("is not run more often than it may like, and is shown all the same", () => {
    agent.session("idle");
    const count = `echo x >> ${agent.home}/count; wc -l < ${agent.home}/count`;
    const shown = [1, 2, 3].map(() => timer(count).stdout.trim());
    expect(new Set(shown)).toEqual(new Set(["1"]));
  });

  test("is run outside of a fleet as if we were not there", () => {
    const outside = agent.hook(["claude", "statusline", "cat"], statusLine, { MOSAIC_AGENT_NAME: "" });
    expect(JSON.parse(outside.stdout)).toEqual(statusLine);
    expect(existsSync(agent.run)).toBe(false);
  });
});

describe("nothing is written", () => {
  test.each([[""], ["../x"], ["a b"], ["-x"], ["x".repeat(65)]])("for a name that is none: %j", (name) => {
    agent.session("idle");
    for (const event of ["UserPromptSubmit", "statusline"])
      expect(agent.hook(["claude", event], statusLine, { MOSAIC_AGENT_NAME: name })).toEqual(SILENT);
    expect(existsSync(agent.run)).toBe(false);
  });

  test("where there is no Claude Code above the hook", () => {
    expect(hook("Stop")).toEqual(SILENT);
    expect(agent.beat().status).toBeUndefined();
  });

  test("by a Claude Code that an agent runs as a tool", () => {
    agent.session("idle");
    mkdirSync(agent.run, { recursive: true, mode: 0o700 });
    // The agent that beats is above the one whose hook this is.
    writeFileSync(join(agent.run, "coder0.hb"), `ts=2026-11-25T20:00:00Z pid=${process.ppid} status=busy\n`);
    hook("Stop");
    expect(agent.beat()).toMatchObject({ pid: String(process.ppid), status: "busy" });
  });

  test("through a link in place of the heartbeat", () => {
    agent.session("idle");
    mkdirSync(agent.run, { recursive: true, mode: 0o700 });
    writeFileSync(join(agent.home, "precious"), "mine");
    symlinkSync(join(agent.home, "precious"), join(agent.run, "coder0.hb"));
    expect(hook("Stop")).toEqual(SILENT);
    expect(readFileSync(join(agent.home, "precious"), "utf8")).toBe("mine");
  });
});

test.each(["", "{", "not json", '{"prompt": 5}', `{"prompt":"${"x".repeat(300_000)}`])(
  "a payload that makes no sense harms nobody (%#)",
  (payload) => {
    agent.session("idle");
    for (const event of ["UserPromptSubmit", "Stop", "NoSuchEvent", ""])
      expect(agent.hook(["claude", event], payload)).toEqual(SILENT);
  },
);

test("without any program but the shell it still says nothing and ends well", () => {
  agent.session("idle");
  mkdirSync(join(agent.home, "empty"));
  symlinkSync("/bin/sh", join(agent.home, "empty", "sh"));
  expect(agent.hook(["claude", "UserPromptSubmit"], "{}", { PATH: join(agent.home, "empty") })).toEqual(
    SILENT,
  );
});

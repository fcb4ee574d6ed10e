import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestOfPrompt, normalText } from "../../../agents/acks/normal-text.ts";
import { readShown } from "../../../agents/acks/shown-session.ts";
import { leaveTrace, traceNoteOf } from "../../../agents/acks/trace-note.ts";
import { adapterText, pluginText } from "../../../agents/hooks/adapter-files.ts";
import { readProcess } from "../../../collectors/proc/stat.ts";
import { capturedPayloads, createAgentHome } from "./agent-home.ts";

type Any = Record<string, unknown>;
type Handler = (input: unknown, output?: unknown) => unknown;

const until = { timeout: 20_000, interval: 10 };
const saved = { ...process.env };
let agent: ReturnType<typeof createAgentHome>;
let directory: string;
beforeEach(() => {
  agent = createAgentHome();
  directory = mkdtempSync(join(tmpdir(), "fleet-plugin-"));
  delete process.env.TRACEPARENT;
  Object.assign(process.env, agent.environment, { MOSAIC_HEARTBEAT_INTERVAL: "600" });
});
afterEach(() => {
  for (const name of [
    "TRACEPARENT",
    "HOME",
    "FLEET_HOME",
    "MOSAIC_AGENT_NAME",
    "MOSAIC_HEARTBEAT_INTERVAL",
  ]) {
    delete process.env[name];
    if (saved[name] !== undefined) process.env[name] = saved[name];
  }
  agent.remove();
  rmSync(directory, { recursive: true, force: true });
});

/** The file as it is installed, loaded as the runtime loads it. */
async function load(file: string): Promise<Any> {
  const path = join(directory, file.replace(/\.js$/, ".mjs"));
  writeFileSync(path, pluginText(file));
  return (await import(pathToFileURL(path).href)) as Any;
}
const status = (): string | undefined => agent.beat().status;
const TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/** As a sender does before it types. */
const leave = (text: string, traceparent: string | null = TRACE): void =>
  leaveTrace(
    { directory: agent.run, agent: "coder0", uid: process.getuid?.() ?? 0 },
    digestOfPrompt(text),
    traceparent,
  );

describe("OpenCode's plugin", () => {
  const captured = capturedPayloads("opencode");
  const eventOf = (name: string): { event: Any } => {
    const found = captured.find((one) => one.event === `event/${name}`);
    if (found === undefined) throw new Error(`nothing was captured of ${name}`);
    return { event: structuredClone(found.payload) };
  };
  const message = () =>
    structuredClone(captured.find((one) => one.event === "chat.message")?.payload) as unknown as {
      input: Any;
      output: { message: { id: string }; parts: { text: string }[] };
    };
  let hooks: Record<string, Handler>;
  beforeEach(async () => {
    const { FleetHeartbeat } = (await load("opencode-plugin.js")) as {
      FleetHeartbeat: () => Promise<typeof hooks>;
    };
    hooks = await FleetHeartbeat();
  });
  afterEach(() => hooks.dispose?.({}));
  const tell = async (name: string): Promise<void> => {
    expect(await hooks.event?.(eventOf(name))).toBeUndefined();
  };

  test("beats at once, and tells a whole turn with a permission, a question, a retry and an error", async () => {
    expect(agent.beat()).toMatchObject({ pid: String(process.pid), status: "ok", source: "runtime" });
    const story: [event: string, status: string][] = [
      ["session.created", "ok"],
      ["session.status/busy", "busy"],
      ["message.part.delta", "busy"],
      ["permission.asked", "waiting"],
      ["permission.replied", "busy"],
      ["question.asked", "waiting"],
      ["question.replied", "busy"],
      ["session.status/retry", "busy"],
      ["session.error", "busy"],
      ["session.idle", "ok"],
    ];
    for (const [event, expected] of story) {
      await tell(event);
      expect({ event, status: status() }).toEqual({ event, status: expected });
    }
  });

  test("loaded again in the same process it says the same, and goes on until the last of it is done with", async () => {
    // As OpenCode 1.18 does with --port: the events go to one of the two.
    await hooks.dispose?.({});
    process.env.MOSAIC_HEARTBEAT_INTERVAL = "0.2";
    const { FleetHeartbeat } = (await load("opencode-plugin.js")) as {
      FleetHeartbeat: () => Promise<typeof hooks>;
    };
    const [first, second] = [await FleetHeartbeat(), await FleetHeartbeat()];
    await first.event?.(eventOf("permission.asked"));
    const seen = new Set<string | undefined>();
    const seqOf = (): number => Number(agent.beat().seq);
    const from = seqOf();
    const hasBeatenOn = (): boolean => {
      seen.add(status());
      return seqOf() >= from + 4;
    };
    await expect.poll(hasBeatenOn, until).toBe(true);
    await second.dispose?.({});
    await second.dispose?.({});
    const before = seqOf();
    await expect.poll(() => seqOf() > before, until).toBe(true);
    await first.event?.(eventOf("permission.replied"));
    expect(status()).toBe("ok");
    await first.dispose?.({});
    expect([...seen]).toEqual(["waiting"]);
  });

  test("a permission that is open when the turn is interrupted is open no longer", async () => {
    await tell("session.status/busy");
    await tell("permission.asked");
    await tell("session.status/idle");
    expect(status()).toBe("ok");
  });

  test("every captured event passes through without a word", async () => {
    for (const { event, payload } of captured) {
      if (event.startsWith("event/")) await hooks.event?.({ event: payload });
      else if (event === "chat.message")
        await hooks["chat.message"]?.((payload as Any).input, (payload as Any).output);
    }
    expect(status()).toBeDefined();
  });

  test("a prompt is acknowledged with its digest and its message, and taken up with the first answer to it", async () => {
    const { input, output } = message();
    await hooks["chat.message"]?.(input, output);
    const sha256 = digestOfPrompt(output.parts.map(({ text }) => text).join(""));
    expect(agent.acks()).toEqual([{ what: "received", sha256, queued: false }]);
    expect(agent.beat()).toMatchObject({ ack: sha256, model: "coder-large" });
    const answer = eventOf("message.updated/assistant") as { event: { properties: { info: Any } } };
    answer.event.properties.info.parentID = output.message.id;
    await hooks.event?.(answer);
    await hooks.event?.(answer);
    expect(agent.acks().map(({ what }) => what)).toEqual(["received", "taken-up"]);
    expect(readFileSync(join(agent.run, "coder0.acks"), "utf8")).toContain(`message=${output.message.id}`);
    expect(agent.everythingKept()).not.toContain("parser");
  });

  test("what comes while a turn runs is queued", async () => {
    await tell("session.status/busy");
    const { input, output } = message();
    await hooks["chat.message"]?.(input, output);
    expect(agent.acks()).toMatchObject([{ what: "received", queued: true }]);
  });

  test("the trace of a message is the trace of its turn's requests and commands, and of no other", async () => {
    const { input, output } = message();
    const sessionID = (output.message as Any).sessionID;
    const asks = async (id: string): Promise<Any> => {
      const headers = {};
      await hooks["chat.headers"]?.({ sessionID, message: { id } }, { headers });
      return headers;
    };
    const runs = async (session: unknown): Promise<Any> => {
      const env = {};
      await hooks["shell.env"]?.({ cwd: "/", sessionID: session }, { env });
      return env;
    };
    leave(output.parts.map(({ text }) => text).join(""));
    await hooks["chat.message"]?.(input, output);
    expect(existsSync(traceNoteOf(agent.run, "coder0"))).toBe(false);
    expect(await asks(output.message.id)).toEqual({ traceparent: TRACE });
    expect(await runs(sessionID)).toEqual({ TRACEPARENT: TRACE });
    expect(await runs("another session")).toEqual({});
    expect(await asks("msg_typed_by_hand")).toEqual({});
    expect(await runs(sessionID)).toEqual({});
  });

  test("a trace that was left for another text, or is none, is not taken", async () => {
    const { input, output } = message();
    for (const text of ["another text", output.parts.map((part) => part.text).join("")]) {
      leave(text, text === "another text" ? TRACE : "x; touch y");
      await hooks["chat.message"]?.(input, output);
      const headers = {};
      await hooks["chat.headers"]?.({ sessionID: "s", message: output.message }, { headers });
      expect(headers).toEqual({});
      expect(existsSync(traceNoteOf(agent.run, "coder0"))).toBe(true);
    }
    // A message without a trace takes away what nobody took.
    leave("any", null);
    expect(existsSync(traceNoteOf(agent.run, "coder0"))).toBe(false);
  });

  test("nothing that it is given makes it throw: a throw would lose the user's message", async () => {
    for (const nonsense of [undefined, null, {}, { event: null }, { event: { type: "session.status" } }]) {
      for (const name of ["event", "chat.message", "chat.headers", "shell.env", "dispose"])
        await hooks[name]?.(nonsense, nonsense);
    }
  });

  test("a probe is answered by its own timer", async () => {
    writeFileSync(join(agent.run, "coder0.probe"), "n-1\n");
    await expect.poll(() => agent.beat().probe, until).toBe("n-1");
  });
});

describe("pi's extension", () => {
  const captured = capturedPayloads("pi");
  let handlers: Map<string, Handler>;
  beforeEach(async () => {
    const { default: extend } = (await load("pi-extension.js")) as { default: (pi: unknown) => void };
    handlers = new Map();
    extend({ on: (event: string, handler: Handler) => handlers.set(event, handler) });
  });
  afterEach(() => handlers.get("session_shutdown")?.({}));
  const tell = (name: string): void => {
    const payload = captured.find((one) => one.event === name)?.payload;
    if (payload === undefined) throw new Error(`nothing was captured of ${name}`);
    const { ctx, ...event } = payload as unknown as { ctx: Any; type: string };
    const context = { isIdle: () => ctx?.idle, model: { id: ctx?.model } };
    expect(handlers.get(event.type)?.(event, context)).toBeUndefined();
  };

  test("starts with a session, not when it is loaded, and tells a whole turn with a question and a retry", () => {
    expect(status()).toBeUndefined();
    tell("session_start/startup");
    expect(agent.beat()).toMatchObject({ pid: String(process.pid), status: "ok", model: "coder-large" });
    const story: [event: string, status: string][] = [
      ["input", "ok"],
      ["agent_start", "busy"],
      ["message_start/user", "busy"],
      ["tool_call", "busy"],
      ["ui_prompt_start/ui_prompt", "waiting"],
      ["ui_prompt_end/ui_prompt", "busy"],
      ["agent_end", "busy"],
      ["agent_settled", "ok"],
      ["user_bash", "ok"],
    ].filter(([event]) => event !== "tool_call") as [string, string][];
    for (const [event, expected] of story) {
      if (captured.some((one) => one.event === event) && handlers.has(event.split("/")[0] ?? "")) tell(event);
      expect({ event, status: status() }).toEqual({ event, status: expected });
    }
  });

  test("a prompt is acknowledged by its digest, queued while a turn runs, and taken up when the turn has it", () => {
    tell("session_start/startup");
    tell("input");
    tell("agent_start");
    tell("message_start/user");
    tell("input/steer");
    const first = digestOfPrompt("Where is the parser?");
    expect(agent.acks()).toEqual([
      { what: "received", sha256: first, queued: false },
      { what: "taken-up", sha256: first, queued: false },
      { what: "received", sha256: digestOfPrompt("Also list the files please"), queued: true },
    ]);
    expect(agent.everythingKept()).not.toMatch(/parser|list the files/);
  });

  test("the commands of a turn inherit the trace of its prompt, and those of the next turn do not", () => {
    tell("session_start/startup");
    leave("Where is the parser?");
    tell("input");
    expect(process.env.TRACEPARENT).toBeUndefined();
    tell("agent_start");
    tell("message_start/user");
    expect(process.env.TRACEPARENT).toBe(TRACE);
    tell("agent_settled");
    expect(process.env.TRACEPARENT).toBeUndefined();
    tell("message_start/user");
    expect(process.env.TRACEPARENT).toBeUndefined();
  });

  test("a new session goes on beating, and the end of pi ends it", async () => {
    tell("session_start/startup");
    tell("session_shutdown/new");
    tell("session_start/new");
    tell("agent_start");
    expect(status()).toBe("busy");
    handlers.get("session_shutdown")?.({});
    writeFileSync(join(agent.run, "coder0.probe"), "n-1\n");
    handlers.get("agent_settled")?.({}, {});
    expect(status()).toBe("busy");
  });

  test("nothing that it is given makes it throw", () => {
    for (const handler of handlers.values())
      for (const nonsense of [undefined, null, {}, { message: null }]) handler(nonsense, nonsense);
  });
});

describe("the plugin for OpenCode's screen", () => {
  interface Api {
    route: { current: { name: string; params?: { sessionID: string } } };
    workspace: { current(): string | undefined };
    lifecycle: { onDispose(end: () => void): void };
  }
  const SESSION = "ses_de9aa4934ffenRJ2gHJyq26uG0";
  const uid = process.getuid?.() ?? 0;
  let api: Api;
  let workspace: string | undefined;
  let end: () => void = () => undefined;
  const shown = () => readShown(agent.run, "coder0", uid);
  const open = async (): Promise<void> => {
    const { default: plugin } = (await load("opencode-shown.js")) as {
      default: { tui: (api: unknown) => Promise<void> };
    };
    await plugin.tui(api);
  };
  beforeEach(() => {
    workspace = undefined;
    api = {
      route: { current: { name: "home" } },
      workspace: { current: () => workspace },
      lifecycle: {
        onDispose: (given) => {
          end = given;
        },
      },
    };
  });
  afterEach(() => end());

  test("writes down which session is shown, by whom, and forgets it at its end", async () => {
    await open();
    const startTicks = readProcess(process.pid)?.startTicks;
    expect(shown()).toEqual({ pid: process.pid, startTicks, session: null });
    api.route.current = { name: "session", params: { sessionID: SESSION } };
    await expect.poll(shown, until).toEqual({ pid: process.pid, startTicks, session: SESSION });
    expect(statSync(join(agent.run, "coder0.shown")).mode & 0o777).toBe(0o600);
    workspace = "wrk_1";
    await expect.poll(() => shown()?.session, until).toBeNull();
    end();
    expect(shown()).toBeNull();
  });

  test("writes its note again when another process has written over it", async () => {
    await open();
    const note = readFileSync(join(agent.run, "coder0.shown"), "utf8");
    writeFileSync(join(agent.run, "coder0.shown"), note.replace(/pid=\d+/, "pid=1"));
    await expect.poll(() => shown()?.pid, until).toBe(process.pid);
  });

  test("writes no note over a link, and none that is not a session's name", async () => {
    api.route.current = { name: "session", params: { sessionID: "ses_1\nsession=ses_2" } };
    await open();
    expect(shown()?.session).toBeNull();
    end();
    symlinkSync(join(directory, "elsewhere"), join(agent.run, "coder0.shown"));
    await open();
    expect(existsSync(join(directory, "elsewhere"))).toBe(false);
    expect(shown()).toBeNull();
  });

  test("an OpenCode that offers none of this goes on without it", async () => {
    const { default: plugin } = (await load("opencode-shown.js")) as {
      default: { tui: (api: unknown) => Promise<void> };
    };
    await plugin.tui({});
    expect(shown()?.session ?? null).toBeNull();
  });
});

test("outside of a fleet neither does anything", async () => {
  process.env.MOSAIC_AGENT_NAME = "";
  const { FleetHeartbeat } = (await load("opencode-plugin.js")) as { FleetHeartbeat: () => Promise<Any> };
  expect(await FleetHeartbeat()).toEqual({});
  expect(agent.everythingKept()).toBe("");
});

test("an installed plugin is one file that any runtime parses", () => {
  for (const file of ["opencode-plugin.js", "opencode-shown.js", "pi-extension.js"]) {
    const path = join(directory, "plugin.mjs");
    writeFileSync(path, pluginText(file));
    expect(readFileSync(path, "utf8")).not.toMatch(/from "\.\//);
    execFileSync(process.execPath, ["--check", path]);
  }
});

test("the responder makes the same normal text as everybody else", async () => {
  writeFileSync(join(directory, "responder.mjs"), adapterText("responder.js"));
  const responder = (await import(pathToFileURL(join(directory, "responder.mjs")).href)) as {
    normalText: (text: string) => string;
  };
  const piece = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom(
      "\n",
      "\n\n",
      " ",
      "\t",
      "\r\n",
      '\n<pasted_content id="ab12">\n',
      '\n</pasted_content id="ab12">\n',
    ),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 15 }).map((pieces) => pieces.join("")),
      (text) => {
        expect(responder.normalText(text)).toBe(normalText(text));
      },
    ),
  );
});

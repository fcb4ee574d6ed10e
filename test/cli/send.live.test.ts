import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createLiveFleet, waitUntil } from "./support/live-fleet.ts";

const PROGRAMS = join(import.meta.dirname, "../agents/send/programs");
const CAPTURE = join(import.meta.dirname, "../fixtures/runtimes/claude/idle-empty.ansi");
const NAMES = ["shell", "editor", "slow", "cl", "queue", "mute"];
const fleet = createLiveFleet(`version: 1
tmux: { socket_name: fleet-test }
agents:
${[...NAMES, "absent"].map((name) => `  - { name: ${name}, runtime: script, class: worker, command: "sleep 1" }`).join("\n")}
  - { name: drifted, runtime: pi, class: worker }
`);
afterAll(() => fleet.remove());

function pane(name: string, shows: string, ...words: string[]): Promise<void> {
  fleet.startSession(name, ...words);
  return waitUntil(`${name} shows ${shows}`, () =>
    fleet.tmux("capture-pane", "-p", "-t", `=${name}:`).includes(shows),
  );
}

const log = (name: string): string => join(fleet.home, `${name}.jsonl`);
const held = (name: string): string[] =>
  existsSync(log(name))
    ? readFileSync(log(name), "utf8")
        .split("\n")
        .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as string]))
    : [];
const shell = () => pane("shell", "agent$", "env", "PS1=agent$ ", "bash", "--norc", "--noprofile", "-i");

/** A program that is called like a runtime, because that is how one is known. */
function claude(name: string, ...flags: string[]): Promise<void> {
  const directory = join(fleet.home, `bin-${name}`);
  mkdirSync(directory);
  const python = execFileSync("python3", ["-c", "import sys; print(sys.executable)"], {
    encoding: "utf8",
  }).trim();
  const source = readFileSync(join(PROGRAMS, "fake-runtime.py"), "utf8").replace(/^#!.*/, `#!${python}`);
  const program = join(directory, "claude");
  writeFileSync(program, source, { mode: 0o700 });
  const acks = join(fleet.home, "fleet/run", `${name}.acks`);
  return pane(name, "─────", program, CAPTURE, log(name), `ack=${acks}`, ...flags);
}

interface Sent {
  readonly verdict: string | null;
  readonly kind: string | null;
  readonly proof: string | null;
  readonly queued: boolean | null;
  readonly reached: string | null;
  readonly repeated: boolean;
  readonly message: string;
  readonly remarks: string[];
}

async function send(...words: string[]): Promise<{ code: number | null; sent: Sent; stderr: string }> {
  const { code, stdout, stderr } = await fleet.fleet("send", ...words, "--verify", "--json");
  return { code, stderr, sent: (stdout === "" ? {} : JSON.parse(stdout)) as Sent };
}

async function events(type: string): Promise<{ payload: Record<string, unknown> }[]> {
  const { stdout } = await fleet.fleet("events", "--type", type, "--json");
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { payload: Record<string, unknown> });
}

test("a message to bash is accepted, is in the ledger, and its text is in no event", async () => {
  await shell();
  const { code, sent } = await send("shell", 'echo "a secret of mine";');
  expect(sent).toMatchObject({ verdict: "accepted", proof: "screen", queued: false, repeated: false });
  expect(code).toBe(0);
  expect(fleet.tmux("capture-pane", "-p", "-t", "=shell:")).toContain("\na secret of mine\n");
  const { stdout } = await fleet.fleet("events", "--type", "message.", "--json");
  expect(stdout).not.toContain("secret");
  const types = stdout
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [(JSON.parse(line) as { type: string }).type]));
  expect(types).toEqual(["message.requested", "message.typed", "message.submitted", "message.accepted"]);
  const ledger = JSON.parse((await fleet.fleet("messages", "shell", "--json")).stdout);
  expect(ledger).toMatchObject({
    schema: "fleet.messages.v1",
    tenant_id: "jarvis",
    host: "W-jarvis",
    messages: [{ agent: "shell", message: sent.message, state: "accepted", text: null, tenant_id: "jarvis" }],
  });
});

test("asking again with the same --id sends nothing, and tells the same; another text is refused", async () => {
  const file = join(fleet.home, "sent-once");
  const words = ["shell", `echo once >> ${file}`, "--id", "task-42"];
  const first = await send(...words);
  const again = await send(...words);
  expect(first.sent).toMatchObject({ verdict: "accepted", repeated: false, message: "task-42" });
  expect(again.sent).toMatchObject({ verdict: "accepted", repeated: true });
  expect(again.code).toBe(0);
  await waitUntil("the command ran", () => existsSync(file));
  expect(readFileSync(file, "utf8")).toBe("once\n");
  const other = await send("shell", "something else", "--id", "task-42");
  expect(other.code).toBe(2);
  expect(other.stderr).toContain("--id task-42 was given to another text before");
});

test("what was refused before anything was typed may be sent again under its id", async () => {
  fleet.tmux("copy-mode", "-t", "=shell:");
  const words = ["shell", "echo later", "--id", "task-43"];
  expect((await send(...words)).sent).toMatchObject({ verdict: "refused", kind: "copy-mode" });
  fleet.tmux("copy-mode", "-q", "-t", "=shell:");
  expect((await send(...words)).sent).toMatchObject({ verdict: "accepted", repeated: false });
});

test("a sender that is killed in the middle is never repeated by typing", async () => {
  // It never reads, so that the sender cannot end by itself, however slow the machine is.
  await pane("slow", ">", "python3", join(PROGRAMS, "reader.py"), "stopped", log("slow"));
  const killed = fleet.start(
    "send",
    "slow",
    "half way",
    "--verify",
    "--id",
    "task-44",
    "--timeout",
    "600000",
  );
  await waitUntil("it was typed", async () =>
    (await events("message.typed")).some(({ payload }) => payload.message === "task-44"),
  );
  killed.child.kill("SIGKILL");
  await killed.ended;
  const { code, sent } = await send("slow", "half way", "--id", "task-44");
  expect(sent).toMatchObject({ verdict: "unverifiable", kind: "unfinished", repeated: true });
  expect(code).toBe(11);
  expect((await events("message.typed")).filter(({ payload }) => payload.message === "task-44")).toHaveLength(
    1,
  );
});

test("of two senders to one pane each gets its message there whole", async () => {
  await pane("editor", "a small editor", "python3", join(PROGRAMS, "reader.py"), "editor", log("editor"));
  const texts = ["the first of the messages", "the second of the messages", "and the third one"];
  const all = await Promise.all(texts.map((text) => send("editor", text, "--timeout", "20000")));
  expect(all.map(({ sent }) => sent.verdict)).toEqual(["accepted", "accepted", "accepted"]);
  expect(held("editor").sort()).toEqual([...texts].sort());
});

test("a trace context is kept with the request, and one that is none is refused", async () => {
  const context = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  await send("editor", "with a trace", "--traceparent", context, "--keep-text");
  expect((await events("message.requested")).at(-1)?.payload).toMatchObject({
    traceparent: context,
    text: "with a trace",
  });
  const zeros = await send(
    "editor",
    "x",
    "--traceparent",
    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
  );
  expect(zeros.code).toBe(2);
});

test("a name is checked before tmux sees it, and one that nobody knows is not written down", async () => {
  const marker = join(fleet.home, "pwned");
  const hostile = await send(`#(touch ${marker})`, "x");
  expect(hostile.code).toBe(2);
  expect(existsSync(marker)).toBe(false);
  const before = (await events("message.requested")).length;
  const nobody = await send("nobody", "x");
  expect(nobody.code).toBe(3);
  expect(await events("message.requested")).toHaveLength(before);
  expect((await send("absent", "x")).sent).toMatchObject({ verdict: "refused", kind: "missing" });
});

test("a reset is not typed into a shell that runs where the runtime should", async () => {
  await pane("drifted", "agent$", "env", "PS1=agent$ ", "bash", "--norc", "--noprofile", "-i");
  const { code, stdout } = await fleet.fleet("agent", "reset", "drifted", "--json");
  expect(code).toBe(12);
  expect(JSON.parse(stdout)).toMatchObject({
    verdict: "refused",
    because: "a shell runs in its pane, and not pi",
  });
  expect(fleet.tmux("capture-pane", "-p", "-t", "=drifted:").trim()).toBe("agent$");
  expect((await events("operator.act.failed")).at(-1)?.payload).toMatchObject({ verb: "agent reset" });
});

test("the runtime's own acknowledgement is the proof where its adapter gives one", async () => {
  await claude("cl", "ack-begun");
  const { sent } = await send("cl", "!look at the parser");
  expect(sent).toMatchObject({ verdict: "accepted", proof: "ack", queued: false });
  expect(sent.remarks.join()).toContain("a blank was put before its !");
  expect(held("cl")).toEqual([" !look at the parser"]);
});

test("a message behind a running turn is queued, and taken up only when the runtime says so", async () => {
  await claude("queue", "ack-begun", "busy", "takes-up");
  const { code, sent } = await send("queue", "when you are done", "--until", "taken-up");
  expect(sent).toMatchObject({ verdict: "accepted", queued: true, reached: "taken-up" });
  expect(code).toBe(0);
  const ledger = JSON.parse((await fleet.fleet("messages", "queue", "--json")).stdout);
  expect(ledger.messages).toMatchObject([{ state: "taken-up", verdict: "accepted", queued: true }]);
});

test("what the runtime says after the sender has ended is told by the recorder", async () => {
  const recorder = await fleet.recorder();
  const { sent } = await send("queue", "another one for later");
  expect(sent).toMatchObject({ verdict: "accepted", queued: true });
  await waitUntil("it is taken up", async () => {
    const { messages } = JSON.parse((await fleet.fleet("messages", "queue", "--json")).stdout);
    return messages.at(-1).state === "taken-up";
  });
  recorder.child.kill("SIGTERM");
  await recorder.ended;
  const told = (await events("message.taken_up")).filter(({ payload }) => payload.message === sent.message);
  expect(told).toHaveLength(1);
});

test("an adapter at work that says nothing of the message outweighs the screen", async () => {
  await claude("mute", "ack-begun", "eats");
  const { code, sent } = await send("mute", "eaten by something", "--timeout", "2500");
  expect(sent).toMatchObject({ verdict: "unverifiable", kind: "no-evidence" });
  expect(code).toBe(11);
});

test("the ledger can be asked for as it stood", async () => {
  const all = JSON.parse((await fleet.fleet("messages", "queue", "--json")).stdout).messages;
  const at = `#${all[0].last_seq - 1}`;
  const then = JSON.parse((await fleet.fleet("messages", "queue", "--at", at, "--json")).stdout).messages;
  expect(then).toMatchObject([{ state: "accepted", queued: true }]);
});

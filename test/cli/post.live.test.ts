import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLiveFleet, waitUntil } from "./support/live-fleet.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures");
const ANSWERS = join(FIXTURES, "opencode-server/answers.ndjson");
const SCREENS = join(FIXTURES, "runtimes/opencode");
const PROGRAM = join(import.meta.dirname, "../agents/send/programs/fake-opencode.py");
const TEXT = `!ls; don't "quote" $(id) -- 日本語\n/second line\n`.trimEnd();
/** Each in a pane of its own, from the beginning: what is typed has to wait until a runtime is settled. */
const AGENTS: Readonly<Record<string, { flags?: string[]; screen?: string; password?: string }>> = {
  idle: {},
  busy: { flags: ["busy", "takes-up"], screen: "busy-streaming" },
  draft: { flags: ["busy"], screen: "busy-draft" },
  other: { flags: ["session=ses_de9a9d5f2ffeTheOtherSession"] },
  locked: { flags: ["password=s3cret-word"], password: "s3cret-word" },
  loses: { flags: ["loses"] },
  dies: { flags: ["dies"] },
  slow: { flags: ["slow=2"] },
  stuck: { flags: ["slow=600"] },
  hangsup: { flags: ["hangs-up"] },
  asks: { flags: ["asks"] },
  // What cannot be posted surely.
  refuses: { flags: ["refuses"] },
  wrongword: { flags: ["password=s3cret-word"], password: "an0ther-word" },
  nosession: { flags: ["session=-"] },
  foreign: { flags: ["session=foreign"] },
  unknown: { flags: ["session=ses_de000000affeNOSUCHSESSION00"] },
  twoports: { flags: ["second-port"] },
  taken: { flags: ["no-server"] },
  portless: { flags: ["no-server"] },
};
const fleet = createLiveFleet(`version: 1
tmux: { socket_name: fleet-test }
agents:
${Object.keys(AGENTS)
  .map((name) => `  - { name: ${name}, runtime: opencode, class: worker }`)
  .join("\n")}
`);
const bystander = createServer();
let bystanderWasAsked = 0;

beforeAll(async () => {
  const directory = join(fleet.home, "bin");
  mkdirSync(directory);
  const python = execFileSync("python3", ["-c", "import sys; print(sys.executable)"], {
    encoding: "utf8",
  }).trim();
  const program = join(directory, "opencode");
  writeFileSync(program, readFileSync(PROGRAM, "utf8").replace(/^#!.*/, `#!${python}`), { mode: 0o700 });
  // Somebody else's server on the port that the command line of an agent names.
  bystander.on("connection", (socket) => {
    bystanderWasAsked += 1;
    socket.destroy();
  });
  const port = await new Promise<number>((resolve) =>
    bystander.listen(0, "127.0.0.1", () => resolve((bystander.address() as { port: number }).port)),
  );
  for (const [name, { flags = [], screen = "idle-after-turn", password }] of Object.entries(AGENTS)) {
    const run = join(fleet.home, "fleet/run");
    fleet.startSession(
      name,
      "env",
      ...(password === undefined ? [] : [`OPENCODE_SERVER_PASSWORD=${password}`]),
      program,
      ANSWERS,
      join(SCREENS, `${screen}.ansi`),
      logOf(name),
      join(run, `${name}.shown`),
      join(run, `${name}.acks`),
      ...flags,
      ...(name === "taken" ? ["--port", `${port}`] : []),
    );
  }
  for (const name of Object.keys(AGENTS))
    await waitUntil(`${name} is drawn`, () =>
      fleet.tmux("capture-pane", "-p", "-t", `=${name}:`).includes("Build · Coder Large Local"),
    );
});
afterAll(async () => {
  bystander.close();
  await fleet.remove();
});

function logOf(name: string): string {
  return join(fleet.home, `${name}.jsonl`);
}
interface Noted {
  readonly what: string;
  readonly text?: string;
  readonly session?: string;
  readonly message?: string;
}
/** What happened to the program, by its own word. */
function noted(name: string, ...kinds: string[]): Noted[] {
  const text = existsSync(logOf(name)) ? readFileSync(logOf(name), "utf8") : "";
  const all = text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Noted]));
  return all.filter(({ what }) => kinds.includes(what));
}
async function send(name: string, ...words: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await fleet.fleet("send", name, ...words, "--verify", "--json");
  if (stdout === "") throw new Error(stderr);
  return { ...(JSON.parse(stdout) as Record<string, unknown>), code };
}
async function ledgerOf(name: string): Promise<Record<string, unknown>[]> {
  return JSON.parse((await fleet.fleet("messages", name, "--json")).stdout).messages;
}

test("a message is posted under an id of ours, byte for byte, and accepted because the server holds it", async () => {
  const sent = await send("idle", TEXT);
  const [posted, ...more] = noted("idle", "posted");
  expect(sent).toMatchObject({
    code: 0,
    verdict: "accepted",
    proof: "id",
    queued: false,
    via: "prompt_async",
  });
  expect(sent).toMatchObject({
    typed: false,
    submitted: true,
    remarks: [],
    runtime_message: posted?.message,
  });
  expect(posted).toMatchObject({ text: TEXT, agent: "build", model: { modelID: "coder-large" } });
  expect(more).toEqual([]);
  expect(noted("idle", "read", "typed")).toEqual([]);
  const { stdout } = await fleet.fleet("events", "--type", "message.", "--json");
  const events = stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
  expect(events.map(({ type }) => type)).toEqual([
    "message.requested",
    "message.posted",
    "message.submitted",
    "message.accepted",
  ]);
  expect(events[1].payload).toMatchObject({ via: "prompt_async", session: posted?.session });
  expect(await ledgerOf("idle")).toMatchObject([
    { state: "accepted", via: "prompt_async", runtime_message: posted?.message, session: posted?.session },
  ]);
});

test("asking again with the same --id posts nothing, and tells the same", async () => {
  const first = await send("idle", "only once", "--id", "task-1");
  const again = await send("idle", "only once", "--id", "task-1");
  expect(first).toMatchObject({ verdict: "accepted", repeated: false });
  expect(again).toMatchObject({
    verdict: "accepted",
    repeated: true,
    runtime_message: first.runtime_message,
  });
  expect(noted("idle", "posted").filter(({ text }) => text === "only once")).toHaveLength(1);
});

test("behind a running turn it is queued, and followed until the runtime takes it up", async () => {
  const sent = await send("busy", "then this", "--until", "taken-up", "--timeout", "30000");
  expect(sent).toMatchObject({
    code: 0,
    verdict: "accepted",
    proof: "id",
    queued: true,
    reached: "taken-up",
  });
  expect(await ledgerOf("busy")).toMatchObject([{ state: "taken-up", queued: true }]);
});

test("a half-typed draft of a person stays as it is, and the message goes past it", async () => {
  expect(await send("draft", "past the draft")).toMatchObject({ verdict: "accepted", via: "prompt_async" });
  expect(noted("draft", "read")).toEqual([]);
  expect(fleet.tmux("capture-pane", "-p", "-t", "=draft:")).toContain("Look at index.js and tell me");
});

test("of two sessions the one that is shown is given it", async () => {
  expect(await send("other", "to the shown one")).toMatchObject({ verdict: "accepted", via: "prompt_async" });
  expect(noted("other", "posted")).toMatchObject([{ session: "ses_de9a9d5f2ffeTheOtherSession" }]);
});

test("a server that asks for a password is told that of its own environment, and nobody else hears it", async () => {
  expect(await send("locked", "let me in")).toMatchObject({ verdict: "accepted", via: "prompt_async" });
  const told = [
    (await fleet.fleet("send", "locked", "again", "--verify", "--json")).stdout,
    (await fleet.fleet("events", "--json", "--limit", "100000")).stdout,
    (await fleet.fleet("messages", "--json")).stdout,
  ];
  for (const text of told) {
    expect(text).not.toBe("");
    expect(text).not.toContain("s3cret-word");
    expect(text).not.toContain(Buffer.from("opencode:s3cret-word").toString("base64"));
  }
});

test("204 alone is no proof: what the server then does not hold is unverifiable, and is not typed instead", async () => {
  const sent = await send("loses", "into the void", "--timeout", "5000");
  expect(sent).toMatchObject({ code: 11, verdict: "unverifiable", kind: "no-evidence", via: "prompt_async" });
  expect(noted("loses", "posted")).toHaveLength(1);
  expect(noted("loses", "read")).toEqual([]);
});

test("a server that dies with the message is gone, one that is slow is waited for, one that says nothing is unfinished", async () => {
  const [dead, slow, stuck, closed] = await Promise.all([
    send("dies", "last words", "--timeout", "30000"),
    send("slow", "take your time", "--timeout", "30000"),
    send("stuck", "never answered", "--timeout", "6000"),
    send("hangsup", "and hung up", "--timeout", "30000"),
  ]);
  expect(dead).toMatchObject({ code: 11, verdict: "unverifiable", kind: "gone" });
  expect(slow).toMatchObject({ code: 0, verdict: "accepted", proof: "id" });
  expect(stuck).toMatchObject({ code: 11, verdict: "unverifiable", kind: "unfinished" });
  expect(closed).toMatchObject({ code: 0, verdict: "accepted", proof: "id" });
  for (const name of ["dies", "slow", "stuck", "hangsup"]) {
    expect(noted(name, "posted")).toHaveLength(1);
    expect(noted(name, "read")).toEqual([]);
  }
});

test("where a permission waits for a person nothing is posted behind it, and nothing typed into it", async () => {
  expect(await send("asks", "behind it")).toMatchObject({ code: 12, verdict: "refused", kind: "prompt" });
  expect(noted("asks", "posted", "read")).toEqual([]);
});

test("what cannot be posted surely is typed, and it is said why", async () => {
  const why: [name: string, remark: RegExp | null, posted: number][] = [
    ["refuses", /its server did not take it: it answered 400/, 1],
    ["wrongword", /does not take the password of its environment/, 0],
    ["nosession", /shows no session yet/, 0],
    ["foreign", /last told by another process/, 0],
    ["unknown", /does not know the session: it answered 404/, 0],
    ["twoports", /listens on several ports/, 0],
    ["taken", /does not listen on the port that its command line names/, 0],
    ["portless", null, 0],
  ];
  const sent = await Promise.all(why.map(([name]) => send(name, `to ${name}`, "--timeout", "30000")));
  for (const [at, [name, remark, posted]] of why.entries()) {
    expect(sent[at]).toMatchObject({ code: 0, verdict: "accepted", proof: "ack", via: "typed" });
    const remarks = sent[at]?.remarks as string[];
    if (remark === null) expect(remarks).toEqual([]);
    else expect(remarks.join()).toMatch(remark);
    expect(noted(name, "typed")).toMatchObject([{ text: `to ${name}` }]);
    expect(noted(name, "posted")).toHaveLength(posted);
  }
  expect(bystanderWasAsked).toBe(0);
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digestOfPrompt } from "../../../agents/acks/normal-text.ts";
import { tellAgain } from "../../../agents/send/repeat.ts";
import type { SendOrder, SendWorld } from "../../../agents/send/send.ts";
import { type OwnLog, openOwnLog } from "../../../cli/own-log.ts";
import { runProgram } from "../../../cli/program.ts";
import { createLateWords, type LateWords } from "../../../cli/recorder/late-words.ts";
import { type MessageEntry, messagesOf } from "../../../query/messages.ts";
import type { FleetEvent } from "../../../store/events/catalogue.ts";
import type { StoredEvent } from "../../../store/events/envelope.ts";
import { openReader } from "../../../store/reader.ts";
import { catchOutput } from "../support/output.ts";

const TEXT = "check the parser";
const DIGEST = digestOfPrompt(TEXT);

let home: string;
let environment: Record<string, string>;
let own: OwnLog;
let listening: LateWords;
/** When Enter was typed behind the message: a little while ago. */
let enteredUs: number;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "fleet-late-words-"));
  mkdirSync(join(home, "fleet", "run"), { recursive: true, mode: 0o700 });
  environment = {
    HOME: home,
    PATH: process.env.PATH ?? "",
    FLEET_HOME: join(home, "fleet"),
    FLEET_STATE: join(home, "state"),
    FLEET_TENANT: "jarvis",
    FLEET_HOST: "W-jarvis",
  };
  own = openOwnLog(environment);
  listening = createLateWords(own);
  enteredUs = Math.floor(own.clock.nowUs()) - 30_000_000;
});
afterEach(() => {
  listening.close();
  own.log.close();
  rmSync(home, { recursive: true, force: true });
});

function tell(type: FleetEvent["type"], afterEnterMs: number, payload: object): void {
  const occurredAtUs = enteredUs + afterEnterMs * 1000;
  const event = { agent: "coder0", source: "operator", precision: "us", type, occurredAtUs, payload };
  own.log.append({ source: "operator", events: [event as unknown as FleetEvent] });
}

/** A message that was typed and submitted, and whose sender has ended without having heard anything. */
function lose(message: string): void {
  const request = { digest: DIGEST, bytes: 16, lines: 1, text: null, user: "jarvis", pid: 1 };
  const where = { socket: "/tmp/s", pane: "%1", pid: 2, runtime: "claude" };
  tell("message.requested", -100, {
    message,
    ...request,
    verify: true,
    until: "accepted",
    traceparent: null,
  });
  tell("message.typed", -50, { message, ...where });
  tell("message.submitted", 0, { message });
  tell("message.unverifiable", 6000, { message, which: "no-evidence", because: "it said nothing" });
}

/** What the runtime's adapter wrote, so long after the Enter. */
function hear(...lines: readonly (readonly [what: string, afterEnterMs: number])[]): void {
  const text = lines.map(([what, afterMs]) => {
    const ts = new Date(enteredUs / 1000 + afterMs).toISOString();
    return `ts=${ts} what=${what} sha256=${DIGEST} source=hook\n`;
  });
  writeFileSync(join(home, "fleet", "run", "coder0.acks"), text.join(""), { mode: 0o600 });
}

function readEvents(type: string): StoredEvent[] {
  const reader = openReader(own.here.places.database);
  try {
    return [...reader.events({ types: [type] })];
  } finally {
    reader.close();
  }
}
const verdicts = (): unknown[] => readEvents("message.accepted").map(({ payload }) => payload);

async function askAgain(message: string): Promise<{ exit: number; verdict: string }> {
  const output = catchOutput();
  const words = ["send", "coder0", TEXT, "--verify", "--id", message, "--json"];
  const exit = await runProgram(words, { output, environment });
  return { exit, verdict: JSON.parse(output.printed()).verdict };
}

test("two that have read the ledger before either told it tell it once", async () => {
  lose("m1");
  const lastSeq = own.log.lastSeq();
  const blind = { ...own, log: { ...own.log, lastSeq: () => lastSeq } };
  const two = [createLateWords(blind), createLateWords(blind)];
  const ledger = [...readEvents("message.")];
  try {
    for (const one of two) one.look();
    hear(["received", 8000]);
    for (const one of two) one.look();
  } finally {
    for (const one of two) one.close();
  }
  const [earlier] = messagesOf(ledger);
  const world = {
    acks: { directory: own.here.places.runDirectory, agent: "coder0", uid: own.here.account.uid },
    ledger: () => ledger,
    wallUs: () => Math.floor(own.clock.nowUs()),
    append: (events: readonly FleetEvent[], name = "") =>
      own.log.append({ source: "operator", events, cursor: { name, expected: null, next: "sent" } }).ok,
  } as unknown as SendWorld;
  const order = { agent: "coder0", message: "m1" } as SendOrder;
  const told = tellAgain(world, order, earlier as MessageEntry, DIGEST);
  expect(told.verdict).toMatchObject({ verdict: "accepted", proof: "ack" });
  expect(verdicts()).toHaveLength(1);
});

test("however often and by how many it is heard that a runtime holds a message, it is accepted once", async () => {
  lose("m1");
  const another = createLateWords(own);
  try {
    listening.look();
    expect(verdicts()).toEqual([]);
    hear(["received", 8000]);
    for (const who of [listening, another, listening, another]) who.look();
  } finally {
    another.close();
  }
  expect(await askAgain("m1")).toEqual({ exit: 0, verdict: "accepted" });
  expect(verdicts()).toMatchObject([{ message: "m1", proof: "ack" }]);
});

test("whoever asks again first tells it, and the recorder does not tell it a second time", async () => {
  lose("m1");
  listening.look();
  hear(["received", 8000]);
  const both = await Promise.all([askAgain("m1"), askAgain("m1")]);
  expect(both.map(({ verdict }) => verdict)).toEqual(["accepted", "accepted"]);
  listening.look();
  expect(verdicts()).toHaveLength(1);
});

test("an equal text by hand, with fleet attach or with tmux alone, makes no message accepted that was lost", async () => {
  lose("m1");
  const act = { verb: "attach", user: "jarvis", pid: 77 };
  tell("operator.attached", 7000, { ...act, socket: "/tmp/s", pane: "%1", terminal: "/dev/pts/1" });
  tell("operator.detached", 9000, { ...act, pane: "%1", seconds: 2, how: "detached" });
  hear(["received", 8000], ["taken-up", 8100]);
  listening.look();
  expect(await askAgain("m1")).toEqual({ exit: 11, verdict: "unverifiable" });
  expect(verdicts()).toEqual([]);
});

test("a client of tmux that was there before the Enter, and still is, keeps a late word from being a proof", async () => {
  lose("m1");
  const client = { socket: "/tmp/s", server: 7, session: "$1", name: "coder0", client: "/dev/pts/3" };
  tell("tmux.client.attached", -60_000, { ...client, pid: 8, readOnly: false, control: false });
  hear(["received", 8000]);
  listening.look();
  expect(await askAgain("m1")).toEqual({ exit: 11, verdict: "unverifiable" });
  expect(verdicts()).toEqual([]);
});

test("a word that comes minutes after the Enter is no proof of the message, whoever listens", async () => {
  enteredUs -= 600_000_000;
  lose("m1");
  hear(["received", 400_000]);
  listening.look();
  expect(await askAgain("m1")).toEqual({ exit: 11, verdict: "unverifiable" });
  expect(verdicts()).toEqual([]);
});

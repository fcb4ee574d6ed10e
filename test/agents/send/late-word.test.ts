import { describe, expect, test } from "vitest";
import type { Ack } from "../../../agents/acks/acks.ts";
import type { Hand } from "../../../agents/send/hands.ts";
import { lateVerdict, lateWord as lateWordAmong, openMessages } from "../../../agents/send/late-word.ts";
import { type MessageEntry, messagesOf } from "../../../query/messages.ts";

const SECOND = 1_000_000;
const digest = "a".repeat(64);
const entry = (changed: Partial<MessageEntry> = {}): MessageEntry =>
  ({
    agent: "coder0",
    id: "m",
    state: "accepted",
    queued: true,
    via: "typed",
    runtimeMessage: null,
    submitted: true,
    verdict: changed.state ?? "accepted",
    proof: "ack",
    requested: { digest },
    requestedAtUs: 100 * SECOND,
    submittedAtUs: (changed.requestedAtUs ?? 100 * SECOND) + SECOND / 2,
    atUs: 101 * SECOND,
    ...changed,
  }) as MessageEntry;
const ack = (what: string, atMs: number, changed: Partial<Ack> = {}): Ack => ({
  atMs,
  what,
  sha256: digest,
  queued: false,
  source: "hook",
  message: null,
  session: null,
  turn: null,
  ...changed,
});
const never = () => null;
const lateWord = (
  one: MessageEntry,
  acks: Ack[],
  rest: () => number | null,
  nowUs: number,
  hands: Hand[] = [],
) => lateWordAmong(one, [one], acks, hands, rest, nowUs);

test("a queued message is taken up when the runtime says so, and at the time that it says", () => {
  const event = lateWord(entry(), [ack("received", 100_100), ack("taken-up", 105_000)], never, 106 * SECOND);
  expect(event).toMatchObject({ type: "message.taken_up", occurredAtUs: 105 * SECOND, agent: "coder0" });
});

test("what was said of an equal text before this message was asked for is not about it", () => {
  expect(lateWord(entry(), [ack("taken-up", 99_000)], never, 106 * SECOND)).toBeNull();
  const other = ack("taken-up", 105_000, { sha256: "b".repeat(64) });
  expect(lateWord(entry(), [other], never, 106 * SECOND)).toBeNull();
});

test("a message that could not be proven is accepted when the runtime says later that it holds it", () => {
  for (const state of ["unverifiable", "draft"] as const) {
    const event = lateWord(
      entry({ state }),
      [ack("received", 107_000, { queued: true })],
      never,
      110 * SECOND,
    );
    expect(event).toMatchObject({ type: "message.accepted", payload: { proof: "ack", queued: true } });
  }
});

test("what the runtime says of a text that was sent again is never a proof for the first message", () => {
  const first = entry({ id: "m1", state: "unverifiable" });
  const second = entry({ id: "m2", state: "unverifiable", requestedAtUs: 110 * SECOND });
  const acks = [ack("received", 111_000)];
  const all = [first, second];
  expect(lateWordAmong(first, all, acks, [], never, 120 * SECOND)).toBeNull();
  expect(lateWordAmong(second, all, acks, [], never, 120 * SECOND)).toBeNull();
  const both = [...acks, ack("received", 112_000)];
  expect(lateWordAmong(first, all, both, [], never, 120 * SECOND)).toBeNull();
  expect(lateWordAmong(second, all, both, [], never, 120 * SECOND)?.type).toBe("message.accepted");
});

describe("a text that a person types by hand after its message seemed to be lost is no proof of that message", () => {
  const lost = entry({ state: "unverifiable" });
  const heard = (atMs: number, hands: Hand[] = []): string | null =>
    lateWord(lost, [ack("received", atMs)], never, 900 * SECOND, hands)?.type ?? null;
  const hand = (fromUs: number, untilUs: number, agent = "coder0"): Hand => ({ agent, fromUs, untilUs });

  test("when it comes more than a minute after the message's Enter", () => {
    expect(heard(160_500)).toBe("message.accepted");
    expect(heard(160_501)).toBeNull();
    const takenUp = [ack("taken-up", 200_000)];
    expect(lateWord(lost, takenUp, never, 900 * SECOND)).toBeNull();
  });

  test("or may be, as long as the terminal of whoever typed it may not have been seen yet", () => {
    const said = [ack("received", 109_000)];
    expect(lateWord(lost, said, never, 111 * SECOND)).toBeNull();
    expect(lateWord(lost, said, never, 112 * SECOND)?.type).toBe("message.accepted");
  });

  test("when somebody's terminal was joined to the agent at some moment between the Enter and that word", () => {
    expect(heard(110_000, [hand(105 * SECOND, 107 * SECOND)])).toBeNull();
    expect(heard(110_000, [hand(50 * SECOND, Number.POSITIVE_INFINITY)])).toBeNull();
    // It was gone before the Enter, came after the word, or is at another agent.
    expect(heard(110_000, [hand(50 * SECOND, 99 * SECOND)])).toBe("message.accepted");
    expect(heard(110_000, [hand(111 * SECOND, 120 * SECOND)])).toBe("message.accepted");
    expect(heard(110_000, [hand(105 * SECOND, 107 * SECOND, "coder1")])).toBe("message.accepted");
  });
});

describe("withdrawn", () => {
  const speaks = [ack("taken-up", 50_000, { sha256: "b".repeat(64) })];
  const at = (restSinceUs: number, nowUs: number, acks = speaks) =>
    lateWord(entry(), acks, () => restSinceUs, nowUs)?.type ?? null;

  test("when the runtime has been at rest for long, and says what it takes up", () => {
    expect(at(105 * SECOND, 116 * SECOND)).toBe("message.withdrawn");
  });

  test("not while the rest is young, began before the message, or the adapter never says what is taken up", () => {
    expect(at(105 * SECOND, 110 * SECOND)).toBeNull();
    expect(at(90 * SECOND, 116 * SECOND)).toBeNull();
    expect(at(105 * SECOND, 116 * SECOND, [])).toBeNull();
    expect(lateWord(entry(), speaks, never, 116 * SECOND)).toBeNull();
  });
});

test("only messages of which something may still be heard are open", () => {
  let seq = 0;
  const event = (type: string, message: string, payload: object = {}) => ({
    seq: ++seq,
    tenantId: "t",
    host: "h",
    agent: "coder0",
    type,
    schemaVersion: 1,
    source: "operator",
    occurredAtUs: seq,
    precision: "us" as const,
    recordedAtUs: seq,
    originLog: "l",
    originSeq: seq,
    payload: { message, ...payload },
  });
  const ledger = ["queued", "direct", "lost", "refused"].map((id) => event("message.requested", id));
  ledger.push(event("message.accepted", "queued", { proof: "ack", queued: true }));
  ledger.push(event("message.accepted", "direct", { proof: "ack", queued: false }));
  ledger.push(
    event("message.submitted", "lost"),
    event("message.unverifiable", "lost", { which: "not-read" }),
  );
  ledger.push(event("message.refused", "refused", { why: "dead" }));
  expect(openMessages(messagesOf(ledger)).map(({ id }) => id)).toEqual(["queued", "lost"]);
});

describe("a message that was posted", () => {
  const posted = (changed: Partial<MessageEntry> = {}) =>
    entry({ via: "prompt_async", runtimeMessage: "msg_1", proof: "id", ...changed });
  const named = (what: string, atMs: number) => ack(what, atMs, { message: "msg_1" });

  test("is taken up when the runtime answers that very message", () => {
    const lines = [named("received", 100_100), ack("taken-up", 104_000, { message: "msg_2" })];
    expect(lateWord(posted(), lines, never, 106 * SECOND)).toBeNull();
    expect(lateWord(posted(), [...lines, named("taken-up", 105_000)], never, 106 * SECOND)).toMatchObject({
      type: "message.taken_up",
      payload: { proof: "id" },
    });
  });

  test("and could not be proven is accepted when it is answered, not when the adapter has only heard of it", () => {
    const lost = posted({ state: "unverifiable" });
    expect(lateWord(lost, [named("received", 101_000)], never, 110 * SECOND)).toBeNull();
    // However late, and whoever's terminal was there: nobody types this id.
    const lines = [named("received", 101_000), named("taken-up", 900_000)];
    const hands = [{ agent: "coder0", fromUs: 0, untilUs: Number.POSITIVE_INFINITY }];
    expect(lateWord(lost, lines, never, 910 * SECOND, hands)).toMatchObject({
      type: "message.accepted",
      payload: { proof: "id", queued: false },
    });
  });

  test("and whose sender was killed in that moment is accepted when it is answered, as no typed one is", () => {
    const said = { received: named("received", 101_000), takenUp: named("taken-up", 102_000) };
    const killed = { state: "posted", submitted: false, verdict: null } as const;
    expect(lateVerdict(posted(killed), said, [])).toMatchObject({ verdict: "accepted", proof: "id" });
    expect(lateVerdict(entry({ ...killed, state: "typed" }), said, [])).toBeNull();
  });
});

import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Ack } from "../../../agents/acks/acks.ts";
import { listenForAck } from "../../../agents/send/acknowledgements.ts";
import { type Equal, pairAcks } from "../../../agents/send/pairing.ts";

const digest = "a".repeat(64);
const message = (id: string, requestedAtMs: number, changed: Partial<Equal> = {}): Equal => ({
  id,
  requestedAtMs,
  enteredAtMs: requestedAtMs,
  mayBeHeld: true,
  wasQueued: false,
  runtimeMessage: null,
  ...changed,
});
const ack = (what: string, atMs: number): Ack => ({
  atMs,
  what,
  sha256: digest,
  queued: false,
  source: "hook",
  message: null,
  session: null,
  turn: null,
});
const proven = (equals: Equal[], acks: Ack[]): string[] =>
  [...pairAcks(equals, acks, digest)].filter(([, { received }]) => received !== null).map(([id]) => id);
const takenUp = (equals: Equal[], acks: Ack[]): string[] =>
  [...pairAcks(equals, acks, digest)].filter(([, one]) => one.takenUp !== null).map(([id]) => id);

test("each of two equal messages is proven by the line that came before the next was asked for", () => {
  const equals = [message("m1", 100), message("m2", 200)];
  expect(proven(equals, [ack("received", 110)])).toEqual(["m1"]);
  expect(proven(equals, [ack("received", 110), ack("received", 210)])).toEqual(["m1", "m2"]);
});

test("one line after the second of two open messages may be of either, and so proves neither", () => {
  const equals = [message("m1", 100), message("m2", 200)];
  expect(proven(equals, [ack("received", 210)])).toEqual([]);
  expect(proven(equals, [ack("received", 210), ack("received", 220)])).toEqual(["m2"]);
});

test("a message that was never typed, or is long past, owes no line", () => {
  const line = [ack("received", 2_000_010)];
  expect(proven([message("m1", 1_999_000, { mayBeHeld: false }), message("m2", 2_000_000)], line)).toEqual([
    "m2",
  ]);
  expect(proven([message("m1", 100), message("m2", 2_000_000)], line)).toEqual(["m2"]);
});

test("one lost message owes one line, however often its text is sent again, and none when it is long past", () => {
  const equals = [0, 1, 2, 3].map((at) => message(`m${at}`, 100 + at * 400_000));
  const lines = [1, 2, 3].map((at) => ack("received", 110 + at * 400_000));
  expect([...pairAcks(equals, lines, digest).values()].map(({ owed }) => owed)).toEqual([0, 1, 1, 0]);
  expect(proven(equals, lines)).toEqual(["m3"]);
});

test("a queued text that is taken up late is no proof for an equal message behind it", () => {
  const equals = [message("m1", 100, { wasQueued: true }), message("m2", 200)];
  expect(proven(equals, [ack("received", 110), ack("taken-up", 210)])).toEqual(["m1"]);
});

test("of two equal queued messages one line takes up the first, and two take up both", () => {
  const equals = [message("m1", 100, { wasQueued: true }), message("m2", 200, { wasQueued: true })];
  const received = [ack("received", 110), ack("received", 210)];
  expect(takenUp(equals, [...received, ack("taken-up", 300)])).toEqual(["m1"]);
  expect(takenUp(equals, [...received, ack("taken-up", 300), ack("taken-up", 400)])).toEqual(["m1", "m2"]);
});

test("a line that names a message which was posted is of that one, and of no equal text that was typed", () => {
  const posted = message("m1", 100, { runtimeMessage: "msg_1" });
  const typed = message("m2", 200);
  const named = (what: string, atMs: number): Ack => ({ ...ack(what, atMs), message: "msg_1" });
  // It may come late, and behind the request of an equal one.
  expect(proven([posted, typed], [named("received", 210)])).toEqual(["m1"]);
  expect(proven([posted, typed], [named("received", 900_000)])).toEqual(["m1"]);
  expect(proven([posted, typed], [named("received", 110), ack("received", 210)])).toEqual(["m1", "m2"]);
  expect(takenUp([posted, typed], [ack("received", 210), named("taken-up", 300)])).toEqual(["m1"]);
  // And it owes the typed one nothing.
  expect(proven([posted, typed], [ack("received", 210)])).toEqual(["m2"]);
  expect(proven([posted], [{ ...named("received", 110), message: "msg_2" }])).toEqual([]);
});

test("a sender that waits for long takes no line for its own that came more than a minute after its Enter", () => {
  const directory = mkdtempSync(join(tmpdir(), "fleet-pairing-"));
  const said = (entered: number | null, ...lines: [what: string, atMs: number][]) => {
    rmSync(join(directory, "coder0.acks"), { force: true });
    const heard = listenForAck(
      { directory, agent: "coder0", uid: process.getuid?.() ?? 0 },
      { id: "m", digest, earlier: [], nowMs: 100, startedAtMs: 0, enteredAtMs: () => entered },
    );
    for (const [what, atMs] of lines)
      appendFileSync(
        join(directory, "coder0.acks"),
        `ts=${new Date(atMs).toISOString()} what=${what} sha256=${digest}\n`,
      );
    return heard();
  };
  try {
    expect(said(200, ["received", 60_200])).toMatchObject({ received: true });
    expect(said(200, ["received", 60_201])).toMatchObject({ received: false });
    expect(said(200, ["taken-up", 60_201])).toMatchObject({ received: false });
    // Once it is known to be held it may wait in the queue for as long as the turn takes.
    expect(said(200, ["received", 300], ["taken-up", 900_000])).toMatchObject({
      received: true,
      takenUp: true,
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a sender counts the lines that equal messages before it still owe", () => {
  const directory = mkdtempSync(join(tmpdir(), "fleet-pairing-"));
  const say = (atMs: number): void =>
    appendFileSync(
      join(directory, "coder0.acks"),
      `ts=${new Date(atMs).toISOString()} what=received sha256=${digest}\n`,
    );
  try {
    const uid = process.getuid?.() ?? 0;
    const earlier = [message("m1", 100)];
    const heard = listenForAck(
      { directory, agent: "coder0", uid },
      { id: "m2", digest, earlier, nowMs: 200, startedAtMs: 0, enteredAtMs: () => 205 },
    );
    say(210);
    expect(heard().received).toBe(false);
    say(220);
    expect(heard().received).toBe(true);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("never are more messages proven, or queued ones taken up, than there are lines, and no line serves two", () => {
  const times = fc.integer({ min: 0, max: 60 });
  const equal = fc.record({ requestedAtMs: times, mayBeHeld: fc.boolean(), wasQueued: fc.boolean() });
  const line = fc.tuple(fc.constantFrom("received", "taken-up"), times);
  fc.assert(
    fc.property(fc.array(equal, { maxLength: 8 }), fc.array(line, { maxLength: 12 }), (some, lines) => {
      const equals = some.map((one, at) => ({ ...message(`m${at}`, one.requestedAtMs), ...one }));
      const acks = lines.map(([what, atMs]) => ack(what, atMs));
      const paired = [...pairAcks(equals, acks, digest).values()];
      for (const which of ["received", "takenUp"] as const) {
        const used = paired.flatMap((one) => one[which] ?? []);
        expect(new Set(used).size).toBe(used.length);
        expect(used.length).toBeLessThanOrEqual(acks.length);
      }
    }),
  );
});

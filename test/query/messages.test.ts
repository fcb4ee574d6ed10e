import { expect, test } from "vitest";
import { messagesOf } from "../../query/messages.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";

let seq = 0;
function event(type: string, payload: object, host = "h"): StoredEvent {
  seq += 1;
  return {
    seq,
    tenantId: "t",
    host,
    agent: "a",
    type,
    schemaVersion: 1,
    source: "operator",
    occurredAtUs: seq * 1000,
    precision: "us",
    recordedAtUs: seq * 1000,
    originLog: "log",
    originSeq: seq,
    payload,
  };
}
const request = (message: string) => event("message.requested", { message, digest: "d", bytes: 3 });

test("a message stands where its newest event left it", () => {
  const m = { message: "m" };
  const steps: [StoredEvent, string][] = [
    [request("m"), "requested"],
    [event("message.typed", m), "typed"],
    [event("message.submitted", m), "submitted"],
    [event("message.accepted", { ...m, proof: "ack", queued: true, because: "said so" }), "accepted"],
    [event("message.taken_up", m), "taken-up"],
    [event("message.answered", { ...m, because: "over" }), "answered"],
  ];
  const events: StoredEvent[] = [];
  for (const [next, state] of steps) {
    events.push(next);
    expect(messagesOf(events)[0]?.state).toBe(state);
  }
  expect(messagesOf(events)[0]).toMatchObject({
    verdict: "accepted",
    queued: true,
    typed: true,
    proof: "ack",
  });
});

test("a message that was withdrawn was accepted once", () => {
  const m = { message: "w" };
  const events = [
    request("w"),
    event("message.accepted", { ...m, proof: "ack", queued: true }),
    event("message.withdrawn", m),
  ];
  expect(messagesOf(events)[0]).toMatchObject({ state: "withdrawn", verdict: "accepted" });
});

test("an id that is asked for again begins anew, and keeps nothing of its refusal", () => {
  const events = [
    request("r"),
    event("message.refused", { message: "r", why: "copy-mode", because: "x" }),
    request("r"),
  ];
  const [entry, ...others] = messagesOf(events);
  expect(entry).toMatchObject({ state: "requested", verdict: null, kind: null, because: null });
  expect(others).toEqual([]);
});

test("the same id of two hosts names two messages, and events without their request none", () => {
  const here = request("x");
  const there = event("message.requested", { message: "x", digest: "d", bytes: 3 }, "other");
  expect(messagesOf([here, there])).toHaveLength(2);
  expect(messagesOf([event("message.accepted", { message: "y" })])).toEqual([]);
});

test("types of a later version change nothing", () => {
  const events = [request("v"), event("message.pondered", { message: "v" })];
  expect(messagesOf(events)[0]?.state).toBe("requested");
});

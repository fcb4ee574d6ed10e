import { statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../store/events/envelope.ts";
import type { Projection } from "../../store/projection.ts";
import { verifyLog } from "../../store/verify.ts";
import { beat, OWN, T0, tally, vanished } from "./support/events.ts";
import { allDocuments, logBench, testClock } from "./support/log.ts";

const bench = logBench();
const counts = (path: string) =>
  Object.fromEntries(
    ["events", "batches", "documents", "cursors", "observations", "series"].map((table) => [
      table,
      bench.raw(path).prepare(`SELECT count(*) FROM ${table}`).pluck().get(),
    ]),
  );

describe("an event", () => {
  test("is read back with its stamps, its place and its origin", () => {
    const path = bench.path();
    const clock = testClock(T0 + 5_000_000);
    const log = bench.open(path, { clock });
    const event = beat("coder0", { occurredAtUs: T0 + 4_000_000 });
    expect(log.append({ source: "heartbeat", events: [event, vanished("/tmp/a")] })).toEqual({
      ok: true,
      count: 2,
      lastSeq: 2,
    });
    expect(bench.read(path).event(1)).toEqual({
      seq: 1,
      ...OWN,
      agent: "coder0",
      type: "heartbeat.received",
      schemaVersion: 1,
      source: "heartbeat",
      occurredAtUs: T0 + 4_000_000,
      precision: "s",
      recordedAtUs: T0 + 5_000_000,
      originLog: log.logId,
      originSeq: 1,
      payload: { pid: 4711, pidStart: 99, status: "ok", evidence: "runtime" },
    });
    expect(bench.read(path).event(2)).toMatchObject({ agent: null, recordedAtUs: T0 + 5_000_001 });
    expect(bench.read(path).event(3)).toBeNull();
  });

  test("keeps any name and any text, hostile ones too", () => {
    const path = bench.path();
    const log = bench.open(path);
    const names = [
      "a'b\"c",
      "$(touch x)",
      "#{pid}",
      "#(date)",
      "a\nb",
      "\u0000nul\u0000",
      "ü🚀",
      "x".repeat(1024),
    ];
    log.append({
      source: "tmux",
      events: names.map((name) => ({
        ...vanished(""),
        agent: name,
        type: "tmux.session.created",
        payload: { socket: name, server: 1, session: "$1", name },
      })),
    });
    const read = [...bench.read(path).events({})];
    expect(read.map(({ agent }) => agent)).toEqual(names);
    expect(read.map(({ payload }) => (payload as { name: string }).name)).toEqual(names);
    expect(verifyLog(path)).toMatchObject({ ok: true, events: names.length });
  });

  test("with half a surrogate pair in its agent's name is kept under the name that can be read back", () => {
    const path = bench.path();
    const log = bench.open(path);
    log.append({ source: "heartbeat", events: [beat("a\ud800b"), beat("a\ud800b")] });
    expect([...bench.read(path).events({})].map(({ agent }) => agent)).toEqual(["a\ufffdb", "a\ufffdb"]);
    expect(verifyLog(path)).toMatchObject({ ok: true });
    expect([...log.documents().list("agent")].map(([id]) => id)).toEqual(["a\ufffdb"]);
  });
});

describe("recorded_at", () => {
  test("never goes back and is never the same twice, whatever the clock does", () => {
    const path = bench.path();
    const clock = testClock();
    const log = bench.open(path, { clock });
    for (const us of [T0, T0, T0 - 3_600_000_000, T0 + 2, T0 + 10, T0 - 5, T0 + 1_000]) {
      clock.us = us;
      log.append({ source: "heartbeat", events: [beat("a"), beat("b")] });
    }
    const stamps = [...bench.read(path).events({})].map(({ recordedAtUs }) => recordedAtUs);
    expect(stamps).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 1000, 1001].map((us) => T0 + us));
  });

  test("goes on behind what another writer with a faster clock has written", () => {
    const path = bench.path();
    const slow = bench.open(path, { clock: testClock(T0) });
    const fast = bench.open(path, { clock: testClock(T0 + 1_000_000) });
    fast.append({ source: "heartbeat", events: [beat("a")] });
    slow.append({ source: "heartbeat", events: [beat("a")] });
    fast.append({ source: "heartbeat", events: [beat("a")] });
    const stamps = [...bench.read(path).events({})].map(({ recordedAtUs }) => recordedAtUs - T0);
    expect(stamps).toEqual([1_000_000, 1_000_001, 1_000_002]);
  });

  test("of a clock between two microseconds is a whole number", () => {
    const path = bench.path();
    const log = bench.open(path, { clock: testClock(T0 + 0.75) });
    log.append({ source: "heartbeat", events: [beat("a")] });
    expect(bench.read(path).event(1)?.recordedAtUs).toBe(T0);
  });
});

describe("a cursor", () => {
  const move = (expected: string | null, next: string) => ({ name: "journal", expected, next });

  test("moves with the events it stands for", () => {
    const log = bench.open(bench.path());
    expect(log.cursor("journal")).toBeNull();
    log.append({ source: "journal", events: [beat("a")], cursor: move(null, "s=1") });
    expect(log.cursor("journal")).toBe("s=1");
    log.append({ source: "journal", cursor: move("s=1", "s=2") });
    expect([log.cursor("journal"), log.lastSeq()]).toEqual(["s=2", 1]);
    expect(log.cursor("spool")).toBeNull();
  });

  test("that another writer has moved keeps the whole batch out", () => {
    const path = bench.path();
    const [mine, other] = [bench.open(path), bench.open(path)];
    other.append({ source: "journal", events: [beat("a")], cursor: move(null, "s=1") });
    const before = counts(path);
    const refused = mine.append({
      source: "journal",
      events: [beat("b")],
      cursor: move(null, "s=9"),
      observed: { scope: "", atUs: T0 },
      gauges: { scope: "x", values: { a: 1 } },
    });
    expect(refused).toEqual({ ok: false, reason: "cursor-moved", actual: "s=1" });
    expect(counts(path)).toEqual(before);
    expect(mine.append({ source: "journal", events: [beat("b")], cursor: move("s=1", "s=2") })).toEqual({
      ok: true,
      count: 1,
      lastSeq: 2,
    });
  });
});

describe("refused, with nothing written:", () => {
  const bad: [string, Partial<Record<keyof NewEvent, unknown>>, RegExp][] = [
    ["an unknown type", { type: "tmux.pane.exploded" }, /no event of type "tmux.pane.exploded"/],
    ["a type that only looks like a property", { type: "constructor" }, /"constructor"/],
    [
      "a bad field",
      { payload: { pid: -1, pidStart: 1, status: "ok", evidence: "runtime" } },
      /heartbeat.received: payload field "pid" is -1/,
    ],
    [
      "an unknown field",
      { payload: { pid: 1, pidStart: 1, status: "ok", evidence: "runtime", load: 3 } },
      /field "load" is 3/,
    ],
    [
      "a field that is missing",
      { payload: { pid: 1, pidStart: 1, status: "ok" } },
      /field "evidence" is undefined/,
    ],
    ["no payload", { payload: null }, /payload is null/],
    [
      "a text that is too long",
      { payload: { pid: 1, pidStart: 1, status: "x".repeat(300), evidence: "hook" } },
      /field "status" is "x+\.\.\. \(302 characters\)/,
    ],
    ["an unknown source", { source: "crystal-ball" }, /source is "crystal-ball"/],
    ["an unknown precision", { precision: "ns" }, /precision is "ns"/],
    ["a version that is not known yet", { schemaVersion: 2 }, /schemaVersion is 2/],
    ["an empty agent", { agent: "" }, /agent is ""/],
    ["an agent that is no text", { agent: 5 }, /agent is 5/],
    ["a time that is no whole number", { occurredAtUs: 1.5 }, /occurredAtUs is 1.5/],
    ["no time", { occurredAtUs: Number.NaN }, /occurredAtUs is null/],
  ];

  test.each(bad)("%s", (_, over, message) => {
    const path = bench.path();
    const log = bench.open(path);
    log.append({
      source: "heartbeat",
      events: [beat("a")],
      cursor: { name: "c", expected: null, next: "1" },
    });
    const before = [counts(path), allDocuments(log.documents())];
    const batch = {
      source: "heartbeat",
      events: [beat("b"), { ...beat("c"), ...over } as NewEvent, beat("d")],
      cursor: { name: "c", expected: "1", next: "2" },
    } as const;
    expect(() => log.append(batch)).toThrow(
      expect.objectContaining({ name: "FleetError", kind: "usage", message: expect.stringMatching(message) }),
    );
    expect([counts(path), allDocuments(log.documents())]).toEqual(before);
    expect(log.cursor("c")).toBe("1");
    expect(log.append({ source: "heartbeat", events: [beat("b")] })).toMatchObject({ lastSeq: 2 });
    expect(verifyLog(path)).toMatchObject({ ok: true, events: 2 });
  });

  test("a batch whose fold throws, and what was folded before it is forgotten", () => {
    const path = bench.path();
    let fails = true;
    const touchy: Projection = {
      name: "touchy",
      version: 1,
      types: new Set(["tmux.server.vanished"]),
      evolve() {
        if (fails) throw new Error("a bug in a fold");
      },
    };
    const log = bench.open(path, { projections: [tally, touchy] });
    log.append({ source: "heartbeat", events: [beat("a")] });
    const before = [counts(path), allDocuments(log.documents())];
    const batch = { source: "tmux", events: [beat("new"), vanished("/tmp/a")] } as const;
    expect(() => log.append(batch)).toThrow("a bug in a fold");
    expect([counts(path), allDocuments(log.documents())]).toEqual(before);
    fails = false;
    expect(log.append(batch)).toMatchObject({ ok: true, count: 2, lastSeq: 3 });
    expect([...bench.read(path).events({})].map(({ agent }) => agent)).toEqual(["a", "new", null]);
  });
});

describe("payloads", () => {
  const stored = (path: string) =>
    bench.raw(path).prepare("SELECT typeof(payload) FROM events ORDER BY seq").pluck().all();

  test("that repeat in a series are written out once and then referred to", () => {
    const path = bench.path();
    const log = bench.open(path);
    for (const status of ["ok", "ok", "busy", "ok", "busy", "ok"])
      log.append({ source: "heartbeat", events: [beat("a", { status })] });
    expect(stored(path)).toEqual(["text", "integer", "text", "integer", "integer", "integer"]);
    expect(
      [...bench.read(path).events({})].map(({ payload }) => (payload as { status: string }).status),
    ).toEqual(["ok", "ok", "busy", "ok", "busy", "ok"]);
  });

  test("that never repeat cost no row of their own", () => {
    const path = bench.path();
    const log = bench.open(path);
    log.append({ source: "heartbeat", events: Array.from({ length: 40 }, (_, pid) => beat("a", { pid })) });
    expect(stored(path).every((type) => type === "text")).toBe(true);
    expect(bench.raw(path).prepare("SELECT count(*) FROM payloads").pluck().get()).toBe(0);
  });

  test("referred to in a transaction that was rolled back are not referred to afterwards", () => {
    const path = bench.path();
    const log = bench.open(path);
    log.append({ source: "heartbeat", events: [beat("a")] });
    const broken = { ...beat("a"), occurredAtUs: 0.5 };
    expect(() => log.append({ source: "heartbeat", events: [beat("a"), beat("a"), broken] })).toThrow(/0.5/);
    log.append({ source: "heartbeat", events: [beat("a"), beat("a"), beat("a")] });
    expect([...bench.read(path).events({})]).toHaveLength(4);
    expect(verifyLog(path)).toMatchObject({ ok: true });
  });
});

describe("several writers of one log", () => {
  test("each go on from what the others wrote", () => {
    const path = bench.path();
    const logs = [bench.open(path), bench.open(path), bench.open(path)];
    for (let i = 0; i < 30; i += 1)
      logs[i % 3]?.append({ source: "heartbeat", events: [beat(`a${i % 7}`, { pid: i % 5 }), beat("b")] });
    const all = logs.map((log) => allDocuments(log.documents()));
    expect(all[1]).toEqual(all[0]);
    expect(all[2]).toEqual(all[0]);
    logs[0]?.rebuild();
    expect(logs.map((log) => allDocuments(log.documents()))).toEqual(all);
    expect(verifyLog(path)).toMatchObject({ ok: true, events: 60, batches: 30 });
  });

  test("of two hosts keep their documents apart", () => {
    const path = bench.path();
    const here = bench.open(path);
    const there = bench.open(path, { identity: { tenantId: "jarvis", host: "W-other", machineId: "m1" } });
    here.append({ source: "heartbeat", events: [beat("a")] });
    there.append({ source: "heartbeat", events: [beat("a"), beat("b")] });
    expect([...here.documents().list("agent")].map(([id]) => id)).toEqual(["a"]);
    expect([...there.documents().list("agent")].map(([id]) => id)).toEqual(["a", "b"]);
    const reader = bench.read(path);
    expect(reader.partitions()).toEqual([OWN, { tenantId: "jarvis", host: "W-other" }]);
    expect(reader.identity()).toEqual({ tenantId: "jarvis", host: "W-other" });
    here.rebuild();
    expect([...there.documents().list("agent")].map(([id]) => id)).toEqual(["a", "b"]);
    expect([...bench.read(path).documents(OWN).list("agent")].map(([id]) => id)).toEqual(["a"]);
  });
});

test("a look that changed nothing is noted without an event", () => {
  const path = bench.path();
  const log = bench.open(path);
  const observed = { scope: "/tmp/a", atUs: T0 + 7 };
  expect(log.append({ source: "tmux", observed })).toEqual({ ok: true, count: 0, lastSeq: 0 });
  log.append({ source: "tmux", gauges: { scope: "/tmp/a", values: { "%1": 5 } } });
  log.append({ source: "tmux", gauges: { scope: "/tmp/a", values: { "%1": 9 } } });
  const reader = bench.read(path);
  expect(reader.observations(OWN)).toEqual([{ source: "tmux", scope: "/tmp/a", atUs: T0 + 7 }]);
  expect(reader.gauges(OWN)).toEqual({ "/tmp/a": { "%1": 9 } });
  expect(counts(path)).toMatchObject({ events: 0, batches: 0 });
});

test("the tick file is written after a commit with events, and by no other", () => {
  const path = bench.path();
  const log = bench.open(path);
  expect(() => statSync(`${path}.tick`)).toThrow(/ENOENT/);
  log.append({ source: "tmux", observed: { scope: "", atUs: T0 } });
  expect(() => statSync(`${path}.tick`)).toThrow(/ENOENT/);
  log.append({ source: "heartbeat", events: [beat("a")] });
  const first = statSync(`${path}.tick`, { bigint: true });
  log.append({ source: "heartbeat", events: [beat("a")] });
  const second = statSync(`${path}.tick`, { bigint: true });
  expect([first.size, second.size]).toEqual([1n, 1n]);
  expect(second.mtimeNs).toBeGreaterThanOrEqual(first.mtimeNs);
});

test("a copy that wakes up on another machine writes under a name of its own", () => {
  const path = bench.path();
  const first = bench.open(path);
  first.append({ source: "heartbeat", events: [beat("a"), beat("a")] });
  first.close();
  const same = bench.open(path, { identity: { ...OWN, machineId: null } });
  expect(same.logId).toBe(first.logId);
  same.close();
  const moved = bench.open(path, { identity: { ...OWN, machineId: "m2" } });
  expect(moved.logId).not.toBe(first.logId);
  moved.append({ source: "heartbeat", events: [beat("a")] });
  const reader = bench.read(path);
  expect([...reader.events({})].map(({ originLog, originSeq }) => [originLog, originSeq])).toEqual([
    [first.logId, 1],
    [first.logId, 2],
    [moved.logId, 3],
  ]);
  expect(reader.logId).toBe(moved.logId);
  expect(verifyLog(path)).toMatchObject({ ok: true, events: 3 });
});

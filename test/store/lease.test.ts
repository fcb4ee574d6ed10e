import { describe, expect, test } from "vitest";
import type { LeaseHolder } from "../../store/lease.ts";
import type { LogOptions } from "../../store/log.ts";
import { beat, OWN, T0 } from "./support/events.ts";
import { logBench } from "./support/log.ts";

const bench = logBench();
const SECOND = 1_000_000;
const alive = () => true;
const gone = () => false;
const holder = (pid: number): LeaseHolder => ({ pid, pidStart: pid * 10, bootId: "boot", version: "1.0" });

/** A wall clock and a monotonic clock; time passes on both, a step moves the wall clock only. */
function clocks() {
  const clock = {
    wallUs: T0,
    monotonic: 77 * SECOND,
    nowUs: () => clock.wallUs,
    monotonicUs: () => clock.monotonic,
    pass(us: number) {
      clock.wallUs += us;
      clock.monotonic += us;
    },
    step(us: number) {
      clock.wallUs += us;
    },
  };
  return clock;
}

function fleet(over: Partial<LogOptions> = {}) {
  const path = bench.path();
  const clock = clocks();
  const open = () => bench.open(path, { clock, ...over });
  const types = () =>
    [...bench.read(path).events({})].map(({ type, payload }) => [type, (payload as { pid: number }).pid]);
  return { path, clock, open, types, lease: () => bench.read(path).lease() };
}

test("one recorder for each log: a second one learns who holds it", () => {
  const { open, clock, types, lease } = fleet();
  const [first, second] = [open(), open()];
  expect(first.claimLease(holder(1), alive)).toEqual({ ok: true });
  clock.pass(3 * SECOND);
  expect(second.claimLease(holder(2), alive)).toEqual({
    ok: false,
    holder: {
      ...holder(1),
      claimedAtUs: T0,
      lastAliveUs: T0,
      lastAliveMonotonicUs: 77 * SECOND,
    },
  });
  expect(types()).toEqual([["recorder.started", 1]]);
  expect(lease()).toMatchObject({ ...holder(1), lastAliveUs: T0 });
});

test("since when somebody records is one moment, in the lease and in the log", () => {
  const { path, clock, open, lease } = fleet();
  // Time goes on while it is written.
  clock.nowUs = () => (clock.wallUs += 700);
  open().claimLease(holder(1), alive);
  const [started] = bench.read(path).events({});
  expect(started?.occurredAtUs).toBe(lease()?.claimedAtUs);
});

test("renewing keeps it, writes no event, and says when it was", () => {
  const { open, clock, types, lease } = fleet();
  const [log, other] = [open(), open()];
  log.claimLease(holder(1), alive);
  for (let i = 0; i < 10; i += 1) {
    clock.pass(4 * SECOND);
    log.renewLease();
    other.append({ source: "heartbeat", events: [beat("a")] });
  }
  expect(types().map(([type]) => type)).toEqual([
    "recorder.started",
    ...Array(10).fill("heartbeat.received"),
  ]);
  expect(lease()).toMatchObject({ claimedAtUs: T0, lastAliveUs: T0 + 40 * SECOND });
});

test("releasing it says why, and makes room", () => {
  const { path, open, types, lease } = fleet();
  const [first, second] = [open(), open()];
  first.claimLease(holder(1), alive);
  first.releaseLease("SIGTERM");
  first.releaseLease("again");
  expect(lease()).toBeNull();
  expect(second.claimLease(holder(2), alive)).toEqual({ ok: true });
  expect(types()).toEqual([
    ["recorder.started", 1],
    ["recorder.stopped", 1],
    ["recorder.started", 2],
  ]);
  expect(bench.read(path).event(2)?.payload).toEqual({ pid: 1, reason: "SIGTERM" });
});

describe("a recorder that died without a word", () => {
  const lapsed = { pid: 1, lastAliveUs: T0 + SECOND };

  test.each([
    [
      "an append of anybody",
      (log: ReturnType<typeof bench.open>) => log.append({ source: "heartbeat", events: [beat("a")] }),
    ],
    [
      "a look that changes nothing",
      (log: ReturnType<typeof bench.open>) =>
        log.append({ source: "tmux", observed: { scope: "", atUs: T0 } }),
    ],
    ["a settlement", (log: ReturnType<typeof bench.open>) => expect(log.settleLapsedLease(alive)).toBe(true)],
    ["the claim of the next one", (log: ReturnType<typeof bench.open>) => log.claimLease(holder(2), alive)],
  ])("is told first by %s", (_, act) => {
    const { path, open, clock } = fleet();
    const [dead, next] = [open(), open()];
    dead.claimLease(holder(1), alive);
    clock.pass(SECOND);
    dead.renewLease();
    clock.pass(5 * SECOND + 1);
    act(next);
    expect(bench.read(path).event(2)).toMatchObject({
      type: "recorder.lapsed",
      source: "recorder",
      agent: null,
      payload: lapsed,
      occurredAtUs: T0 + 6 * SECOND + 1,
    });
    const count = next.lastSeq();
    expect(next.settleLapsedLease(alive)).toBe(false);
    next.append({ source: "tmux", observed: { scope: "", atUs: T0 } });
    expect(next.lastSeq()).toBe(count);
  });

  test("lived until the last that it wrote, which may be later than its last renewal; what operators did is no word of it", () => {
    const { path, open, clock } = fleet();
    const [dead, next] = [open(), open()];
    dead.claimLease(holder(1), alive);
    clock.pass(SECOND);
    dead.renewLease();
    clock.pass(0.8 * SECOND);
    dead.append({ source: "heartbeat", events: [beat("a"), beat("b")] });
    const wroteUs = bench.read(path).event(3)?.recordedAtUs;
    clock.pass(SECOND);
    const acted = {
      type: "message.submitted",
      payload: { message: "m1" },
      agent: "a",
      source: "operator",
    } as const;
    next.append({ source: "operator", events: [{ ...acted, occurredAtUs: clock.nowUs(), precision: "us" }] });
    clock.pass(9 * SECOND);
    next.settleLapsedLease(alive);
    expect(bench.read(path).event(5)).toMatchObject({
      type: "recorder.lapsed",
      payload: { pid: 1, lastAliveUs: wroteUs },
    });
    expect(wroteUs).toBeGreaterThanOrEqual(T0 + 1.8 * SECOND);
  });

  test("is told within the five seconds by who can see that its process is gone", () => {
    const { open, clock, types } = fleet();
    const [dead, next] = [open(), open()];
    dead.claimLease(holder(1), alive);
    clock.pass(SECOND);
    expect(next.settleLapsedLease(alive)).toBe(false);
    expect(next.settleLapsedLease(gone)).toBe(true);
    expect(next.claimLease(holder(2), gone)).toEqual({ ok: true });
    expect(types()).toEqual([
      ["recorder.started", 1],
      ["recorder.lapsed", 1],
      ["recorder.started", 2],
    ]);
  });

  test("is not told by a batch that was refused for its cursor", () => {
    const { open, clock, types } = fleet();
    const [dead, next] = [open(), open()];
    dead.claimLease(holder(1), alive);
    clock.pass(9 * SECOND);
    expect(next.append({ source: "journal", cursor: { name: "c", expected: "x", next: "y" } }).ok).toBe(
      false,
    );
    expect(types()).toEqual([["recorder.started", 1]]);
  });
});

describe("a recorder that was frozen for longer than that", () => {
  test("begins again where nobody has taken over, so that the gap stays a gap", () => {
    const { open, clock, types } = fleet();
    const log = open();
    log.claimLease(holder(1), alive);
    clock.pass(60 * SECOND);
    log.renewLease();
    clock.pass(60 * SECOND);
    log.append({ source: "heartbeat", events: [beat("a", { pid: 5 })] });
    expect(types()).toEqual([
      ["recorder.started", 1],
      ["recorder.lapsed", 1],
      ["recorder.started", 1],
      ["recorder.lapsed", 1],
      ["recorder.started", 1],
      ["heartbeat.received", 5],
    ]);
  });

  test("begins again after another writer has told its lapse", () => {
    const { path, open, clock, types } = fleet();
    const [log, ps] = [open(), open()];
    log.claimLease(holder(1), alive);
    clock.pass(SECOND);
    log.renewLease();
    clock.pass(60 * SECOND);
    ps.settleLapsedLease(alive);
    log.renewLease();
    // It says that it is the one that was taken for dead, and since when it had been silent.
    const [first, again] = [...bench.read(path).events({ types: ["recorder.started"] })];
    expect(first?.payload).not.toHaveProperty("silentSinceUs");
    expect(again?.payload).toMatchObject({ pid: 1, silentSinceUs: T0 + SECOND });
    expect(types().map(([type]) => type)).toEqual([
      "recorder.started",
      "recorder.lapsed",
      "recorder.started",
    ]);
  });

  test("gives way to the one that has taken over, and leaves its lease alone", () => {
    const { open, clock, lease, types } = fleet();
    const [frozen, next] = [open(), open()];
    frozen.claimLease(holder(1), alive);
    clock.pass(60 * SECOND);
    next.claimLease(holder(2), alive);
    expect(() => frozen.renewLease()).toThrow(
      expect.objectContaining({
        kind: "conflict",
        message: expect.stringContaining("process 2 records now"),
      }),
    );
    frozen.releaseLease("conflict");
    expect(lease()).toMatchObject({ pid: 2 });
    expect(types().at(-1)).toEqual(["recorder.started", 2]);
  });

  test("renewing without a claim is a bug and says so", () => {
    expect(() => fleet().open().renewLease()).toThrow("renew without a claim");
  });
});

describe("clocks", () => {
  test.each([3600, -3600])("a wall clock that steps by %i s makes no lapse", (seconds) => {
    const { open, clock, types } = fleet();
    const [log, ps] = [open(), open()];
    log.claimLease(holder(1), alive);
    clock.step(seconds * SECOND);
    clock.pass(SECOND);
    ps.append({ source: "tmux", observed: { scope: "", atUs: T0 } });
    expect(ps.settleLapsedLease(alive)).toBe(false);
    log.renewLease();
    expect(types()).toEqual([["recorder.started", 1]]);
  });

  test("a monotonic clock that reads less is that of another boot", () => {
    const { open, clock, types } = fleet();
    open().claimLease(holder(1), alive);
    clock.monotonic = 5 * SECOND;
    clock.wallUs += 2 * SECOND;
    expect(open().settleLapsedLease(alive)).toBe(true);
    expect(types().at(-1)).toEqual(["recorder.lapsed", 1]);
  });

  test("without a monotonic clock the wall clock measures", () => {
    const clock = { us: T0, nowUs: () => clock.us };
    const { open } = fleet({ clock });
    const log = open();
    log.claimLease(holder(1), alive);
    clock.us += 5 * SECOND;
    expect(open().settleLapsedLease(alive)).toBe(false);
    clock.us += 1;
    expect(open().settleLapsedLease(alive)).toBe(true);
  });
});

describe("looks of a recorder that changed nothing", () => {
  const look = (atUs: number, scope = "") => ({ source: "journal", observed: { scope, atUs } }) as const;
  function recording() {
    const { path, clock, open } = fleet();
    const log = open();
    log.claimLease(holder(1), alive);
    const seen = () =>
      bench
        .read(path)
        .observations(OWN)
        .map(({ scope, atUs }) => [scope, atUs - T0]);
    return { clock, open, log, seen };
  }

  test("are noted with the next renewal, the newest of each scope", () => {
    const { log, seen } = recording();
    const before = log.lastSeq();
    expect(log.append(look(T0 + 1))).toEqual({ ok: true, count: 0, lastSeq: before });
    log.append(look(T0 + 2, "other"));
    log.append(look(T0 + 3));
    expect(seen()).toEqual([]);
    log.renewLease();
    expect(seen().sort()).toEqual([
      ["", 3],
      ["other", 2],
    ]);
  });

  test("are noted with whatever is committed before that, and never over a later look", () => {
    const { log, seen } = recording();
    log.append(look(T0 + 1));
    log.append({ ...look(T0 + 5), events: [beat("coder0")] });
    expect(seen()).toEqual([["", 5]]);
    log.renewLease();
    expect(seen()).toEqual([["", 5]]);
    log.append(look(T0 + 6));
    log.releaseLease("SIGTERM");
    expect(seen()).toEqual([["", 6]]);
  });

  test("are kept for the next commit where one fails", () => {
    const { log, seen } = recording();
    log.append(look(T0 + 1));
    expect(() =>
      log.append({ source: "journal", events: [{ ...beat("coder0"), type: "no.such" } as never] }),
    ).toThrow();
    expect(seen()).toEqual([]);
    log.renewLease();
    expect(seen()).toEqual([["", 1]]);
  });

  test("of a process that records nothing, or no more, are noted at once", () => {
    const { log, open, seen, clock } = recording();
    open().append(look(T0 + 1));
    expect(seen()).toEqual([["", 1]]);
    clock.pass(60 * SECOND);
    open().claimLease(holder(2), alive);
    expect(() => log.renewLease()).toThrow();
    log.append(look(T0 + 2));
    expect(seen()).toEqual([["", 2]]);
  });
});

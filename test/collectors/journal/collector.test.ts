import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CollectorContext, Outcome } from "../../../collectors/collector.ts";
import { createJournalCollector, type JournalPace } from "../../../collectors/journal/collector.ts";
import type { Appended, Batch } from "../../../store/events/batch.ts";
import type { NewEvent } from "../../../store/events/envelope.ts";

const fake = fileURLToPath(new URL("../../fixtures/bin/fake-journalctl.mjs", import.meta.url));
const T0 = 1_795_238_883_000_000;
const NOW = T0 + 60_000_000;

let directory: string;
let stop: AbortController;
let running: Promise<void>[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fleet-journal-"));
  writeFileSync(
    join(directory, "journalctl"),
    `#!/bin/sh\nexec "${process.execPath}" "${fake}" "${directory}" "$@"\n`,
  );
  chmodSync(join(directory, "journalctl"), 0o755);
  stop = new AbortController();
  running = [];
});
afterEach(async () => {
  stop.abort();
  await Promise.allSettled(running);
  rmSync(directory, { recursive: true, force: true });
});

const has = (name: string, text: string) => writeFileSync(join(directory, name), text);
const runs = () =>
  existsSync(join(directory, "runs"))
    ? readFileSync(join(directory, "runs"), "utf8").split("\n").length - 1
    : 0;

function entry(n: number, fields: Record<string, unknown> = {}): string {
  const at = T0 + n;
  return `${JSON.stringify({
    __CURSOR: cursorOf(n),
    __REALTIME_TIMESTAMP: String(at),
    MESSAGE_ID: "7d4958e842da4a758f6c1cdc7b36dcc5",
    MESSAGE: `line ${n}`,
    USER_UNIT: "mosaic-agent@coder0.service",
    _SYSTEMD_USER_UNIT: "init.scope",
    _TRANSPORT: "journal",
    ...fields,
  })}\n`;
}
const cursorOf = (n: number) => `s=1;i=${n.toString(16)};t=${(T0 + n).toString(16)}`;
const entries = (...ns: number[]) => ns.map((n) => entry(n)).join("");

/** A log in memory: what was appended, the cursor with its compare-and-set, and the reports. */
function createLog(cursor: string | null = null) {
  const log = {
    cursor,
    events: [] as NewEvent[],
    batches: [] as Batch[],
    reports: [] as Outcome[],
    emit(batch: Batch): Appended {
      if (batch.cursor !== undefined) {
        if (batch.cursor.expected !== log.cursor)
          return { ok: false, reason: "cursor-moved", actual: log.cursor };
        log.cursor = batch.cursor.next;
      }
      log.batches.push(batch);
      log.events.push(...(batch.events ?? []));
      return { ok: true, count: batch.events?.length ?? 0, lastSeq: log.events.length };
    },
    /** What was logged, by the number in its sentence; other events by their type. */
    said: () =>
      log.events.map((event) => {
        const { message, reason } = event.payload as { message?: string; reason?: string };
        return event.type === "journal.unit.logged" ? Number(message?.slice(5)) : `${event.type} ${reason}`;
      }),
  };
  return log;
}
type Log = ReturnType<typeof createLog>;

function contextOf(log: Log): CollectorContext {
  return {
    clock: { nowUs: () => NOW, monotonicUs: () => Math.round(performance.now() * 1000) },
    emit: (batch) => log.emit(batch),
    cursor: () => log.cursor,
    report: (_scope, outcome) => log.reports.push(outcome),
    signal: stop.signal,
  };
}
const collector = (pace: Partial<JournalPace> = {}, program = join(directory, "journalctl")) =>
  createJournalCollector({
    units: () => [],
    environment: { PATH: process.env.PATH },
    uid: 1001,
    program,
    bootedAtUs: () => T0,
    pace: { settledMs: 50, tickMs: 1_000, restartMs: 1, retryMs: 50, ...pace },
  });
const sample = (log: Log) => collector().sample(contextOf(log));
function watch(log: Log, pace: Partial<JournalPace> = {}): Promise<void> {
  const watching = collector(pace).watch(contextOf(log));
  running.push(watching);
  watching.catch(() => {});
  return watching;
}
const eventually = (what: () => unknown) => expect.poll(what, { timeout: 15_000, interval: 10 });

test("a look reads to the end, and the next one leaves no trace when nothing came since", async () => {
  has("entries", entries(1, 2));
  const log = createLog();
  await sample(log);
  expect(log.said()).toEqual([1, 2]);
  expect(log.cursor).toBe(cursorOf(2));
  expect(log.reports).toEqual([{ state: "observed" }]);

  const before = log.batches.length;
  await sample(log);
  expect(log.batches.slice(before).map(({ source, observed }) => ({ source, observed }))).toEqual([
    { source: "journal", observed: { scope: "", atUs: NOW } },
  ]);
  appendFileSync(join(directory, "entries"), entries(3));
  await sample(log);
  expect(log.said()).toEqual([1, 2, 3]);
});

test("a first start begins with this boot and makes that place durable, even when there is no line yet", async () => {
  has("entries", entry(-1));
  const log = createLog();
  await sample(log);
  expect(log.said()).toEqual([]);
  expect(log.cursor).toBe(`since=${T0}`);
});

test("a first start on a machine that has been up for long begins a day ago", async () => {
  const log = createLog();
  const old = createJournalCollector({
    units: () => [],
    environment: { PATH: process.env.PATH },
    uid: 1001,
    program: join(directory, "journalctl"),
    bootedAtUs: () => 0,
  });
  await old.sample(contextOf(log));
  expect(log.cursor).toBe(`since=${NOW - 24 * 3600 * 1_000_000}`);
});

test("a follower hands over what is there and then what comes", async () => {
  has("entries", entries(1, 2, 3));
  const log = createLog(cursorOf(1));
  const watching = watch(log);
  await eventually(log.said).toEqual([2, 3]);
  appendFileSync(join(directory, "entries"), entries(4));
  await eventually(log.said).toEqual([2, 3, 4]);
  expect(log.reports.at(-1)).toEqual({ state: "observed" });
  // One question whether there is a journal, one that reads what there is, and one follower that is never started anew.
  expect(runs()).toBe(3);
  stop.abort();
  await watching;
  expect(log.cursor).toBe(cursorOf(4));
});

test("what the boot before left is read before this one is followed, which shows nothing of it", async () => {
  const [first, second] = ["a".repeat(32), "b".repeat(32)];
  const of = (boot: string, ...ns: number[]) =>
    ns.map((n) => entry(n, { _BOOT_ID: boot, __CURSOR: `${cursorOf(n)};b=${boot}` })).join("");
  has("entries", of(first, 1, 2, 3) + of(second, 4, 5));
  const log = createLog(`${cursorOf(1)};b=${first}`);
  const watching = watch(log);
  await eventually(log.said).toEqual([2, 3, 4, 5]);
  stop.abort();
  await watching;
  stop = new AbortController();
  // Of the boot that has begun nothing is told yet when what there is has been read.
  const third = "c".repeat(32);
  has("follow-first", of(third, 6));
  watch(log);
  await eventually(log.said).toEqual([2, 3, 4, 5, 6]);
});

test("a backlog is read whole by a follower too, and lines that are there together become one batch", async () => {
  has("entries", entries(...Array.from({ length: 60 }, (_, n) => n + 1)));
  const log = createLog(cursorOf(1));
  watch(log);
  await eventually(() => log.events.length).toBe(59);
  const sizes = log.batches.map((batch) => batch.events?.length ?? 0).filter((size) => size > 0);
  expect(log.said()).toHaveLength(59);
  // On a busy machine they do not all come in one piece.
  expect(sizes.length).toBeLessThan(59 / 2);
});

test("a journalctl that dies, within a line too, is started again and no line is lost or told twice", async () => {
  has("entries", entries(1, 2, 3, 4, 5, 6));
  has("die-after", "2.5\n2\n1.5\n");
  const log = createLog();
  watch(log);
  await eventually(log.said).toEqual([1, 2, 3, 4, 5, 6]);
  expect(runs()).toBeGreaterThanOrEqual(8);
});

test("a journalctl that only ever dies is reported with what it said, and tried again", async () => {
  has("entries", entries(1));
  has("die-after", "0\n".repeat(6));
  const log = createLog(cursorOf(1));
  watch(log);
  await eventually(() => log.reports.some((report) => report.state === "unavailable")).toBe(true);
  expect(log.reports.find((report) => report.state === "unavailable")).toMatchObject({
    reason: expect.stringContaining("ended with 1"),
  });
  await eventually(() => log.reports.at(-1)?.state).toBe("observed");
});

test("entries that are gone are told as a gap before the first one that is left", async () => {
  has("entries", entries(5, 6));
  const log = createLog(cursorOf(2));
  await sample(log);
  expect(log.said()).toEqual(["journal.gap.found vacuumed", 5, 6]);
  expect(log.events[0]?.payload).toEqual({ fromUs: T0 + 2, toUs: T0 + 5, reason: "vacuumed" });
});

test("a cursor from the future whose entry is nowhere is told as a gap, and reading starts over from now", async () => {
  has("entries", entries(1));
  const log = createLog(cursorOf(3_600_000_000));
  watch(log);
  await eventually(log.said).toEqual(["journal.gap.found future-cursor"]);
  expect(log.cursor).toBe(`since=${NOW}`);
  appendFileSync(join(directory, "entries"), entry(61_000_000));
  await eventually(log.said).toEqual(["journal.gap.found future-cursor", 61_000_000]);
});

test("a cursor from the future whose entry is there is a clock that was set back: reading goes on from it", async () => {
  // In the order of the file, which is journalctl's too: the clock stood an hour ahead when entry one was written.
  has("entries", entry(3_600_000_000) + entry(5));
  const log = createLog(cursorOf(3_600_000_000));
  await sample(log);
  expect(log.said()).toEqual([5]);
});

test.each(["garbage", "", "z=1;t=5"])(
  "the cursor %j is told as a gap, and reading starts over from now",
  async (text) => {
    has("entries", entries(1));
    const log = createLog(text);
    await sample(log);
    expect(log.said()).toEqual(["journal.gap.found bad-cursor"]);
    expect(log.cursor).toBe(`since=${NOW}`);
    appendFileSync(join(directory, "entries"), entry(61_000_000));
    await sample(log);
    expect(log.said()).toEqual(["journal.gap.found bad-cursor", 61_000_000]);
  },
);

test("a line that cannot be read is kept once, over restarts too, and its neighbours are not harmed", async () => {
  has(
    "entries",
    `${entry(1)}${entry(2).slice(0, 60)}\n\u0000\u0001\xff\n${entry(3, { MESSAGE: [108, 255] })}`,
  );
  const log = createLog();
  await sample(log);
  await sample(log);
  appendFileSync(join(directory, "entries"), entries(4));
  await sample(log);
  expect(log.events.map((event) => event.type)).toEqual([
    "journal.unit.logged",
    "collector.input.rejected",
    "collector.input.rejected",
    "journal.unit.logged",
    "journal.unit.logged",
  ]);
  expect(log.events[3]?.payload).toMatchObject({ message: "l\\xff" });
});

test("a line of ten megabytes is read through without being held", async () => {
  has("entries", `${entry(1)}{"x":"${"y".repeat(10_000_000)}"}\n${entry(2)}`);
  const log = createLog();
  await sample(log);
  expect(log.said()).toEqual([1, expect.stringContaining("longer than"), 2]);
  expect(log.events[1]?.payload).toMatchObject({ bytes: 10_000_008 });
});

test("a program that prints no journal at all is reported, and its output does not fill the log", async () => {
  has("entries", "what is this\n".repeat(30_000));
  const log = createLog();
  await sample(log);
  expect(log.events).toHaveLength(100);
  expect(log.reports).toEqual([
    { state: "unavailable", reason: expect.stringContaining("no journal entries") },
  ]);
  await sample(log);
  expect(log.events).toHaveLength(100);
});

test.each([
  ["No journal files were opened due to insufficient permissions.\n", "1", "may not read the journal"],
  ["No journal files were found.\n", "0", "there is no journal"],
  ["Failed to open journal: Too many open files\n", "1", "Too many open files"],
])(
  "when journalctl says %j the reason is plain, nothing is appended, and it is tried again",
  async (stderr, code, words) => {
    has("stderr", stderr);
    has("code", code);
    const log = createLog();
    watch(log);
    await eventually(() => log.reports[0]).toMatchObject({
      state: "unavailable",
      reason: expect.stringContaining(words),
    });
    expect(log.batches).toEqual([]);
    has("entries", entries(1));
    rmSync(join(directory, "stderr"));
    await eventually(log.said).toEqual([1]);
    await eventually(() => log.reports.at(-1)?.state).toBe("observed");
  },
);

test("a missing journalctl is reported and is no crash", async () => {
  const log = createLog();
  await collector({}, join(directory, "nowhere")).sample(contextOf(log));
  expect(log.reports).toEqual([{ state: "unavailable", reason: expect.stringContaining("not installed") }]);
  expect(log.batches).toEqual([]);
});

test("when another writer moved the cursor, reading goes on from where that one stands", async () => {
  has("entries", entries(1, 2, 3));
  const log = createLog(cursorOf(1));
  watch(log);
  await eventually(log.said).toEqual([2, 3]);
  // Another process looked once: entry 4 is in the log already, by its hand.
  log.cursor = cursorOf(4);
  appendFileSync(join(directory, "entries"), entries(4, 5));
  await eventually(log.said).toEqual([2, 3, 5]);
});

test("what the log refuses ends the collector with that error and its journalctl with it", async () => {
  has("entries", entries(1, 2));
  const log = createLog(cursorOf(1));
  log.emit = () => {
    throw new Error("the disk is full");
  };
  await expect(watch(log)).rejects.toThrow("the disk is full");
});

test("what the log refuses at a quiet moment ends the collector too", async () => {
  const log = createLog(`since=${T0}`);
  log.emit = () => {
    throw new Error("the disk is full");
  };
  await expect(watch(log)).rejects.toThrow("the disk is full");
});

test("it ends soon after the signal", async () => {
  has("entries", entries(1));
  const log = createLog();
  const watching = watch(log);
  await eventually(log.said).toEqual([1]);
  const begun = performance.now();
  stop.abort();
  await watching;
  expect(performance.now() - begun).toBeLessThan(2_000);
});

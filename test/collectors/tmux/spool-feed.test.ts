import { appendFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { NO_BEHOLDER } from "../../../collectors/tmux/hook-line.ts";
import { prepareSpool } from "../../../collectors/tmux/spool.ts";
import { createSpoolFeed } from "../../../collectors/tmux/spool-feed.ts";
import { createMemoryLog, type MemoryLog } from "./memory-log.ts";

const made: string[] = [];
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

function spool() {
  const directory = mkdtempSync(join(tmpdir(), "fleet-feed-"));
  made.push(directory);
  const place = { directory, socketName: "a" };
  const path = prepareSpool(place);
  const feed = (log: MemoryLog, options: { context?: MemoryLog["context"]; rotateBytes?: number } = {}) =>
    createSpoolFeed({
      place,
      socketPath: "/tmp/a",
      context: log.context,
      beholder: NO_BEHOLDER,
      rotateBytes: 1_000_000,
      lingerMs: 0,
      ...options,
    });
  return { directory, path, feed };
}

const line = (n: number, name = "coder0") => `${n}|77|1795258399|session-created|$1||||||${name}\n`;

test("lines become events in the server's order, and the position moves with them", async () => {
  const { path, feed } = spool();
  appendFileSync(path, line(2, "b") + line(1, "a") + line(3, "c"));
  const log = createMemoryLog();
  expect(await feed(log).drain()).toBe(true);
  expect(log.hookLines()).toEqual(["session-created a", "session-created b", "session-created c"]);
  expect(log.batches).toHaveLength(1);
  expect(log.batches[0]).toMatchObject({
    source: "tmux-hook",
    cursor: { name: "tmux-spool:a", expected: null },
  });
  expect(await feed(log).drain()).toBe(false);
  expect(log.batches).toHaveLength(1);
});

test("a recorder that is started again goes on where the last one stopped", async () => {
  const { path, feed } = spool();
  const first = createMemoryLog();
  appendFileSync(path, line(1));
  await feed(first).drain();
  appendFileSync(path, line(2));
  const second = createMemoryLog(first.cursors);
  await feed(second).drain();
  expect(second.events().map(({ payload }) => (payload as { n: number }).n)).toEqual([2]);
});

test("of two that read at the same time each line is told by one", async () => {
  const { path, feed } = spool();
  appendFileSync(path, line(1) + line(2));
  const log = createMemoryLog();
  const late = createMemoryLog(log.cursors);
  // The second one read its position before the first one moved it.
  const stale = log.context.cursor("tmux-spool:a");
  let asked = 0;
  const context = {
    ...late.context,
    cursor: (name: string) => (asked++ === 0 ? stale : late.context.cursor(name)),
  };
  await feed(log).drain();
  await feed(late, { context }).drain();
  expect(log.events()).toHaveLength(2);
  expect(late.events()).toHaveLength(0);
});

test("when the log cannot take the lines they stay where they are", async () => {
  const { path, feed } = spool();
  appendFileSync(path, line(1));
  const log = createMemoryLog();
  let full = true;
  const emit: typeof log.context.emit = (batch) => {
    if (full) throw new Error("database or disk is full");
    return log.context.emit(batch);
  };
  const reader = feed(log, { context: { ...log.context, emit } });
  await expect(reader.drain()).rejects.toThrow("full");
  full = false;
  await reader.drain();
  expect(log.hookLines()).toEqual(["session-created coder0"]);
});

test("what no hook of ours wrote is kept as rejected, once, and hides nothing", async () => {
  const { path, feed } = spool();
  appendFileSync(path, `${line(1)}$(touch pwned)\n\u0000\u0001\n${line(2)}`);
  appendFileSync(path, Buffer.from([0xff, 0xfe, 0x0a]));
  const log = createMemoryLog();
  await feed(log).drain();
  await feed(log).drain();
  expect(log.hookLines()).toHaveLength(2);
  const rejected = log
    .events("collector.input.rejected")
    .map(({ payload }) => payload as { raw: string; bytes: number });
  expect(rejected.map(({ raw }) => raw)).toEqual(["$(touch pwned)", "\\x00\\x01", "��"]);
  expect(log.events("collector.input.rejected")[0]).toMatchObject({
    source: "tmux-hook",
    payload: { where: path, bytes: 14, reason: "not a line of a fleet hook" },
  });
});

test("a long backlog comes in parts, and others get their turn in between", async () => {
  const { path, feed } = spool();
  appendFileSync(path, Array.from({ length: 10_000 }, (_, index) => line(index + 1)).join(""));
  const log = createMemoryLog();
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await feed(log).drain();
  clearInterval(timer);
  expect(log.events()).toHaveLength(10_000);
  expect(log.batches.length).toBeGreaterThan(2);
  expect(turns).toBeGreaterThan(0);
});

test("a finished file goes once it is quiet; its last half line is kept as rejected", async () => {
  const { directory, path, feed } = spool();
  appendFileSync(path, line(1));
  const log = createMemoryLog();
  const reader = feed(log, { rotateBytes: 80 });
  await reader.drain();
  reader.tidy();
  const [old = ""] = readdirSync(directory).filter((name) => name !== "a.spool");
  appendFileSync(join(directory, old), `${line(2)}3|77|179`);
  reader.tidy();
  reader.tidy();
  expect(readdirSync(directory), "an unread line is in it").toContain(old);
  await reader.drain();
  reader.tidy();
  reader.tidy();
  expect(readdirSync(directory)).toEqual(["a.spool"]);
  expect(log.hookLines()).toHaveLength(2);
  expect(log.events("collector.input.rejected").map(({ payload }) => payload)).toMatchObject([
    { reason: "a hook line without its end", raw: "3|77|179", bytes: 8 },
  ]);
  await feed(createMemoryLog(log.cursors)).drain();
  expect(log.events("collector.input.rejected")).toHaveLength(1);
});

import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { archiveDirectory } from "../../../store/archive/archive.ts";
import { archiveLog } from "../../../store/archive/archive-log.ts";
import { verifyLog } from "../../../store/verify.ts";
import { logBench, testClock } from "../support/log.ts";
import { MAY_US, recordMonths, SMALL } from "../support/months.ts";

/** What was read of which file, by its inode: from and to. */
const reads = vi.hoisted(() => new Map<number, [number, number][]>());

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  /** Where a descriptor stands that is read without a place. */
  const stands = new Map<number, number>();
  return {
    ...fs,
    openSync(...asked: Parameters<typeof fs.openSync>) {
      const descriptor = fs.openSync(...asked);
      stands.set(descriptor, 0);
      return descriptor;
    },
    readSync(...asked: [number, Buffer, number, number, number | null]) {
      const [descriptor, , , , place] = asked;
      const read = fs.readSync(...asked);
      const from = place ?? stands.get(descriptor) ?? 0;
      stands.set(descriptor, from + read);
      const { ino } = fs.fstatSync(descriptor);
      reads.set(ino, [...(reads.get(ino) ?? []), [from, from + read]]);
      return read;
    },
  };
});

const bench = logBench();
let path: string;
beforeEach(() => {
  reads.clear();
  path = bench.path();
  const clock = testClock();
  recordMonths(bench.open(path, { clock }), clock);
});

/** Where the list at the end of a file begins, after all of its blocks: by the seek table behind it (see `seekable.ts`). */
function listBegins(file: Buffer): number {
  const frames = file.readUInt32LE(file.length - 9);
  const table = file.length - 9 - frames * 8;
  return Array.from({ length: frames - 1 }, (_, i) => file.readUInt32LE(table + i * 8)).reduce(
    (a, b) => a + b,
    0,
  );
}

/** How often a byte was read, at most and at least, up to a place. */
function timesRead(spans: readonly [number, number][], end: number): { most: number; least: number } {
  const times = new Uint8Array(end);
  for (const [from, to] of spans)
    for (let at = from; at < Math.min(to, end); at += 1) times[at] = (times[at] ?? 0) + 1;
  return { most: Math.max(...times), least: Math.min(...times) };
}

/** The bytes of its blocks, over all files. */
function blocksRead(): { most: number; least: number; files: number } {
  const directory = archiveDirectory(path);
  const files = readdirSync(directory).filter((name) => name.endsWith(".zst"));
  const each = files.map((name) => {
    const file = join(directory, name);
    return timesRead(reads.get(statSync(file).ino) ?? [], listBegins(readFileSync(file)));
  });
  const [most, least] = [each.map((one) => one.most), each.map((one) => one.least)];
  return { files: files.length, most: Math.max(...most), least: Math.min(...least) };
}

test("a file of the archive is read once to prove what was written, and once to verify it, all but the list at its end", () => {
  archiveLog({ path, beforeUs: MAY_US, nowUs: () => MAY_US, sizes: SMALL });
  expect(blocksRead()).toEqual({ files: expect.any(Number), most: 1, least: 1 });
  reads.clear();
  expect(verifyLog(path)).toMatchObject({ ok: true });
  const { files, ...times } = blocksRead();
  expect(files).toBeGreaterThan(5);
  expect(times).toEqual({ most: 1, least: 1 });
});

test("a bit that was flipped where no event is read from is found all the same", () => {
  archiveLog({ path, beforeUs: MAY_US, nowUs: () => MAY_US, sizes: SMALL });
  const directory = archiveDirectory(path);
  const [name = ""] = readdirSync(directory)
    .filter((one) => one.endsWith(".zst"))
    .sort();
  const file = join(directory, name);
  const whole = readFileSync(file);
  for (const at of [whole.length - 9 - 4, whole.length - 5]) {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expect([at, verifyLog(path).ok]).toEqual([at, false]);
  }
  writeFileSync(file, whole);
  expect(verifyLog(path).ok).toBe(true);
});

import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { archiveDirectory } from "../../../store/archive/archive.ts";
import {
  type ArchiveSizes,
  archiveLog,
  listSegments,
  monthsBefore,
} from "../../../store/archive/archive-log.ts";
import type { EventFilter } from "../../../store/event-filter.ts";
import { exportEvents } from "../../../store/export.ts";
import { queryLog } from "../../../store/query-log.ts";
import { verifyLog } from "../../../store/verify.ts";
import { beat, OWN } from "../support/events.ts";
import { allDocuments, logBench, testClock } from "../support/log.ts";
import { APRIL_US, DAY_US, MARCH_US, MAY_US, recordMonths, SMALL } from "../support/months.ts";

const bench = logBench();

function recorded() {
  const path = bench.path();
  const clock = testClock();
  const log = bench.open(path, { clock });
  recordMonths(log, clock);
  return { path, log, clock };
}

function archive(path: string, beforeUs = MAY_US, sizes: ArchiveSizes = SMALL) {
  return archiveLog({ path, beforeUs, nowUs: () => MAY_US, sizes });
}

const eventsOf = (path: string, filter: EventFilter = {}) => [...bench.read(path).events(filter)];
const exported = (path: string) =>
  [...exportEvents(path, { filter: {}, format: "ndjson" })].map(({ text }) => text).join("");
function asked(path: string, sql: string): unknown[] {
  const query = queryLog(path, sql, {});
  try {
    return [...query.rows];
  } finally {
    query.close();
  }
}

describe("what was archived", () => {
  test("is the closed months, and all readers tell the same as before", () => {
    const { path } = recorded();
    const before = { events: eventsOf(path), text: exported(path), whole: verifyLog(path) };
    const rows = asked(path, "SELECT * FROM events ORDER BY seq");
    const months = monthsBefore(path, MAY_US);
    expect(months.map(({ month }) => month)).toEqual(["2026-03", "2026-04"]);
    const archived = archive(path);
    expect(archived.events).toBe((months.at(-1)?.lastSeq ?? 0) - 0);
    expect(archived.segments).toBeGreaterThan(5);
    expect(bench.raw(path).prepare("SELECT min(seq) FROM events").pluck().get()).toBe(archived.events + 1);
    expect(bench.raw(path).prepare("SELECT min(last_seq) FROM batches").pluck().get()).toBeGreaterThan(
      archived.events,
    );
    expect(eventsOf(path)).toEqual(before.events);
    expect(exported(path)).toBe(before.text);
    expect(asked(path, "SELECT * FROM events ORDER BY seq")).toEqual(rows);
    expect(verifyLog(path)).toEqual(before.whole);
  });

  test("is found by every filter as it was in the table, in both orders", () => {
    const { path } = recorded();
    const other = bench.path();
    const clock = testClock();
    recordMonths(bench.open(other, { clock }), clock);
    archive(path);
    const [kept, moved] = [bench.read(other), bench.read(path)] as const;
    const last = kept.lastSeq();
    const time = fc.option(fc.integer({ min: MARCH_US - 50 * DAY_US, max: MAY_US + 20 * DAY_US }), {
      nil: undefined,
    });
    const filter = fc.record({
      agent: fc.constantFrom(undefined, "a0", "a5", "late", "nobody"),
      types: fc.constantFrom(
        undefined,
        ["heartbeat."],
        ["tmux.server.vanished"],
        ["tmux.", "heartbeat.received"],
      ),
      afterSeq: fc.option(fc.integer({ min: 0, max: last }), { nil: undefined }),
      beforeSeq: fc.option(fc.integer({ min: 0, max: last + 1 }), { nil: undefined }),
      sinceUs: time,
      untilUs: time,
      limit: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
      newestFirst: fc.boolean(),
    });
    const told = (reader: typeof kept, its: EventFilter) =>
      [...reader.events(its)].map((event) => ({ ...event, originLog: "" }));
    fc.assert(
      fc.property(filter, (its) => {
        expect(told(moved, its)).toEqual(told(kept, its));
      }),
      { numRuns: 300 },
    );
    for (const seq of [1, 64, 65, last]) expect(moved.event(seq)?.seq).toBe(seq);
    expect(moved.event(last + 1)).toBeNull();
  });

  test("is folded first by a rebuild", () => {
    const { path, log } = recorded();
    const documents = () => allDocuments(bench.read(path).documents(OWN));
    const before = documents();
    archive(path);
    expect(documents()).toEqual(before);
    const { events } = log.rebuild();
    expect(events).toBe(log.lastSeq());
    expect(documents()).toEqual(before);
  });

  test("is followed by what is recorded and archived later, one chain throughout", () => {
    const { path, log, clock } = recorded();
    archive(path, APRIL_US);
    const [first] = listSegments(path);
    expect(first?.firstSeq).toBe(1);
    clock.us = MAY_US + 40 * DAY_US;
    for (let n = 0; n < 50; n += 1) log.append({ source: "heartbeat", events: [beat("new", { pid: n })] });
    const all = eventsOf(path);
    archive(path, MAY_US);
    expect(eventsOf(path)).toEqual(all);
    expect(archive(path, MAY_US)).toEqual({ segments: 0, events: 0, bytes: 0 });
    expect(verifyLog(path)).toMatchObject({ ok: true, events: all.length });
    const segments = listSegments(path);
    for (const [i, segment] of segments.entries())
      expect(segment.firstSeq).toBe(i === 0 ? 1 : (segments[i - 1]?.lastSeq ?? 0) + 1);
  });

  test("never holds the newest commit, however late it is", () => {
    const { path, log } = recorded();
    archive(path, MAY_US + 400 * DAY_US);
    expect(bench.raw(path).prepare("SELECT count(*) FROM batches").pluck().get()).toBe(1);
    log.append({ source: "heartbeat", events: [beat("after")] });
    expect(verifyLog(path)).toMatchObject({ ok: true, events: log.lastSeq() });
    log.rebuild();
  });

  test("a commit that begins in one month and ends in the next belongs to the next, and holds nothing up", () => {
    const path = bench.path();
    const clock = testClock(APRIL_US - 3);
    const log = bench.open(path, { clock });
    // One us for each event: the commit of ten ends seven us after midnight.
    log.append({ source: "heartbeat", events: Array.from({ length: 10 }, (_, n) => beat(`a${n}`)) });
    clock.us = MAY_US + 1;
    log.append({ source: "heartbeat", events: [beat("b")] });
    log.append({ source: "heartbeat", events: [beat("c")] });
    expect(monthsBefore(path, APRIL_US)).toEqual([]);
    expect(monthsBefore(path, MAY_US)).toEqual([{ month: "2026-04", firstSeq: 1, lastSeq: 10 }]);
    expect(archive(path, MAY_US)).toMatchObject({ events: 10 });
    expect(verifyLog(path)).toMatchObject({ ok: true, events: 12 });
  });

  test("a commit larger than a segment goes whole", () => {
    const path = bench.path();
    const clock = testClock(MARCH_US);
    const log = bench.open(path, { clock });
    log.append({ source: "heartbeat", events: Array.from({ length: 500 }, (_, n) => beat(`a${n % 5}`)) });
    clock.us = MAY_US;
    log.append({ source: "heartbeat", events: [beat("b")] });
    expect(archive(path, APRIL_US)).toMatchObject({ segments: 1, events: 500 });
    expect(verifyLog(path)).toMatchObject({ ok: true, events: 501 });
  });
});

describe("a search that is under way when its rows are archived", () => {
  test.each([false, true])("goes on in the files, newest first: %s", (newestFirst) => {
    const { path } = recorded();
    const all = eventsOf(path, { newestFirst });
    for (const taken of [1, 64, 65, 200, all.length - 70]) {
      const { path: own } = recorded();
      const events = bench.read(own).events({ newestFirst });
      const first = Array.from({ length: taken }, () => events.next().value);
      archive(own, taken % 2 === 0 ? MAY_US : APRIL_US);
      const seqs = [...first, ...events].map((event) => event?.seq);
      expect(seqs).toEqual(all.map(({ seq }) => seq));
    }
  });
});

describe("a file", () => {
  test("is JSON lines in zstd, which any zstd unpacks, and says itself what it is", () => {
    const { path } = recorded();
    archive(path);
    const [segment] = listSegments(path);
    const file = join(archiveDirectory(path), segment?.file ?? "");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(archiveDirectory(path)).mode & 0o777).toBe(0o700);
    const lines = execFileSync("zstd", ["-dc", file], { encoding: "utf8" }).trimEnd().split("\n");
    const parts = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(parts[0]).toMatchObject({ format: "fleet.segment.v1" });
    expect(parts.at(-1)).toMatchObject({
      first_seq: 1,
      last_seq: segment?.lastSeq,
      digest: segment?.digest.toString("hex"),
    });
    expect(parts.slice(1, -1).map(({ events }) => events)).toHaveLength(
      (parts.at(-1) as { blocks: unknown[] }).blocks.length,
    );
    expect(parts[1]).toMatchObject({ first_seq: 1, after_us: 0 });
  });

  test("is named by what it holds, and nothing else is left in its directory", () => {
    const { path } = recorded();
    archive(path);
    const names = readdirSync(archiveDirectory(path)).filter((name) => name !== "lock");
    expect(names).toEqual(listSegments(path).map(({ file }) => file));
    expect(names[0]).toBe("2026-03-000000000001.jsonl.zst");
  });
});

describe("damage to a file is found, and named by the first event that it concerns:", () => {
  function damagedBy(harm: (file: string, segments: ReturnType<typeof listSegments>) => void) {
    const { path } = recorded();
    archive(path);
    const segments = listSegments(path);
    harm(join(archiveDirectory(path), segments[2]?.file ?? ""), segments);
    return { path, segments };
  }

  test("a flipped bit", () => {
    const { path, segments } = damagedBy((file) => {
      const bytes = readFileSync(file);
      const at = Math.floor(bytes.length / 2);
      bytes[at] = (bytes[at] ?? 0) ^ 4;
      writeFileSync(file, bytes);
    });
    const verified = verifyLog(path);
    expect(verified).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/is damaged: its checksum is wrong/),
    });
    if (verified.ok) return;
    expect(verified.fromSeq).toBeGreaterThanOrEqual(segments[2]?.firstSeq ?? 0);
    expect(verified.toSeq).toBeLessThanOrEqual(segments[2]?.lastSeq ?? 0);
    expect(() => eventsOf(path)).toThrow(expect.objectContaining({ kind: "archive" }));
    // What needs no event of that file is answered.
    expect(eventsOf(path, { limit: 5, newestFirst: true })).toHaveLength(5);
  });

  test("a flipped bit where no event is read from", () => {
    for (const place of [4, -5]) {
      const { path, segments } = damagedBy((file) => {
        const bytes = readFileSync(file);
        const at = (place + bytes.length) % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        writeFileSync(file, bytes);
      });
      expect(verifyLog(path)).toMatchObject({
        ok: false,
        fromSeq: segments[2]?.firstSeq,
        toSeq: segments[2]?.lastSeq,
      });
    }
  });

  test.each([
    ["a file that is gone", (file: string) => rmSync(file), / is not there/],
    [
      "a file cut off",
      (file: string) => writeFileSync(file, readFileSync(file).subarray(0, -5)),
      /does not end like one/,
    ],
    ["an empty file", (file: string) => writeFileSync(file, ""), /cut off/],
  ] as const)("%s", (_, harm, problem) => {
    const { path, segments } = damagedBy(harm);
    expect(verifyLog(path)).toMatchObject({
      ok: false,
      fromSeq: segments[2]?.firstSeq,
      toSeq: segments[2]?.lastSeq,
      problem: expect.stringMatching(problem),
    });
  });

  test("another month's file in its place", () => {
    const { path, segments } = damagedBy((file, [, second]) => {
      writeFileSync(file, readFileSync(join(file, "..", second?.file ?? "")));
    });
    expect(verifyLog(path)).toMatchObject({
      ok: false,
      fromSeq: segments[2]?.firstSeq,
      toSeq: segments[2]?.lastSeq,
      problem: expect.stringMatching(/is damaged: it holds #\d+ to #\d+, not #/),
    });
  });

  test("another log's file of the same events in its place, for whoever reads it", () => {
    const { path: other } = recorded();
    archive(other);
    const { path, segments } = damagedBy((file, [, , third]) =>
      copyFileSync(join(archiveDirectory(other), third?.file ?? ""), file),
    );
    const problem = expect.stringMatching(/is damaged: it holds the events of another log/);
    expect(verifyLog(path)).toMatchObject({ ok: false, fromSeq: segments[2]?.firstSeq, problem });
    expect(() => eventsOf(path)).toThrow(expect.objectContaining({ kind: "archive", message: problem }));
  });
});

describe("the database refuses", () => {
  const REFUSED = /the log never changes/;

  function columns(path: string): { shell: ReturnType<typeof bench.raw>; row: Record<string, unknown> } {
    archive(path, APRIL_US);
    const shell = bench.raw(path);
    const last = shell.prepare("SELECT max(last_seq) FROM segments").pluck().get() as number;
    const end = shell
      .prepare("SELECT last_seq, digest FROM batches WHERE last_seq > ? ORDER BY last_seq LIMIT 1 OFFSET 3")
      .get(last) as {
      last_seq: number;
      digest: Buffer;
    };
    const zero = Object.fromEntries(
      ["first_recorded_at", "last_recorded_at", "first_occurred_at", "last_occurred_at", "archived_at"].map(
        (name) => [name, 0],
      ),
    );
    return {
      shell,
      row: {
        ...zero,
        ...end,
        first_seq: last + 1,
        commits: 4,
        file: "made up",
        bytes: 1,
        sha256: Buffer.alloc(32),
      },
    };
  }
  const insert = (shell: ReturnType<typeof bench.raw>, row: Record<string, unknown>, verb = "INSERT") =>
    shell
      .prepare(
        `${verb} INTO segments (${Object.keys(row).join(", ")}) VALUES (${Object.keys(row)
          .map((key) => `:${key}`)
          .join(", ")})`,
      )
      .run(row);

  test("a segment that does not cover exactly what it would remove, under every verb", () => {
    const { path } = recorded();
    const { shell, row } = columns(path);
    const events = () => shell.prepare("SELECT count(*) FROM events").pluck().get();
    const before = events();
    const newest = shell
      .prepare("SELECT last_seq, digest FROM batches ORDER BY last_seq DESC LIMIT 1")
      .get() as object;
    const wrongs: Record<string, unknown>[] = [
      { first_seq: (row.first_seq as number) + 1 },
      { first_seq: (row.first_seq as number) - 1 },
      { first_seq: 1 },
      { digest: Buffer.alloc(32) },
      { last_seq: (row.last_seq as number) + 1 },
      { last_seq: (row.first_seq as number) - 1 },
      { commits: 3 },
      { sha256: Buffer.alloc(31) },
      { sha256: Buffer.alloc(0) },
      { bytes: 0 },
      { bytes: -1 },
      newest as Record<string, unknown>,
    ];
    for (const wrong of wrongs)
      for (const verb of ["INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE"])
        expect(() => insert(shell, { ...row, ...wrong }, verb)).toThrow(REFUSED);
    expect(events()).toBe(before);
    // The same row without a fault is taken, so it was the fault that was refused.
    insert(shell, row);
    expect(events()).toBe((before as number) - ((row.last_seq as number) - (row.first_seq as number) + 1));
  });

  test("a segment under the name of an earlier one, which REPLACE would remove", () => {
    const { path } = recorded();
    const { shell, row } = columns(path);
    const before = listSegments(path);
    for (const verb of ["INSERT", "INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"])
      expect(() => insert(shell, { ...row, file: before[0]?.file }, verb)).toThrow(REFUSED);
    expect(listSegments(path)).toEqual(before);
    insert(shell, row, "INSERT OR REPLACE");
    expect(listSegments(path)).toHaveLength(before.length + 1);
  });

  test("any other removal of an event or a digest, and any change of a segment", () => {
    const { path } = recorded();
    archive(path, APRIL_US);
    const shell = bench.raw(path);
    for (const sql of [
      "DELETE FROM events",
      "DELETE FROM events WHERE seq = (SELECT min(seq) FROM events)",
      "DELETE FROM batches WHERE last_seq = (SELECT min(last_seq) FROM batches)",
      "DELETE FROM segments",
      "UPDATE segments SET file = 'x'",
      "UPDATE segments SET last_seq = 1000000",
      "INSERT INTO events (seq, series_id, recorded_at, lag, payload) VALUES (1, 1, 1, 1, '{}')",
      "INSERT OR REPLACE INTO events (seq, series_id, recorded_at, lag, payload) VALUES (1, 1, 1, 1, '{}')",
    ])
      expect(() => shell.exec(sql)).toThrow(REFUSED);
    expect(verifyLog(path)).toMatchObject({ ok: true });
  });
});

test("a log that is not whole is not archived from there on, and nothing of it is removed", () => {
  const { path } = recorded();
  const shell = bench.raw(path);
  shell.exec("DROP TRIGGER events_no_update; UPDATE events SET lag = lag + 1 WHERE seq = 300");
  expect(() => archive(path)).toThrow(expect.objectContaining({ kind: "corrupt" }));
  expect(listSegments(path).at(-1)?.lastSeq).toBeLessThan(300);
  expect(verifyLog(path)).toMatchObject({ ok: false });
  expect(shell.prepare("SELECT count(*) FROM events WHERE seq >= 200").pluck().get()).toBeGreaterThan(500);
});

test("two that archive at once are told apart", () => {
  const { path } = recorded();
  let met: unknown = null;
  archiveLog({
    path,
    beforeUs: MAY_US,
    nowUs: () => MAY_US,
    sizes: SMALL,
    recorded() {
      try {
        archive(path);
      } catch (error) {
        met = error;
      }
      return false;
    },
  });
  expect(met).toMatchObject({ kind: "conflict", message: "another `fleet archive` is at work on this log" });
});

/** The files of an archive with their bytes, without the lock. */
const filesIn = (directory: string) =>
  readdirSync(directory)
    .filter((name) => name !== "lock")
    .map((name) => [name, readFileSync(join(directory, name))] as const);

/** The log as a backup has it, in a directory of its own. */
function backup(path: string): string {
  const copy = bench.path();
  bench.raw(path).prepare("VACUUM INTO ?").run(copy);
  return copy;
}

test("what a killed run left behind is removed by the next", () => {
  const { path } = recorded();
  const killed = backup(path);
  archive(path, APRIL_US, { segment: 150, block: 64 });
  const [left] = listSegments(path);
  const directory = archiveDirectory(killed);
  mkdirSync(directory);
  // Finished and not recorded: the table has its events still.
  copyFileSync(join(archiveDirectory(path), left?.file ?? ""), join(directory, "2026-03-left.jsonl.zst"));
  writeFileSync(join(directory, ".2026-09-000000000001.jsonl.zst.draft"), "half");
  writeFileSync(join(directory, "notes.txt"), "somebody's own");
  archive(killed, MAY_US);
  expect(readdirSync(directory).sort()).toEqual(
    ["lock", "notes.txt", ...listSegments(killed).map(({ file }) => file)].sort(),
  );
  expect(existsSync(join(directory, "notes.txt"))).toBe(true);
  expect(verifyLog(killed)).toMatchObject({ ok: true });
});

describe("a file that the log does not list is refused and left as it is:", () => {
  function refused(path: string, name: string) {
    const directory = archiveDirectory(path);
    const [files, segments, events] = [filesIn(directory), listSegments(path), eventsOf(path)];
    expect(() => archive(path)).toThrow(
      expect.objectContaining({
        kind: "conflict",
        message: expect.stringContaining(join(directory, name)),
        hint: expect.stringContaining("move the files"),
      }),
    );
    expect(filesIn(directory)).toEqual(files);
    expect(listSegments(path)).toEqual(segments);
    expect(eventsOf(path)).toEqual(events);
  }

  test("a new log beside an old archive directory never loses a foreign segment", () => {
    const { path: old } = recorded();
    archive(old);
    const { path } = recorded();
    cpSync(archiveDirectory(old), archiveDirectory(path), { recursive: true });
    refused(path, listSegments(old)[0]?.file ?? "");
    // What the hint says helps.
    renameSync(archiveDirectory(path), `${archiveDirectory(path)}.old`);
    archive(path);
    expect(verifyLog(path)).toMatchObject({ ok: true });
    expect(filesIn(`${archiveDirectory(path)}.old`)).toEqual(filesIn(archiveDirectory(old)));
  });

  test("an older database beside a newer archive, of which it has the beginning only", () => {
    const path = bench.path();
    const clock = testClock(MARCH_US);
    const log = bench.open(path, { clock });
    const beats = () =>
      log.append({ source: "heartbeat", events: Array.from({ length: 100 }, (_, n) => beat(`a${n % 5}`)) });
    for (let n = 0; n < 3; n += 1) beats();
    const older = backup(path);
    for (let n = 0; n < 3; n += 1) beats();
    clock.us = MAY_US;
    beats();
    archive(path);
    cpSync(archiveDirectory(path), archiveDirectory(older), { recursive: true });
    // The first could go, and stays too: the database that lists it may come back.
    refused(older, "2026-03-000000000201.jsonl.zst");
    expect(verifyLog(path)).toMatchObject({ ok: true, events: 700 });
  });

  test("one that cannot be read", () => {
    const { path } = recorded();
    archive(path, APRIL_US);
    writeFileSync(join(archiveDirectory(path), "2026-09-000000000001.jsonl.zst"), "half");
    refused(path, "2026-09-000000000001.jsonl.zst");
  });
});

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import Sqlite from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { migrate } from "../../store/migrate.ts";
import { migrations } from "../../store/migrations/list.ts";
import { openForAppend } from "../../store/open.ts";
import { openCurrentReader } from "../../store/reader.ts";
import { startProcess } from "./support/child.ts";
import { beat } from "./support/events.ts";
import { allDocuments, logBench } from "./support/log.ts";

const bench = logBench();
const schemaOf = (path: string) =>
  bench.raw(path).prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY name").all();
const versionOf = (path: string) => bench.raw(path).pragma("user_version", { simple: true });

/** A log as a released version left it: only the migrations up to `version`, and some events. Upgrades are tested from it. */
function logOfVersion(version: number): string {
  const path = bench.path();
  const database = new Sqlite(path);
  database.pragma("journal_mode = WAL");
  migrate(database, migrations.slice(0, version));
  database.close();
  return path;
}

test("versions are dense and begin at 1", () => {
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, i) => i + 1));
});

test.each(migrations)(
  "migration $version is what was released (a change is a new migration)",
  ({ version, sql }) => {
    const file = new URL(
      `../fixtures/store/migration-${String(version).padStart(4, "0")}.sql`,
      import.meta.url,
    );
    expect(sql).toBe(readFileSync(fileURLToPath(file), "utf8"));
  },
);

test("running it twice changes nothing", () => {
  const path = bench.path();
  bench.open(path).append({ source: "heartbeat", events: [beat("coder0")] });
  const before = schemaOf(path);
  openForAppend(path, 1000).close();
  expect(schemaOf(path)).toEqual(before);
  expect(versionOf(path)).toBe(migrations.length);
});

test("twenty processes that meet a new log at once make one", async () => {
  const path = bench.path();
  const children = Array.from({ length: 20 }, () => startProcess("open-log.ts", [path]));
  const logIds = await Promise.all(children.map((child) => child.finished()));
  expect(new Set(logIds.map(({ stdout }) => stdout)).size).toBe(1);
  expect(logIds[0]?.stdout).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(bench.raw(path).prepare("SELECT count(*) FROM log_ids").pluck().get()).toBe(1);
}, 180_000);

describe("a later migration", () => {
  const next = [
    ...migrations,
    {
      version: migrations.length + 1,
      sql: "CREATE TABLE archives (name TEXT); INSERT INTO archives VALUES ('a');",
    },
  ];

  test("is applied to a log of every released version, and its events stay", () => {
    for (const { version } of migrations) {
      const path = logOfVersion(version);
      const log = bench.open(path);
      log.append({ source: "heartbeat", events: [beat("coder0"), beat("coder1")] });
      const before = allDocuments(log.documents());
      const database = bench.raw(path);
      migrate(database, next);
      migrate(database, next);
      expect(database.prepare("SELECT count(*) FROM archives").pluck().get()).toBe(1);
      expect(database.prepare("SELECT count(*) FROM events").pluck().get()).toBe(2);
      expect(database.prepare("SELECT count(*) FROM documents").pluck().get()).toBeGreaterThan(0);
      expect(before).not.toEqual({});
    }
  });

  test("is not run by whoever has not its text: an older log is left to those who have", () => {
    for (const { version } of migrations.slice(0, -1)) {
      const path = logOfVersion(version);
      expect(openCurrentReader(path)).toBeNull();
      expect(versionOf(path)).toBe(version);
    }
    const path = bench.path();
    bench.open(path).append({ source: "heartbeat", events: [beat("coder0")] });
    const reader = openCurrentReader(path);
    expect(reader?.lastSeq()).toBe(1);
    reader?.close();
  });

  test("that fails half way leaves the log as it was", () => {
    const path = bench.path();
    bench.open(path);
    const before = schemaOf(path);
    const broken = [
      ...migrations,
      { version: migrations.length + 1, sql: "CREATE TABLE half (a); SELECT nonsense;" },
    ];
    expect(() => migrate(bench.raw(path), broken)).toThrow(/nonsense/);
    expect(schemaOf(path)).toEqual(before);
    expect(versionOf(path)).toBe(migrations.length);
  });

  test("run by a newer fleet stops a process of this one at its next append", () => {
    const path = bench.path();
    const log = bench.open(path);
    log.append({ source: "heartbeat", events: [beat("coder0")] });
    migrate(bench.raw(path), next);
    expect(() => log.append({ source: "heartbeat", events: [beat("coder0")] })).toThrow(
      expect.objectContaining({ kind: "too-new", hint: expect.stringContaining("Restart") }),
    );
    expect(bench.raw(path).prepare("SELECT count(*) FROM events").pluck().get()).toBe(1);
  });

  test("makes the log too new for this fleet, to write and to read", () => {
    const path = bench.path();
    bench.open(path).close();
    migrate(bench.raw(path), next);
    for (const open of [() => bench.open(path), () => bench.read(path)]) {
      expect(open).toThrow(
        expect.objectContaining({
          kind: "too-new",
          message: expect.stringContaining(
            `schema version ${migrations.length + 1}, this fleet knows ${migrations.length}`,
          ),
          hint: expect.stringContaining("update"),
        }),
      );
    }
  });
});

import type { Database } from "better-sqlite3";
import { beforeEach, describe, expect, test } from "vitest";
import { beat, vanished } from "../support/events.ts";
import { logBench, testClock } from "../support/log.ts";

const bench = logBench();
let shell: Database;

beforeEach(() => {
  const path = bench.path();
  const log = bench.open(path, { clock: testClock() });
  // A payload that comes twice, so that the table of shared payloads has a row too.
  for (let i = 0; i < 3; i += 1)
    log.append({ source: "heartbeat", events: [beat("coder0"), vanished("/tmp/a")] });
  shell = bench.raw(path);
  shell.prepare("INSERT INTO origins VALUES (1, 'another log')").run();
});

/** Each with a key column, and the columns that make a row that is there already under a new key. */
const tables = [
  ["events", "seq", null],
  ["batches", "last_seq", null],
  ["log_ids", "n", "log_id"],
  ["partitions", "partition_id", "tenant_id"],
  ["subjects", "subject_id", "agent"],
  ["kinds", "kind_id", "type"],
  ["series", "series_id", "kind_id"],
  ["payloads", "payload_id", null],
  ["origins", "origin_id", "log_id"],
] as const;

describe.each(tables)("%s", (table, key) => {
  const contents = () =>
    shell.prepare(`SELECT * FROM ${table} ORDER BY ${key}`).all() as Record<string, unknown>[];
  const refused = /the log never changes/;

  test("has rows to try it on", () => {
    expect(contents().length).toBeGreaterThan(0);
  });

  test("refuses UPDATE, of one row and of all", () => {
    expect(() => shell.exec(`UPDATE ${table} SET ${key} = ${key}`)).toThrow(refused);
    expect(() =>
      shell.exec(`UPDATE ${table} SET ${key} = 77 WHERE ${key} = (SELECT max(${key}) FROM ${table})`),
    ).toThrow(refused);
    expect(() => shell.exec(`UPDATE OR REPLACE ${table} SET ${key} = 1`)).toThrow(refused);
  });

  test("refuses DELETE, of one row and of all", () => {
    const before = contents();
    expect(() =>
      shell.exec(`DELETE FROM ${table} WHERE ${key} = (SELECT max(${key}) FROM ${table})`),
    ).toThrow(refused);
    expect(() => shell.exec(`DELETE FROM ${table}`)).toThrow(refused);
    expect(contents()).toEqual(before);
  });

  test.each(["INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE", "REPLACE"])(
    "refuses %s over a row",
    (verb) => {
      const before = contents();
      for (const row of before) {
        const columns = Object.keys(row);
        const statement = `${verb} INTO ${table} (${columns}) VALUES (${columns.map(() => "?")})`;
        const changed = columns.map((column) =>
          column === "payload" || column === "digest" ? Buffer.from("x") : row[column],
        );
        expect(() => shell.prepare(statement).run(...changed)).toThrow(
          /the log never changes|UNIQUE|cannot store/,
        );
      }
      expect(contents()).toEqual(before);
    },
  );

  test("refuses an upsert over a row", () => {
    const row = contents()[0] as Record<string, unknown>;
    const columns = Object.keys(row);
    const upsert = `INSERT INTO ${table} (${columns}) VALUES (${columns.map(() => "?")})
                    ON CONFLICT DO UPDATE SET ${key} = 99`;
    expect(() => shell.prepare(upsert).run(...Object.values(row))).toThrow(refused);
  });
});

const named = tables.flatMap(([table, key, unique]) => (unique === null ? [] : [[table, key] as const]));

test.each(named)("%s: REPLACE of a row by another one with the same name is refused", (table, key) => {
  const rows = () => shell.prepare(`SELECT * FROM ${table}`).all() as Record<string, unknown>[];
  const before = rows();
  const row = { ...before[0], [key]: 1000 };
  const columns = Object.keys(row);
  const replace = `REPLACE INTO ${table} (${columns}) VALUES (${columns.map(() => "?")})`;
  expect(() => shell.prepare(replace).run(...Object.values(row))).toThrow(/the log never changes/);
  expect(rows()).toEqual(before);
});

test("an event is refused below the newest one even where there is none", () => {
  shell.exec("INSERT INTO events VALUES (50, 1, 1, 0, '{}', NULL, NULL)");
  expect(() => shell.exec("INSERT INTO events VALUES (20, 1, 1, 0, '{}', NULL, NULL)")).toThrow(
    /never changes/,
  );
  expect(() => shell.exec("INSERT INTO events VALUES (NULL, 1, 1, 0, '{}', NULL, NULL)")).toThrow(
    /never changes/,
  );
});

test("what is kept beside the log may change", () => {
  shell.exec(
    "UPDATE documents SET document = '{}'; DELETE FROM documents; DELETE FROM observations; DELETE FROM cursors",
  );
});

import Sqlite from "better-sqlite3";
import { expect, test } from "vitest";
import { planned, prepared } from "../../store/prepared.ts";

test("no value that is bound to an equation is shown to the planner", () => {
  expect(
    planned("SELECT a FROM t WHERE b = ? AND c IS ? AND d <= ? AND e IN (?, ?) ORDER BY d LIMIT ?"),
  ).toBe("SELECT a FROM t WHERE b = +? AND c IS +? AND d <= ? AND e IN (?, ?) ORDER BY d LIMIT ?");
  expect(planned("UPDATE t SET a = ? WHERE b >= ?")).toBe("UPDATE t SET a = +? WHERE b >= ?");
});

test.each<[string, unknown]>([
  ["a text", "text"],
  ["a small number", 1],
  ["a large number", 2 ** 53 - 1],
  ["a fraction", 0.5],
  ["a bigint", -(2n ** 62n)],
  ["nothing", null],
  ["bytes", Buffer.from("x")],
])("%s is found as it was put, and by the same index", (_what, value) => {
  const database = new Sqlite(":memory:");
  database.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a ANY) STRICT; CREATE INDEX of_a ON t (a)");
  prepared(database, "INSERT INTO t VALUES (1, 'another')")().run();
  prepared(database, "INSERT INTO t VALUES (2, 'another')")().run();
  prepared(database, "UPDATE t SET a = ? WHERE id = ?")().run(value, 2);
  expect(prepared(database, "SELECT id FROM t WHERE a IS ?", "pluck")().all(value)).toEqual([2]);
  const plan = prepared(database, "EXPLAIN QUERY PLAN SELECT id FROM t WHERE a = ? ORDER BY id")().all(value);
  expect(plan).toMatchObject([{ detail: "SEARCH t USING COVERING INDEX of_a (a=?)" }]);
  database.close();
});

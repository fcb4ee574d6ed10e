import type { Database } from "better-sqlite3";
import { prepared } from "./prepared.ts";

/** Rows in one INSERT: each call from JavaScript into SQLite costs more than the row it carries. */
const ROWS_AT_ONCE = 64;

/** Collects rows and inserts them many at a time: `insert` ends with VALUES. What was added last is in the table after `flush`. */
export function manyRows(database: Database, insert: string, columns: number) {
  const row = `(${Array(columns).fill("?").join(", ")})`;
  const one = prepared(database, `${insert} ${row}`);
  const many = prepared(database, `${insert} ${Array(ROWS_AT_ONCE).fill(row).join(", ")}`);
  let values: unknown[] = [];
  return {
    add(...added: unknown[]): void {
      for (const value of added) values.push(value);
      if (values.length < ROWS_AT_ONCE * columns) return;
      many().run(values);
      values = [];
    },
    flush(): void {
      for (let at = 0; at < values.length; at += columns) one().run(values.slice(at, at + columns));
      values = [];
    },
  };
}

import type { Database, Statement } from "better-sqlite3";

/** A statement that is prepared when it is first needed: a process that only looks up a cursor pays for nothing else. */
export function prepared(
  database: Database,
  sql: string,
  shape: "rows" | "raw" | "pluck" = "rows",
): () => Statement {
  let statement: Statement | null = null;
  return () => {
    if (statement === null) {
      statement = database.prepare(planned(sql));
      if (shape === "raw") statement.raw();
      if (shape === "pluck") statement.pluck();
    }
    return statement;
  };
}

/**
 * While it plans, SQLite looks at the value that `column = ?` is given, to guess how many rows have it, and so it plans the statement
 * anew for every value that is bound: 10 to 25 us each time, for what takes 2 to run. None of our plans hangs on a value, and
 * `column = +?` is the same without one. Not by a regular expression, which is compiled at each start: 0.2 ms.
 */
export function planned(sql: string): string {
  return sql.replaceAll(" = ?", " = +?").replaceAll(" IS ?", " IS +?");
}

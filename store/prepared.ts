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
      statement = database.prepare(sql);
      if (shape === "raw") statement.raw();
      if (shape === "pluck") statement.pluck();
    }
    return statement;
  };
}

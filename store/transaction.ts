import type { Database } from "better-sqlite3";

/** All of `work` or nothing of it. IMMEDIATE: the write lock is waited for here, where waiting is possible, and never later. */
export function inTransaction<T>(database: Database, work: () => T, begin = "BEGIN IMMEDIATE"): T {
  database.exec(begin);
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite has rolled back by itself where it could not go on (a full disk).
    if (database.inTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** Several reads as of one commit. */
export function inSnapshot<T>(database: Database, work: () => T): T {
  if (database.inTransaction) return work();
  database.exec("BEGIN");
  try {
    return work();
  } finally {
    if (database.inTransaction) database.exec("COMMIT");
  }
}

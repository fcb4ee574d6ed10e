import type { Database } from "better-sqlite3";

/** The names under which this log has written: a copy of it that woke up on another machine took one of its own. */
export interface LogNames {
  /** The name it writes under now; undefined in a log that nobody has written to yet. */
  readonly newest: string | undefined;
  /** The name under which `seq` was written. */
  at(seq: number): string;
}

export function openLogNames(database: Database): LogNames {
  const names = database.prepare("SELECT log_id, from_seq FROM log_ids ORDER BY n").raw().all() as [
    logId: string,
    fromSeq: number,
  ][];
  return {
    newest: names.at(-1)?.[0],
    at: (seq) => (names.findLast(([, fromSeq]) => fromSeq <= seq) ?? names[0])?.[0] ?? "",
  };
}

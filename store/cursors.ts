import type { Database } from "better-sqlite3";
import type { CursorMove } from "./events/batch.ts";
import { prepared } from "./prepared.ts";

export interface Cursors {
  read(name: string): string | null;
  /** Compare-and-set, inside the transaction of the events it stands for. False: it stands elsewhere, nothing was moved. */
  move(move: CursorMove): boolean;
}

export function openCursors(database: Database): Cursors {
  const find = prepared(database, "SELECT value FROM cursors WHERE name = ?", "pluck");
  const put = prepared(database, "INSERT OR REPLACE INTO cursors (name, value) VALUES (?, ?)");
  const read = (name: string) => (find().get(name) as string | undefined) ?? null;
  return {
    read,
    move({ name, expected, next }) {
      if (read(name) !== expected) return false;
      if (next !== expected) put().run(name, next);
      return true;
    },
  };
}

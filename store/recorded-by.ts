import type { Database } from "better-sqlite3";
import { type Archive, openArchive } from "./archive/archive.ts";
import { prepared } from "./prepared.ts";

/**
 * Where a moment lies among the events of the table: rows are stamped in order of `recorded_at`, so halving finds it in twenty steps of a million.
 * They are steps of one statement, for as statements of their own they took ten times as long (0.8 ms instead of 0.1).
 *
 * Gives the last seq in [from, to] that was recorded at `us` or before, `from - 1` where none was. Rows that are missing (moved into an archive)
 * are passed over: of those only the last is told from the first, and they count as recorded by then if the next one there is.
 */
export function openRecordedBy(database: Database): (us: number, fromSeq: number, toSeq: number) => number {
  const halving = prepared(
    database,
    // Numbers are bound as reals, of which a half is no place.
    `WITH RECURSIVE halved(low, high) AS (
       SELECT CAST(@from AS INTEGER), CAST(@to AS INTEGER) + 1
       UNION ALL
       SELECT iif(e.recorded_at <= @us, min(e.seq, CAST(@to AS INTEGER)) + 1, low), iif(e.recorded_at <= @us, high, (low + high) / 2)
       FROM halved LEFT JOIN events e
         ON e.seq = (SELECT seq FROM events WHERE seq >= (low + high) / 2 ORDER BY seq LIMIT 1)
       WHERE low < high
     )
     SELECT max(low) - 1 FROM halved`,
    "pluck",
  );
  return (us, fromSeq, toSeq) =>
    toSeq < fromSeq ? fromSeq - 1 : (halving().get({ us, from: fromSeq, to: toSeq }) as number);
}

/** The last event of the whole log, in the table or archived, that was recorded at this moment or before; 0 where none was. */
export function openSeqBy(
  database: Database,
  archive: Pick<Archive, "floor" | "lastSeqBy"> = openArchive(database),
): (us: number) => number {
  const recordedBy = openRecordedBy(database);
  const lastSeq = prepared(database, "SELECT coalesce(max(seq), 0) FROM events", "pluck");
  return (us) => {
    const last = lastSeq().get() as number;
    const found = us === Infinity ? last : recordedBy(us, 1, last);
    return found > archive.floor() ? found : archive.lastSeqBy(us);
  };
}

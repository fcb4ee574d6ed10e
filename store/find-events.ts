import type { Database } from "better-sqlite3";
import { openArchive } from "./archive/archive.ts";
import type { EventFilter, Search } from "./event-filter.ts";
import { plan } from "./event-filter.ts";
import { inSnapshot } from "./transaction.ts";

/** First page small, so that "the last ten" costs ten rows; later ones larger, so that a long read costs few calls. */
const FIRST_PAGE = 64;
const LARGEST_PAGE = 2048;

export type EventRow = [
  seq: number,
  seriesId: number,
  recordedAtUs: number,
  lag: number,
  payload: string | number,
  originId: number | null,
  originSeq: number | null,
];

/** The same conditions as in the partial indexes, as SQLite asks for before it uses one. */
const SEARCHED: Readonly<Record<Search["by"], { from: string; where: string }>> = {
  order: { from: "NOT INDEXED", where: "" },
  transitions: { from: "INDEXED BY events_transitions", where: "AND series_id > 0" },
  "out-of-time": {
    from: "INDEXED BY events_out_of_time",
    where: "AND (lag < 0 OR lag > 60000000)",
  },
};

const COLUMNS = "seq, series_id, recorded_at, lag, payload, origin_id, origin_seq";

/**
 * Streams the rows that match, page by page, wherever they are: in the table, or in the files that older ones were archived into. No
 * statement stays open between pages: a reader that is slow, or stops half way, holds no checkpoint back. What is appended after
 * the first page was asked for is not seen; what is archived meanwhile is read from its file.
 */
export function* findEvents(database: Database, filter: EventFilter): Generator<EventRow> {
  let left = filter.limit ?? Number.POSITIVE_INFINITY;
  const newestFirst = filter.newestFirst ?? false;
  const archive = openArchive(database);
  let size = FIRST_PAGE;
  for (const search of plan(database, filter)) {
    const read = pageReader(database, search, newestFirst);
    let { fromSeq, toSeq } = search;
    while (left > 0 && fromSeq <= toSeq) {
      const limit = Math.min(size, left);
      // Both as of one commit: what has left the table by then is below the floor.
      const { floor, rows } = inSnapshot(database, () => {
        const floor = archive.floor();
        const isArchived = newestFirst ? toSeq <= floor : fromSeq <= floor;
        return { floor, rows: isArchived ? null : read(Math.max(fromSeq, floor + 1), toSeq, limit) };
      });
      if (rows === null) {
        const archived = { ...search, fromSeq, toSeq: Math.min(toSeq, floor) };
        for (const row of archive.rows(archived, newestFirst)) {
          yield row;
          left -= 1;
          if (left === 0) return;
        }
        if (newestFirst) break;
        fromSeq = floor + 1;
        continue;
      }
      for (const row of rows) yield row;
      left -= rows.length;
      const last = rows.at(-1);
      if (last === undefined || rows.length < limit) {
        // The table has no more of them; below it there may be.
        if (!newestFirst || fromSeq > floor) break;
        toSeq = floor;
      } else if (newestFirst) toSeq = last[0] - 1;
      else fromSeq = last[0] + 1;
      size = Math.min(size * 2, LARGEST_PAGE);
    }
  }
}

/** The next rows of a search, at most `limit`, in the order of seq. */
function pageReader(database: Database, search: Search, newestFirst: boolean) {
  const series = search.series === null ? "" : `AND series_id IN (${search.series.join(", ")})`;
  const { from, where } = SEARCHED[search.by];
  const statement = database
    .prepare(
      `SELECT ${COLUMNS} FROM events ${from}
       WHERE seq >= ? AND seq <= ? ${where} ${series} ${occurred(search)}
       ORDER BY seq ${newestFirst ? "DESC" : "ASC"} LIMIT ?`,
    )
    .raw();
  return (fromSeq: number, toSeq: number, limit: number) =>
    statement.all(fromSeq, toSeq, limit) as EventRow[];
}

/** Bounds are numbers, never text from outside. */
function occurred({ sinceUs, untilUs }: Search): string {
  const since = sinceUs === null ? "" : `AND recorded_at - lag >= ${Math.ceil(sinceUs)}`;
  const until = untilUs === null ? "" : `AND recorded_at - lag <= ${Math.floor(untilUs)}`;
  return `${since} ${until}`;
}

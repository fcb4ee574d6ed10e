import type { Database } from "better-sqlite3";
import type { EventFilter, Search } from "./event-filter.ts";
import { plan } from "./event-filter.ts";

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
 * Streams the rows that match, page by page. No statement stays open between pages: a reader that is slow, or stops
 * half way, holds no checkpoint back. What is appended after the first page was asked for is not seen.
 */
export function* findEvents(database: Database, filter: EventFilter): Generator<EventRow> {
  let left = filter.limit ?? Number.POSITIVE_INFINITY;
  const newestFirst = filter.newestFirst ?? false;
  let size = FIRST_PAGE;
  for (const search of plan(database, filter)) {
    const read = pageReader(database, search, newestFirst);
    let { fromSeq, toSeq } = search;
    while (left > 0 && fromSeq <= toSeq) {
      const limit = Math.min(size, left);
      const rows = read(fromSeq, toSeq, limit);
      for (const row of rows) yield row;
      left -= rows.length;
      const last = rows.at(-1);
      if (last === undefined || rows.length < limit) break;
      if (newestFirst) toSeq = last[0] - 1;
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

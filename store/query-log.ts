import type { Database } from "better-sqlite3";
import { openArchive } from "./archive/archive.ts";
import { FleetError } from "./errors.ts";
import type { EventFilter } from "./event-filter.ts";
import { isoMicros } from "./exchange.ts";
import { storing } from "./failure.ts";
import { openLogNames } from "./log-names.ts";
import { openNames } from "./names.ts";
import { openForReading } from "./open.ts";

export type SqlValue = string | number | bigint | null | Buffer;

/** A table that is computed when it is read. */
export interface ComputedTable {
  readonly columns: readonly string[];
  readonly rows: () => Iterable<readonly SqlValue[]>;
}

export interface LogQuery {
  readonly columns: readonly string[];
  readonly rows: IterableIterator<readonly SqlValue[]>;
  close(): void;
}

/** So much SQLite may hold at once; a query that needs more is told so instead of taking the host down. */
const HEAP_BYTES = 1 << 29;

/** What people ask their own questions of; docs/sql.md promises each column. Temporary, so that no log holds a version of them. */
const eventsView = ({ beforeSeq, untilUs }: UpTo): string => `
CREATE TEMP VIEW events AS
SELECT * FROM archived_events
UNION ALL
SELECT e.seq, p.tenant_id, p.host, s.agent, k.type, k.schema_version, k.source,
       ${isoOf("(e.recorded_at - e.lag)")} AS occurred_at, k.precision, ${isoOf("e.recorded_at")} AS recorded_at,
       e.recorded_at - e.lag AS occurred_us, e.recorded_at AS recorded_us,
       coalesce(o.log_id, (SELECT log_id FROM main.log_ids WHERE from_seq <= e.seq ORDER BY n DESC LIMIT 1)) AS origin_log,
       coalesce(e.origin_seq, e.seq) AS origin_seq,
       CASE typeof(e.payload) WHEN 'integer' THEN (SELECT text FROM main.payloads WHERE payload_id = e.payload)
                              ELSE e.payload END AS payload
FROM main.events e
JOIN main.series USING (series_id)
JOIN main.subjects s USING (subject_id)
JOIN main.partitions p USING (partition_id)
JOIN main.kinds k USING (kind_id)
LEFT JOIN main.origins o USING (origin_id)
WHERE ${beforeSeq === undefined ? "true" : `e.seq < ${beforeSeq}`}
  AND ${untilUs === undefined ? "true" : `e.recorded_at - e.lag <= ${Math.floor(untilUs)}`}`;

/** Which events there are to a query: those before a place in the log, and those that had occurred by a moment. */
export type UpTo = Pick<EventFilter, "beforeSeq" | "untilUs">;

const EVER = Number.MAX_SAFE_INTEGER;

/** Microseconds as `2026-06-01T00:00:00.000000Z`. */
function isoOf(us: string): string {
  const rest = `(((${us} % 1000000) + 1000000) % 1000000)`;
  return `strftime('%Y-%m-%dT%H:%M:%S', (${us} - ${rest}) / 1000000, 'unixepoch') || printf('.%06dZ', ${rest})`;
}

/**
 * Runs one SELECT over the log. The connection is opened for reading only, one statement is taken, and only one that SQLite itself
 * calls free of writing; what it returns is streamed. It runs as long as it runs: whoever calls this ends the process.
 */
export function queryLog(
  path: string,
  sql: string,
  tables: Readonly<Record<string, ComputedTable>>,
  upTo: UpTo = {},
): LogQuery {
  return storing(path, () => {
    const database = openForReading(path);
    // A table that is computed may not ask the connection that is reading it.
    const archived = openForReading(path);
    const close = (): void => {
      database.close();
      archived.close();
    };
    try {
      // One moment for all of it: what is archived meanwhile would be met twice, or not at all.
      database.exec("BEGIN");
      const archivedEvents = archivedTable(archived, openArchive(database).floor(), upTo);
      for (const [name, table] of Object.entries({ ...tables, archived_events: archivedEvents }))
        database.table(name, {
          columns: [...table.columns],
          *rows() {
            yield* table.rows() as Iterable<unknown[]>;
          },
        });
      database.exec(eventsView(upTo));
      database.pragma("query_only = ON");
      database.pragma(`hard_heap_limit = ${HEAP_BYTES}`);
      const statement = prepareOnly(database, sql);
      return {
        columns: statement.columns().map(({ name }) => name),
        rows: rowsOf(path, () => statement.raw().safeIntegers().iterate() as IterableIterator<SqlValue[]>),
        close,
      };
    } catch (error) {
      close();
      throw error;
    }
  });
}

/** The events up to `floor`, read from the files that they were archived into, as the view shows them. */
function archivedTable(database: Database, floor: number, upTo: UpTo): ComputedTable {
  const { beforeSeq = EVER, untilUs = EVER } = upTo;
  const names = openNames(database);
  const logNames = openLogNames(database);
  const archive = openArchive(database);
  return {
    columns: EVENT_COLUMNS,
    *rows() {
      if (floor === 0) return;
      const all = { fromSeq: 1, toSeq: floor, series: null, sinceUs: null, untilUs: null };
      for (const [seq, seriesId, recordedAtUs, lag, payload, originId, originSeq] of archive.rows(all)) {
        if (seq >= beforeSeq || recordedAtUs - lag > untilUs) continue;
        const { tenantId, host, agent, type, schemaVersion, source, precision } = names.seriesOf(seriesId);
        yield [
          BigInt(seq),
          tenantId,
          host,
          agent,
          type,
          BigInt(schemaVersion),
          source,
          isoMicros(recordedAtUs - lag),
          precision,
          isoMicros(recordedAtUs),
          BigInt(recordedAtUs - lag),
          BigInt(recordedAtUs),
          originId === null ? logNames.at(seq) : names.originOf(originId),
          BigInt(originSeq ?? seq),
          names.textOf(payload),
        ];
      }
    },
  };
}

/** Of the view `events`, in its order. */
export const EVENT_COLUMNS = [
  "seq",
  "tenant_id",
  "host",
  "agent",
  "type",
  "schema_version",
  "source",
  "occurred_at",
  "precision",
  "recorded_at",
  "occurred_us",
  "recorded_us",
  "origin_log",
  "origin_seq",
  "payload",
] as const;

/** What begins a statement that only reads. PRAGMA, ATTACH and VACUUM INTO also "read", as SQLite sees it, and are refused by this. */
const READING = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*(?:SELECT|WITH|VALUES|EXPLAIN)\b/i;

function prepareOnly(database: Database, sql: string) {
  if (!READING.test(sql))
    throw new FleetError("usage", "only a SELECT can be asked: the log is never written to this way", {
      hint: "`fleet sql` without a query lists what can be asked for.",
    });
  const statement = asked(() => database.prepare(sql));
  if (!statement.reader || !statement.readonly)
    throw new FleetError("usage", "that statement would write: only a SELECT can be asked", {
      hint: "`fleet sql` without a query lists what can be asked for.",
    });
  return statement;
}

function* rowsOf(path: string, begin: () => IterableIterator<SqlValue[]>): Generator<readonly SqlValue[]> {
  const rows = storing(path, () => asked(begin));
  try {
    for (;;) {
      const next = storing(path, () => asked(() => rows.next()));
      if (next.done) return;
      yield next.value;
    }
  } finally {
    rows.return?.();
  }
}

/** What is wrong with the query is its author's to mend; what is wrong with the file is told by `storing`. */
function asked<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code, message } = (error ?? {}) as { code?: string; message?: string };
    const isQuery = code === "SQLITE_ERROR" || code === "SQLITE_AUTH" || code === "SQLITE_MISMATCH";
    const isSyntax = error instanceof RangeError || error instanceof TypeError;
    if (code === "SQLITE_NOMEM" || code === "SQLITE_TOOBIG")
      throw new FleetError("unavailable", "the query needs more memory than it may have", {
        hint: "Select fewer or smaller values, or sort and group less at once.",
        cause: error,
      });
    if (!isQuery && !isSyntax) throw error;
    throw new FleetError("usage", `the query cannot be run: ${message ?? String(error)}`, {
      hint: "`fleet sql` without a query lists the views and their columns; docs/sql.md explains them.",
      cause: error,
    });
  }
}

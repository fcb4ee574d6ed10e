import type { Database } from "better-sqlite3";
import { openRecordedBy } from "./recorded-by.ts";

/** Which events. What is absent does not restrict; no filter is all events in the order of the log. */
export interface EventFilter {
  readonly tenantId?: string | undefined;
  readonly host?: string | undefined;
  readonly agent?: string | undefined;
  /** Any of these. */
  readonly agents?: readonly string[] | undefined;
  /** Exact types, or prefixes that end in a dot (`tmux.`). */
  readonly types?: readonly string[] | undefined;
  readonly source?: string | undefined;
  readonly afterSeq?: number | undefined;
  readonly beforeSeq?: number | undefined;
  /** By `occurredAtUs`, both ends included. */
  readonly sinceUs?: number | undefined;
  readonly untilUs?: number | undefined;
  readonly limit?: number | undefined;
  readonly newestFirst?: boolean | undefined;
}

/** A stretch of the log to be searched, both ends included, and how. */
export interface Search {
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Series to look for; null = any. */
  readonly series: readonly number[] | null;
  /** Through the index on what is no sample, through the one on late and early rows, or by reading row after row. */
  readonly by: "transitions" | "out-of-time" | "order";
  readonly sinceUs: number | null;
  readonly untilUs: number | null;
}

/** Rows recorded more than this after they occurred are in the index `events_out_of_time`, as are rows from the future. */
const LATE_US = 60_000_000;

/**
 * Where matching events can be, as searches whose results follow one another in seq order. Rows are stamped in order of
 * `recorded_at`, so a time is found by binary search; only rows that occurred outside of [recorded_at - 1 min,
 * recorded_at] can lie elsewhere, and these few have an index of their own.
 */
export function plan(database: Database, filter: EventFilter): readonly Search[] {
  const series = seriesOf(database, filter);
  if (series?.length === 0) return [];
  const head = (database.prepare("SELECT max(seq) FROM events").pluck().get() as number | null) ?? 0;
  const fromSeq = Math.max(1, (filter.afterSeq ?? 0) + 1);
  const toSeq = Math.min(head, (filter.beforeSeq ?? Number.MAX_SAFE_INTEGER) - 1);
  const { sinceUs = null, untilUs = null } = filter;
  const by = series?.every((seriesId) => seriesId > 0) ? "transitions" : "order";
  const whole: Search = { fromSeq, toSeq, series, by, sinceUs, untilUs };
  const recordedBy = openRecordedBy(database);
  // Of archived rows it may be the first, which searches too much and never too little.
  const early = sinceUs === null ? fromSeq : recordedBy(Math.ceil(sinceUs) - 1, fromSeq, toSeq) + 1;
  const late = untilUs === null ? toSeq : recordedBy(Math.floor(untilUs) + LATE_US, fromSeq, toSeq);
  const searches: Search[] = [];
  const outside: Search = { ...whole, by: "out-of-time" };
  if (early > fromSeq) searches.push({ ...outside, toSeq: Math.min(toSeq, early - 1) });
  searches.push({ ...whole, fromSeq: early, toSeq: late });
  if (late < toSeq) searches.push({ ...outside, fromSeq: Math.max(early, late + 1) });
  const found = searches.filter((search) => search.fromSeq <= search.toSeq);
  return filter.newestFirst ? found.reverse() : found;
}

/** The series that the filter names, or null when it names none. */
function seriesOf(database: Database, filter: EventFilter): number[] | null {
  const where: string[] = [];
  const values: string[] = [];
  const require = (column: string, value: string | undefined) => {
    if (value === undefined) return;
    where.push(`${column} = ?`);
    values.push(value);
  };
  require("p.tenant_id", filter.tenantId);
  require("p.host", filter.host);
  require("s.agent", filter.agent);
  require("k.source", filter.source);
  if (filter.agents !== undefined) {
    where.push(`s.agent IN (${filter.agents.map(() => "?").join(", ")})`);
    values.push(...filter.agents);
  }
  if (filter.types !== undefined) {
    const any = filter.types.map((type) =>
      type.endsWith(".") ? "substr(k.type, 1, length(?)) = ?" : "k.type = ?",
    );
    where.push(`(${any.join(" OR ") || "false"})`);
    values.push(...filter.types.flatMap((type) => (type.endsWith(".") ? [type, type] : [type])));
  }
  if (where.length === 0) return null;
  return database
    .prepare(
      `SELECT series_id FROM series JOIN subjects s USING (subject_id) JOIN partitions p USING (partition_id)
       JOIN kinds k USING (kind_id) WHERE ${where.join(" AND ")} ORDER BY series_id`,
    )
    .pluck()
    .all(...values) as number[];
}

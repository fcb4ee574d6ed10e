import type { Database } from "better-sqlite3";
import type { Precision } from "./events/envelope.ts";
import { prepared } from "./prepared.ts";

/** Types that come at every beat. Their series have negative ids, which keeps them out of the index on series. */
const SAMPLES: ReadonlySet<string> = new Set(["heartbeat.received", "tmux.pane.active"]);

/** One kind of event, as `kinds` holds it. */
export interface KindNames {
  readonly type: string;
  readonly schemaVersion: number;
  readonly source: string;
  readonly precision: Precision;
}

/** Ids by name, made where there are none. Everything here is to be called inside a transaction. */
export interface Dictionaries {
  partition(tenantId: string, host: string): number;
  series(partitionId: number, agent: string | null, kind: KindNames): number;
  origin(logId: string): number;
}

export function openDictionaries(database: Database): Dictionaries {
  const partition = dictionary(database, {
    find: "SELECT partition_id FROM partitions WHERE tenant_id = ? AND host = ?",
    add: "INSERT INTO partitions (partition_id, tenant_id, host) SELECT coalesce(max(partition_id), 0) + 1, ?, ? FROM partitions",
  });
  const subject = dictionary(database, {
    find: "SELECT subject_id FROM subjects WHERE agent IS ? AND partition_id = ?",
    add: "INSERT INTO subjects (subject_id, agent, partition_id) SELECT coalesce(max(subject_id), 0) + 1, ?, ? FROM subjects",
  });
  const kindRow = dictionary(database, {
    find: "SELECT kind_id FROM kinds WHERE type = ? AND schema_version = ? AND source = ? AND precision = ?",
    add: "INSERT INTO kinds (kind_id, type, schema_version, source, precision) SELECT coalesce(max(kind_id), 0) + 1, ?, ?, ?, ? FROM kinds",
  });
  const findSeries = "SELECT series_id FROM series WHERE subject_id = ? AND kind_id = ?";
  const transitions = dictionary(database, {
    find: findSeries,
    add: "INSERT INTO series (series_id, subject_id, kind_id) SELECT max(coalesce(max(series_id), 0), 0) + 1, ?, ? FROM series",
  });
  const samples = dictionary(database, {
    find: findSeries,
    add: "INSERT INTO series (series_id, subject_id, kind_id) SELECT min(coalesce(min(series_id), 0), 0) - 1, ?, ? FROM series",
  });
  const origin = dictionary(database, {
    find: "SELECT origin_id FROM origins WHERE log_id = ?",
    add: "INSERT INTO origins (origin_id, log_id) SELECT coalesce(max(origin_id), 0) + 1, ? FROM origins",
  });
  return {
    partition,
    series(partitionId, agent, { type, schemaVersion, source, precision }) {
      const kindId = kindRow(type, schemaVersion, source, precision);
      return (SAMPLES.has(type) ? samples : transitions)(subject(agent, partitionId), kindId);
    },
    origin,
  };
}

/** Looks an id up by its key, or adds the row. */
function dictionary(database: Database, sql: { find: string; add: string }): (...key: unknown[]) => number {
  const find = prepared(database, sql.find, "pluck");
  const add = prepared(database, sql.add);
  return (...key) => {
    const found = find().get(...key) as number | undefined;
    return found ?? Number(add().run(...key).lastInsertRowid);
  };
}

import type { Database } from "better-sqlite3";
import { canonicalSeries } from "./chain.ts";
import type { Kind } from "./check-event.ts";
import type { Partition } from "./identity.ts";
import { prepared } from "./prepared.ts";
import type { Projection } from "./projection.ts";
import { twoGenerations } from "./two-generations.ts";

/** Types that come at every beat. Their series have negative ids, which keeps them out of the index on series. */
const SAMPLES: ReadonlySet<string> = new Set(["heartbeat.received", "tmux.pane.active"]);

/** Agents whose series are remembered; an agent not heard of for long is looked up again. */
const REMEMBERED_AGENTS = 4096;

/** A payload seen lately in this series; `id` once it has been seen twice. */
interface SeenPayload {
  readonly text: string;
  id: bigint | null;
}

/** One kind of event about one agent, as the writer knows it. */
export interface WriterSeries {
  readonly id: number;
  readonly agent: string | null;
  readonly kind: Kind;
  readonly canonical: string;
  readonly folds: readonly Projection[];
  readonly seen: SeenPayload[];
  /** Its number in the batch named here; see `canonicalSeries`. */
  batch: number;
  number: number;
}

export interface SeriesBook {
  /** The series of this agent and kind, made where there is none. Call it inside a transaction. */
  of(agent: string | null, kind: Kind): WriterSeries;
  /** After a rollback: what was made in it does not exist. */
  forget(): void;
}

export function openSeriesBook(
  database: Database,
  partition: Partition & { readonly partitionId: number },
  projections: readonly Projection[],
): SeriesBook {
  const { partitionId, tenantId, host } = partition;
  const agents = twoGenerations<string, Map<Kind, WriterSeries>>(REMEMBERED_AGENTS);
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

  const find = (agent: string | null, kind: Kind): WriterSeries => {
    const { type, schemaVersion, source, precision } = kind;
    const kindId = kindRow(type, schemaVersion, source, precision);
    const id = (SAMPLES.has(type) ? samples : transitions)(subject(agent, partitionId), kindId);
    return {
      id,
      agent,
      kind,
      canonical: canonicalSeries({ tenantId, host, agent, type, schemaVersion, source, precision }),
      folds: projections.filter(({ types }) => types === null || types.has(type)),
      seen: [],
      batch: 0,
      number: 0,
    };
  };

  return {
    of(agent, kind) {
      const key = agent ?? "";
      let ofAgent = agents.get(key);
      if (ofAgent === undefined) {
        ofAgent = new Map();
        agents.set(key, ofAgent);
      }
      let series = ofAgent.get(kind);
      if (series === undefined) {
        series = find(agent && wellFormed(agent), kind);
        ofAgent.set(kind, series);
      }
      return series;
    },
    forget: () => agents.clear(),
  };
}

/** SQLite keeps text as UTF-8, where half a surrogate pair has no place: it is read back as U+FFFD. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
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

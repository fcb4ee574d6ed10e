import type { Database } from "better-sqlite3";
import { FleetError } from "./errors.ts";
import type { Precision } from "./events/envelope.ts";
import { prepared } from "./prepared.ts";
import { twoGenerations } from "./two-generations.ts";

const REMEMBERED_SERIES = 16384;
const REMEMBERED_PAYLOADS = 16384;
/** Longer texts repeat seldom. */
const LONGEST_CHECKED = 1024;

/** What a series id in the log stands for. */
export interface SeriesNames {
  readonly partitionId: number;
  readonly tenantId: string;
  readonly host: string;
  readonly agent: string | null;
  readonly type: string;
  readonly schemaVersion: number;
  readonly source: string;
  readonly precision: Precision;
}

/** Reads the dictionaries back. A number they do not hold means that the file is damaged: nothing can remove a row. */
export function openNames(database: Database) {
  const findSeries = prepared(
    database,
    `SELECT s.partition_id, p.tenant_id, p.host, s.agent, k.type, k.schema_version, k.source, k.precision
     FROM series JOIN subjects s USING (subject_id) JOIN partitions p USING (partition_id) JOIN kinds k USING (kind_id)
     WHERE series_id = ?`,
    // For rows as objects better-sqlite3 compiles a function for each statement, 0.1 ms of each start.
    "raw",
  );
  const findPayload = prepared(database, "SELECT text FROM payloads WHERE payload_id = ?", "pluck");
  const findOrigin = prepared(database, "SELECT log_id FROM origins WHERE origin_id = ?", "pluck");
  const series = twoGenerations<number, SeriesNames>(REMEMBERED_SERIES);
  const texts = twoGenerations<number, string>(REMEMBERED_PAYLOADS);
  const checked = twoGenerations<string, true>(REMEMBERED_PAYLOADS);
  const shared = twoGenerations<number, { readonly value: unknown }>(REMEMBERED_PAYLOADS);

  const textOf = (payload: string | number): string => {
    if (typeof payload === "string") return payload;
    let text = texts.get(payload);
    if (text === undefined) {
      text = found<string>(findPayload().get(payload), "payload", payload);
      texts.set(payload, text);
    }
    return text;
  };

  return {
    seriesOf(id: number): SeriesNames {
      let names = series.get(id);
      if (names === undefined) {
        names = seriesNames(found<SeriesRow>(findSeries().get(id), "series", id));
        series.set(id, names);
      }
      return names;
    },
    originOf: (id: number): string => found(findOrigin().get(id), "origin", id),
    /** The JSON text of what `events.payload` holds. */
    textOf,
    /** Throws where what `events.payload` holds is no JSON; a text that was good a moment ago is not parsed again. */
    checkJson(payload: string | number): void {
      const text = textOf(payload);
      if (checked.get(text)) return;
      parsed(text);
      if (text.length <= LONGEST_CHECKED) checked.set(text, true);
    },
    /** The value of what `events.payload` holds; a shared payload is parsed once and the same value handed out again. */
    valueOf(payload: string | number): unknown {
      if (typeof payload === "string") return parsed(payload);
      let kept = shared.get(payload);
      if (kept === undefined) {
        kept = { value: parsed(textOf(payload)) };
        shared.set(payload, kept);
      }
      return kept.value;
    },
  };
}

type SeriesRow = readonly [
  partitionId: number,
  tenantId: string,
  host: string,
  agent: string | null,
  type: string,
  schemaVersion: number,
  source: string,
  precision: Precision,
];

function seriesNames(row: SeriesRow): SeriesNames {
  const [partitionId, tenantId, host, agent, type, schemaVersion, source, precision] = row;
  return { partitionId, tenantId, host, agent, type, schemaVersion, source, precision };
}

function found<T>(row: unknown, what: string, id: number): T {
  if (row !== undefined) return row as T;
  throw damaged(`${what} ${id} is missing`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(`a payload is not JSON: ${text.slice(0, 80)}`, error);
  }
}

function damaged(what: string, cause?: unknown): FleetError {
  return new FleetError("corrupt", `the log is damaged: ${what}`, {
    hint: "Run `fleet verify`, which says from which event on, and restore a backup.",
    cause,
  });
}

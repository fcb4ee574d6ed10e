import type { Database } from "better-sqlite3";
import Sqlite from "better-sqlite3";
import type { Partition } from "./identity.ts";
import { type DocumentRow, lazyDocuments } from "./lazy-documents.ts";
import type { HeldLease } from "./lease.ts";
import type { ReadonlyDocuments } from "./projection.ts";
import { APPLICATION_ID, NEWEST_SCHEMA } from "./schema.ts";

/** What the log says of the present, as of one commit. */
export interface Glance extends Partition {
  readonly lease: HeldLease;
  readonly logSeq: number;
  readonly documents: ReadonlyDocuments;
  /** The last successful look at each scope, wall clock. */
  readonly observations: readonly { source: string; scope: string; atUs: number }[];
  /** By scope: volatile readings. */
  readonly gauges: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** What is not documents, in one row: each statement more would cost a start 40 us. */
const PRESENT = `SELECT tenant_id, host, (SELECT coalesce(max(seq), 0) FROM events),
  (SELECT json_group_array(json_array(source, scope, at) ORDER BY source, scope) FROM observations
   WHERE observations.partition_id = state.partition_id),
  (SELECT json_group_object(scope, json(readings) ORDER BY scope) FROM gauges WHERE gauges.partition_id = state.partition_id),
  pid, pid_start, boot_id, version, claimed_at, last_alive, last_alive_monotonic
  FROM lease CROSS JOIN state JOIN partitions USING (partition_id)`;
const DOCUMENTS =
  "SELECT family, id, document FROM documents WHERE partition_id = (SELECT partition_id FROM state)";

type PresentRow = [
  tenantId: string,
  host: string,
  logSeq: number,
  observations: string,
  gauges: string,
  pid: number,
  pidStart: number | null,
  bootId: string,
  version: string,
  claimedAtUs: number,
  lastAliveUs: number,
  lastAliveMonotonicUs: number,
];

/**
 * Reads the present of a log that is being recorded: all that a live `fleet ps` needs, and the least that it has to load. Null
 * where it is not to be had so simply (no file, no recorder, another schema, a lock in the way, a damaged file): `openReader` then
 * does it, or says what is wrong.
 */
export function glance(path: string): Glance | null {
  try {
    const database = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 0 });
    try {
      return read(database);
    } finally {
      database.close();
    }
  } catch {
    return null;
  }
}

function read(database: Database): Glance | null {
  // One read transaction, so that no migration comes between the marks and the rows. It ends with the connection.
  database.exec("BEGIN");
  const mark = (name: string): unknown => database.prepare(`PRAGMA ${name}`).pluck().get();
  if (mark("application_id") !== APPLICATION_ID || mark("user_version") !== NEWEST_SCHEMA) return null;
  const present = database.prepare(PRESENT).raw().get() as PresentRow | undefined;
  if (present === undefined) return null;
  return glanceOf(present, database.prepare(DOCUMENTS).raw().all() as DocumentRow[]);
}

function glanceOf(present: PresentRow, documents: readonly DocumentRow[]): Glance {
  const [tenantId, host, logSeq, observations, gauges, pid, pidStart, bootId, version, ...times] = present;
  const [claimedAtUs, lastAliveUs, lastAliveMonotonicUs] = times;
  return {
    tenantId,
    host,
    logSeq,
    documents: lazyDocuments(documents),
    observations: (JSON.parse(observations) as [string, string, number][]).map(([source, scope, atUs]) => ({
      source,
      scope,
      atUs,
    })),
    gauges: JSON.parse(gauges),
    lease: { pid, pidStart, bootId, version, claimedAtUs, lastAliveUs, lastAliveMonotonicUs },
  };
}

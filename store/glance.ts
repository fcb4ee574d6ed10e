import type { Database } from "better-sqlite3";
import Sqlite from "better-sqlite3";
import type { Partition } from "./identity.ts";
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
/** As one text, which is parsed in one go: rows and their three columns each would be twice the garbage. */
const DOCUMENTS = `SELECT '[' || group_concat('[' || json_quote(family) || ',' || json_quote(id) || ',' || document || ']') || ']'
  FROM documents WHERE partition_id = (SELECT partition_id FROM state) AND family IN (SELECT value FROM json_each(?))`;

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
 * Reads the present of a log that is being recorded, with the documents of these families: all that a live `fleet ps` needs. Null
 * where it is not to be had so simply (no file, no recorder, another schema, a lock in the way, a damaged file): `openReader` then
 * does it, or says what is wrong.
 */
export function glance(path: string, families: readonly string[]): Glance | null {
  try {
    const database = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 0 });
    try {
      return read(database, families);
    } finally {
      database.close();
    }
  } catch {
    return null;
  }
}

function read(database: Database, families: readonly string[]): Glance | null {
  // One read transaction, so that no migration comes between the marks and the rows. It ends with the connection.
  database.exec("BEGIN");
  const mark = (name: string): unknown => database.prepare(`PRAGMA ${name}`).pluck().get();
  if (mark("application_id") !== APPLICATION_ID || mark("user_version") !== NEWEST_SCHEMA) return null;
  const present = database.prepare(PRESENT).raw().get() as PresentRow | undefined;
  if (present === undefined) return null;
  const documents = database.prepare(DOCUMENTS).pluck().get(JSON.stringify(families)) as string | null;
  return glanceOf(present, parsedDocuments(documents ?? "[]", families));
}

function glanceOf(present: PresentRow, documents: ReadonlyDocuments): Glance {
  const [tenantId, host, logSeq, observations, gauges, pid, pidStart, bootId, version, ...times] = present;
  const [claimedAtUs, lastAliveUs, lastAliveMonotonicUs] = times;
  return {
    tenantId,
    host,
    logSeq,
    documents,
    observations: (JSON.parse(observations) as [string, string, number][]).map(([source, scope, atUs]) => ({
      source,
      scope,
      atUs,
    })),
    gauges: JSON.parse(gauges),
    lease: { pid, pidStart, bootId, version, claimedAtUs, lastAliveUs, lastAliveMonotonicUs },
  };
}

type DocumentRow = [family: string, id: string, document: unknown];

/**
 * Rows are picked by index here, and nothing is walked by an iterator: until V8 has optimized it, each step of one makes an object
 * (two where a pair is taken apart by a pattern), and a sort takes hundreds of steps.
 */
function parsedDocuments(text: string, asked: readonly string[]): ReadonlyDocuments {
  const families = new Map<string, Map<string, unknown>>();
  for (const name of asked) families.set(name, new Map());
  (JSON.parse(text) as DocumentRow[]).forEach((row) => {
    families.get(row[0])?.set(row[1], row[2]);
  });
  // What was not asked for is not known, which is not the same as not being there.
  const family = (name: string): Map<string, unknown> => {
    const found = families.get(name);
    if (found === undefined) throw new Error(`documents of the family ${name} were not read`);
    return found;
  };
  return {
    get: (name, id) => family(name).get(id),
    list(name) {
      const entries: [string, unknown][] = [];
      family(name).forEach((document, id) => {
        entries.push([id, document]);
      });
      return entries.sort((a, b) => (a[0] < b[0] ? -1 : 1));
    },
  };
}

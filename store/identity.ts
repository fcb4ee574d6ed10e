import type { Database } from "better-sqlite3";
import { FleetError } from "./errors.ts";
import { newLogId } from "./log-id.ts";
import { inTransaction } from "./transaction.ts";

/** Who writes: stamped on every event. `machineId` (/etc/machine-id) tells a copied log from the one it was copied from. */
export interface Identity {
  readonly tenantId: string;
  readonly host: string;
  readonly machineId: string | null;
}

export interface Partition {
  readonly tenantId: string;
  readonly host: string;
}

export interface Adopted {
  readonly logId: string;
  readonly partitionId: number;
}

/**
 * Makes the log this writer's: names a new one, gives a copy that woke up on another machine a name of its own from here on
 * (its earlier events keep theirs), and remembers the identity for readers. Writes only when something changed.
 */
export function adopt(database: Database, identity: Identity, nowUs: number): Adopted {
  for (const [field, value] of [
    ["tenant_id", identity.tenantId],
    ["host", identity.host],
  ] as const) {
    if (value === "" || Buffer.from(value).toString() !== value)
      throw new FleetError(
        "config",
        `${field} is ${JSON.stringify(value)}: it must be a text that is not empty`,
      );
  }
  return current(database, identity) ?? inTransaction(database, () => change(database, identity, nowUs));
}

function current(database: Database, identity: Identity): Adopted | null {
  const named = newestName(database);
  if (named === undefined || movedTo(identity, named.machineId)) return null;
  const row = database
    .prepare(
      `SELECT partition_id AS partitionId FROM state JOIN partitions USING (partition_id)
       WHERE tenant_id = ? AND host = ?`,
    )
    .get(identity.tenantId, identity.host) as { partitionId: number } | undefined;
  return row ? { logId: named.logId, partitionId: row.partitionId } : null;
}

function change(database: Database, identity: Identity, nowUs: number): Adopted {
  const { tenantId, host } = identity;
  const named = newestName(database);
  let logId = named?.logId;
  if (logId === undefined || movedTo(identity, named?.machineId ?? null)) {
    logId = newLogId(nowUs);
    const fromSeq = database.prepare("SELECT coalesce(max(seq), 0) + 1 FROM events").pluck().get();
    database
      .prepare(
        `INSERT INTO log_ids (n, log_id, from_seq, machine_id, host, created_at)
         SELECT coalesce(max(n), 0) + 1, ?, ?, ?, ?, ? FROM log_ids`,
      )
      .run(logId, fromSeq, identity.machineId, host, nowUs);
  }
  const find = database
    .prepare("SELECT partition_id FROM partitions WHERE tenant_id = ? AND host = ?")
    .pluck();
  let partitionId = find.get(tenantId, host) as number | undefined;
  if (partitionId === undefined) {
    database
      .prepare(
        "INSERT INTO partitions (partition_id, tenant_id, host) SELECT coalesce(max(partition_id), 0) + 1, ?, ? FROM partitions",
      )
      .run(tenantId, host);
    partitionId = find.get(tenantId, host) as number;
  }
  database
    .prepare(
      `INSERT INTO state (one, generation, partition_id) VALUES (1, 0, ?)
       ON CONFLICT (one) DO UPDATE SET partition_id = excluded.partition_id`,
    )
    .run(partitionId);
  return { logId, partitionId };
}

function newestName(database: Database): { logId: string; machineId: string | null } | undefined {
  return database
    .prepare("SELECT log_id AS logId, machine_id AS machineId FROM log_ids ORDER BY n DESC LIMIT 1")
    .get() as { logId: string; machineId: string | null } | undefined;
}

/** Unknown is not different: a machine that does not tell its id is not taken for another one. */
function movedTo(identity: Identity, machineId: string | null): boolean {
  return identity.machineId !== null && machineId !== null && identity.machineId !== machineId;
}

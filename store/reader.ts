import type { Database } from "better-sqlite3";
import { openArchive } from "./archive/archive.ts";
import type { EventFilter } from "./event-filter.ts";
import type { StoredEvent } from "./events/envelope.ts";
import { storing } from "./failure.ts";
import type { EventRow } from "./find-events.ts";
import { findEvents } from "./find-events.ts";
import type { Partition } from "./identity.ts";
import type { HeldLease } from "./lease.ts";
import { readLastWord, readLease } from "./lease.ts";
import { openLogNames } from "./log-names.ts";
import { openNames } from "./names.ts";
import { noLog, openCurrent, openForReading } from "./open.ts";
import { prepared } from "./prepared.ts";
import type { ReadonlyDocuments } from "./projection.ts";
import { openSeqBy } from "./recorded-by.ts";
import { readDocuments } from "./stored-documents.ts";
import { inSnapshot } from "./transaction.ts";

/**
 * The log, open for reading. Light on purpose (no zod, no guards, no folds): it is on the path of every `fleet ps`. Reading
 * is lenient: an event of a type or version that this program does not know is handed out as it is.
 */
export interface Reader {
  /** The name this log writes under now. */
  readonly logId: string;
  readonly path: string;
  /** Tenant and host of the log's own last writer. */
  identity(): Partition;
  /** Of whom this log holds any event; whoever opened it for writing has a name in it, too. */
  partitions(): Partition[];
  /** /etc/machine-id of where the last event was written; null: not known. */
  writtenOn(): string | null;
  /** Whether the newest event was first written in another log, and came here by an import. */
  isImported(): boolean;
  lastSeq(): number;
  /** The last event that was recorded at this moment or before, wherever it is kept; 0 where none was. */
  lastSeqBy(us: number): number;
  /** When the first event of any host was recorded; null: there is none. */
  beginsUs(): number | null;
  /** As of the moment of the call. */
  documents(partition: Partition): ReadonlyDocuments;
  /** The last successful look at each scope, wall clock. */
  observations(partition: Partition): { source: string; scope: string; atUs: number }[];
  /** By scope: volatile readings of the present. */
  gauges(partition: Partition): Record<string, Record<string, number>>;
  lease(): HeldLease | null;
  /** Until when a holder of the lease is known to have lived, who is silent now. */
  lastWordUs(held: HeldLease, nowUs: number): number;
  events(filter: EventFilter): IterableIterator<StoredEvent>;
  event(seq: number): StoredEvent | null;
  /** What is folded from the log, by name, with the version of the fold. */
  folded(): Readonly<Record<string, number>>;
  /** The last event that every partition's settled verdicts have taken into account. */
  settledSeq(): number;
  /** What is kept of a partition besides, opened by whoever knows how: most readers have no use for it. */
  kept<T>(partition: Partition, open: (database: Database, partitionId: number) => T): T;
  /** All that `read` asks for, as of one commit. */
  atOnce<T>(read: () => T): T;
  /** Another number after any other process (or connection) has committed anything. Costs about 2 us. */
  dataVersion(): number;
  close(): void;
}

export function openReader(path: string): Reader {
  return storing(path, () => readerOf(path, openForReading(path)));
}

/** The same, or null where the log is an older one: without the code that would bring it up to date. */
export function openCurrentReader(path: string): Reader | null {
  return storing(path, () => {
    const database = openCurrent(path);
    return database === null ? null : readerOf(path, database);
  });
}

function readerOf(path: string, database: Database): Reader {
  try {
    return reading(path, database, (work) => storing(path, work));
  } catch (error) {
    database.close();
    throw error;
  }
}

function reading(path: string, database: Database, attempt: <T>(work: () => T) => T): Reader {
  const names = openNames(database);
  const partitionId = prepared(
    database,
    "SELECT partition_id FROM partitions WHERE tenant_id = ? AND host = ?",
    "pluck",
  );
  const lastSeq = prepared(database, "SELECT coalesce(max(seq), 0) FROM events", "pluck");
  const lastSeqBy = openSeqBy(database);
  const firstUs = prepared(database, "SELECT recorded_at FROM events ORDER BY seq LIMIT 1", "pluck");
  const dataVersion = prepared(database, "PRAGMA data_version", "pluck");
  const lease = readLease(database);
  const lastWord = readLastWord(database);
  const logNames = openLogNames(database);
  const logId = logNames.newest;
  if (logId === undefined) throw noLog(path);

  const idOf = ({ tenantId, host }: Partition) =>
    (partitionId().get(tenantId, host) as number | undefined) ?? 0;
  const stored = (row: EventRow): StoredEvent => {
    const [seq, seriesId, recordedAtUs, lag, payload, originId, originSeq] = row;
    const { tenantId, host, agent, type, schemaVersion, source, precision } = names.seriesOf(seriesId);
    return {
      seq,
      tenantId,
      host,
      agent,
      type,
      schemaVersion,
      source,
      occurredAtUs: recordedAtUs - lag,
      precision,
      recordedAtUs,
      originLog: originId === null ? logNames.at(seq) : names.originOf(originId),
      originSeq: originSeq ?? seq,
      payload: names.valueOf(payload),
    };
  };
  function* events(filter: EventFilter): Generator<StoredEvent> {
    const rows = findEvents(database, filter);
    for (;;) {
      const next = attempt(() => rows.next());
      if (next.done) return;
      yield attempt(() => stored(next.value));
    }
  }

  return {
    logId,
    path,
    identity: () =>
      attempt(() => {
        const [tenantId, host] = database
          .prepare("SELECT tenant_id, host FROM state JOIN partitions USING (partition_id)")
          .raw()
          .get() as [string, string];
        return { tenantId, host };
      }),
    partitions: () =>
      attempt(() => {
        const rows = database
          .prepare(
            `SELECT tenant_id, host FROM partitions p
             WHERE EXISTS (SELECT 1 FROM subjects s WHERE s.partition_id = p.partition_id) ORDER BY tenant_id, host`,
          )
          .raw()
          .all() as [string, string][];
        return rows.map(([tenantId, host]) => ({ tenantId, host }));
      }),
    writtenOn: () =>
      attempt(() => {
        // Whoever only tends a copy has named it already, for what it is going to write.
        const of = "SELECT machine_id FROM log_ids WHERE from_seq <= ? ORDER BY n DESC LIMIT 1";
        const found = database.prepare(of).pluck().get(lastSeq().get()) as string | null | undefined;
        return found ?? null;
      }),
    isImported: () =>
      attempt(() => {
        const newest = "SELECT origin_id IS NOT NULL FROM events ORDER BY seq DESC LIMIT 1";
        return database.prepare(newest).pluck().get() === 1;
      }),
    lastSeq: () => attempt(() => lastSeq().get() as number),
    lastSeqBy: (us) => attempt(() => lastSeqBy(us)),
    beginsUs: () =>
      attempt(() => openArchive(database).beginsUs() ?? (firstUs().get() as number | undefined) ?? null),
    documents: (partition) => attempt(() => readDocuments(database, idOf(partition))),
    observations: (partition) =>
      attempt(() => {
        const rows = database
          .prepare("SELECT source, scope, at FROM observations WHERE partition_id = ? ORDER BY source, scope")
          .raw()
          .all(idOf(partition)) as [string, string, number][];
        return rows.map(([source, scope, atUs]) => ({ source, scope, atUs }));
      }),
    gauges: (partition) =>
      attempt(() => {
        const rows = database
          .prepare("SELECT scope, readings FROM gauges WHERE partition_id = ? ORDER BY scope")
          .raw()
          .all(idOf(partition)) as [string, string][];
        return Object.fromEntries(rows.map(([scope, readings]) => [scope, JSON.parse(readings)]));
      }),
    lease: () => attempt(lease),
    lastWordUs: (held, nowUs) => attempt(() => lastWord(held, nowUs)),
    events,
    event: (seq) =>
      attempt(() => {
        const row = findEvents(database, { afterSeq: seq - 1, beforeSeq: seq + 1 }).next();
        return row.done ? null : stored(row.value);
      }),
    folded: () =>
      attempt(() =>
        Object.fromEntries(
          database.prepare("SELECT name, version FROM projections").raw().all() as [string, number][],
        ),
      ),
    settledSeq: () =>
      attempt(
        () =>
          database
            .prepare(
              "SELECT coalesce(min(coalesce(seq, 0)), 0) FROM partitions LEFT JOIN settled USING (partition_id)",
            )
            .pluck()
            .get() as number,
      ),
    kept: (partition, open) => attempt(() => open(database, idOf(partition))),
    atOnce: (read) => attempt(() => inSnapshot(database, read)),
    dataVersion: () => attempt(() => dataVersion().get() as number),
    close: () => database.close(),
  };
}

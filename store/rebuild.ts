import type { Database } from "better-sqlite3";
import { checkpointBlob, checkpointOf } from "./checkpoint.ts";
import type { Part } from "./chronicle.ts";
import { type AsideName, openAsideChronicle, TEMPORARY } from "./chronicle-aside.ts";
import { FleetError } from "./errors.ts";
import { CHRONICLE_TABLES } from "./migrations/0003-chronicle.ts";
import { storedVersions, storeVersions } from "./projection-versions.ts";
import { type Beside, startBeside } from "./rebuild-beside.ts";
import { type Folds, type Refold, startRefold } from "./refold.ts";
import { inTransaction } from "./transaction.ts";

/** Below this many events a thread takes longer to start than to be of use. */
const WORTH_A_THREAD = 100_000;

const CACHE_KILOBYTES = 4096;

export interface RebuildOptions {
  readonly progress?: ((seq: number) => void) | undefined;
  /** The module that folds the other half of the log in a thread of its own (see `rebuild-beside.ts`); null: there is none. */
  readonly thread?: string | null | undefined;
  /** How many events are worth a thread. */
  readonly worthAThread?: number | undefined;
}

/**
 * Folds the whole log again and puts the result in place of the documents, in one transaction. Appending goes on
 * meanwhile: the write lock is held only for the last rows and the exchange. Cursors, observations, gauges and the lease are not touched.
 */
export function rebuild(
  database: Database,
  folded: Folds,
  { progress = () => {}, thread = null, worthAThread = WORTH_A_THREAD }: RebuildOptions = {},
): { events: number } {
  const last = database.prepare("SELECT coalesce(max(seq), 0) FROM events").pluck().get() as number;
  const cache = database.pragma("cache_size", { simple: true });
  // The log is gone through from one end to the other: pages that are kept would be of no use.
  for (const schema of ["main", "temp"]) database.pragma(`${schema}.cache_size = -${CACHE_KILOBYTES}`);
  const path = last >= worthAThread && folded.chronicle?.halves ? thread : null;
  const beside = path === null ? null : startBeside(database, path);
  try {
    return rebuildFrom(database, folded, beside, progress);
  } catch (error) {
    // Whatever became of the thread, this one can do all of it.
    if (!beside?.hasFailed()) throw error;
    return rebuildFrom(database, folded, null, progress);
  } finally {
    beside?.close();
    database.pragma(`cache_size = ${cache}`);
  }
}

function rebuildFrom(
  database: Database,
  folded: Folds,
  beside: Beside | null,
  progress: (seq: number) => void,
): { events: number } {
  const all = [...folded.projections, folded.chronicle];
  const part: Part = beside === null ? "whole" : "samples";
  const aside = openAsideChronicle({ database, name: TEMPORARY, log: database });
  const refold = startRefold(database, folded, aside, { part });
  const foldOn = (): void => {
    while (refold.step()) progress(refold.lastSeq());
  };
  foldOn();
  aside.flush();
  beside?.reach(refold.lastSeq());
  progress(refold.lastSeq());
  foldOn();
  inTransaction(
    database,
    () => {
      // Takes the lock of the log, and of the log alone: the thread still writes its own database.
      database.prepare("UPDATE state SET generation = generation + 1").run();
      if (storedVersions(database, all) === "newer") {
        throw new FleetError("too-new", "the tables of this log are kept by a newer fleet", {
          hint: "Rebuild with the fleet that is installed now. Nothing was changed.",
        });
      }
      while (refold.step());
      aside.finish();
      beside?.finish(refold.lastSeq());
      putDocuments(database, refold, beside === null ? null : { name: beside.name, folded });
      putChronicle(database, beside?.name ?? TEMPORARY, beside === null ? null : folded);
      storeVersions(database, all);
    },
    "BEGIN",
  );
  for (const table of CHRONICLE_TABLES) database.exec(`DROP TABLE ${TEMPORARY(table)}`);
  progress(refold.lastSeq());
  return { events: refold.lastSeq() };
}

/** The documents that were folded here, and those of the other half. */
function putDocuments(
  database: Database,
  refold: Refold,
  other: { readonly name: AsideName; readonly folded: Folds } | null,
): void {
  database.prepare("DELETE FROM documents").run();
  const put = database.prepare(
    "INSERT INTO documents (partition_id, family, id, document) VALUES (?, ?, ?, ?)",
  );
  const own = other?.folded.chronicle?.halves?.family;
  for (const [partitionId, documents] of refold.partitions)
    for (const { family, id, document } of documents.all())
      if (own === undefined || family === own) put.run(partitionId, family, id, JSON.stringify(document));
  if (other !== null) database.exec(`INSERT INTO documents SELECT * FROM ${other.name("documents")}`);
}

/** Puts the chronicle in place of the one that is there; nothing is settled of it yet. */
function putChronicle(database: Database, name: AsideName, halved: Folds | null): void {
  for (const table of CHRONICLE_TABLES) {
    database.exec(`DELETE FROM ${table}`);
    const isHalved = halved !== null && table === "checkpoints";
    database.exec(`INSERT INTO ${table} SELECT * FROM ${(isHalved ? TEMPORARY : name)(table)}`);
  }
  if (halved !== null) joinDocuments(database, name, halved.chronicle?.halves?.documentsKind ?? "");
  for (const table of ["status_intervals", "settled", "unsettled"]) database.exec(`DELETE FROM ${table}`);
}

/** Checkpoints of all documents: each half made those of its own families. One at a time, since there is one for each day or so of a log. */
function joinDocuments(database: Database, name: AsideName, kind: string): void {
  const rowids = database.prepare("SELECT rowid FROM checkpoints WHERE kind = ?").pluck();
  const pair = database
    .prepare(
      `SELECT s.seq, s.recorded_at, s.value, r.value FROM checkpoints s
       JOIN ${name("checkpoints")} r USING (partition_id, kind, seq) WHERE s.rowid = ?`,
    )
    .raw();
  const put = database.prepare("UPDATE checkpoints SET value = ? WHERE rowid = ?");
  for (const rowid of rowids.all(kind)) {
    const found = pair.get(rowid) as [number, number, Buffer, Buffer] | undefined;
    if (found === undefined) continue;
    const [seq, recordedAtUs, samples, rest] = found;
    const held = (value: Buffer) => checkpointOf([seq, recordedAtUs, value]).value as unknown[];
    put.run(checkpointBlob([...held(rest), ...held(samples)], "deflated"), rowid);
  }
}

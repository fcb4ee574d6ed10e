import type { Database } from "better-sqlite3";
import type { Head } from "./batch.ts";
import { openBatches } from "./batch.ts";
import type { Chronicle } from "./chronicle.ts";
import { watchedBy } from "./chronicle.ts";
import { openChronicleTables } from "./chronicle-tables.ts";
import { openChronicleView } from "./chronicle-view.ts";
import { createDocuments } from "./documents.ts";
import { FleetError } from "./errors.ts";
import type { NewEvent } from "./events/envelope.ts";
import type { Partition } from "./identity.ts";
import type { LogClock } from "./log-clock.ts";
import { migrations } from "./migrations/list.ts";
import { prepared } from "./prepared.ts";
import type { Projection, ReadonlyDocuments } from "./projection.ts";
import { storedVersions } from "./projection-versions.ts";
import { openSeriesBook } from "./series.ts";
import { openDocumentTable } from "./stored-documents.ts";
import { inSnapshot, inTransaction } from "./transaction.ts";
import { openVerdictTable } from "./verdict-table.ts";

/** What may be done inside one transaction of the log. */
export interface Writing {
  /** `recordedAtUs` of the next event, at least. */
  nowUs(): number;
  /** A recent moment of the wall clock on the log's clock. */
  carry(wallUs: number): number;
  readonly documents: ReadonlyDocuments;
  /** The newest event, those of this transaction included. */
  lastSeq(): number;
  /** Appends an event and folds it into the documents. Throws when the catalogue does not know it so. */
  write(event: NewEvent): void;
}

export interface Writer {
  /** One commit: all that `work` writes, the documents it changes, and the batch's link of the chain. */
  transact<T>(work: (writing: Writing) => T): T;
  /** The documents and the newest seq as of the last commit of anyone. */
  documents(): ReadonlyDocuments;
  lastSeq(): number;
  /** The documents were replaced by a rebuild on this very connection. */
  forget(): void;
  /**
   * Writes the verdicts that can be settled, some in each transaction; tells before each up to which place of the log. Ends early
   * after one where `isEnough` says so. Whether all of them are settled.
   */
  settle(progress?: (seq: number) => void, isEnough?: () => boolean): boolean;
}

/** The only code that appends to the log. Everything it remembers is what the last commit of anyone left behind. */
export function openWriter(options: {
  readonly database: Database;
  readonly partition: Partition & { readonly partitionId: number };
  readonly clock: LogClock;
  readonly projections: readonly Projection[];
  readonly chronicle: Chronicle | null;
  /** Called after a commit that appended events. */
  readonly committed: () => void;
}): Writer {
  const { database, partition, clock, projections, chronicle, committed } = options;
  const book = openSeriesBook(database, partition, projections);
  const startBatch = openBatches(database, book);
  const table = openDocumentTable(database, partition.partitionId);
  const chronicleTables = openChronicleTables(database, partition.partitionId);
  const chronicler = chronicle?.open(chronicleTables) ?? null;

  const dataVersion = prepared(database, "PRAGMA data_version", "pluck");
  const schemaVersion = prepared(database, "PRAGMA user_version", "pluck");
  const readHead = prepared(
    database,
    `SELECT last_seq, (SELECT recorded_at FROM events WHERE seq = last_seq), lower(hex(digest))
     FROM batches ORDER BY last_seq DESC LIMIT 1`,
    "raw",
  );
  const firstId = prepared(database, "SELECT log_id FROM log_ids WHERE n = 1", "pluck");
  const readGeneration = prepared(database, "SELECT generation FROM state", "pluck");

  let documents = createDocuments();
  let head: Head = { seq: 0, recordedAtUs: 0, digest: "" };
  let generation = 0;
  let seenVersion = -1;
  /** The commit (seq and rebuild) that `documents` stands for; null = they have to be read again. */
  let documentsAsOf: string | null = null;
  const asOf = () => `${head.seq} ${generation}`;
  const forgetChronicle = (): void => {
    chronicleTables.forget();
    chronicler?.forget();
  };

  const readEnd = (): void => {
    // A fleet that was installed while this process runs has brought the log up to its own date.
    if (
      schemaVersion().get() !== migrations.length ||
      storedVersions(database, [...projections, chronicle]) !== "same"
    ) {
      throw new FleetError("too-new", `${database.name} is kept by another version of fleet now`, {
        hint: "Restart this process with the fleet that is installed now. Nothing was written.",
      });
    }
    const found = readHead().get() as [number, number, string] | undefined;
    head = found
      ? { seq: found[0], recordedAtUs: found[1], digest: found[2] }
      : { seq: 0, recordedAtUs: 0, digest: firstId().get() as string };
    generation = readGeneration().get() as number;
  };

  /** Somebody else has committed since we last looked: learn what. Cheap when nobody has. */
  const refresh = (): void => {
    const version = dataVersion().get() as number;
    if (version === seenVersion && documentsAsOf !== null) return;
    readEnd();
    chronicleTables.forgetMarks();
    if (asOf() !== documentsAsOf) {
      forgetChronicle();
      documents = table.load();
      documentsAsOf = asOf();
    }
    seenVersion = version;
  };

  /** The question is asked some times a second by an idle recorder, and mostly nothing has changed: then without a transaction. */
  const bringUpToDate = (): void => {
    if (dataVersion().get() !== seenVersion || documentsAsOf === null) inSnapshot(database, refresh);
  };

  /** What was made or folded in a transaction that did not happen must not be remembered. */
  const forget = (): void => {
    book.forget();
    forgetChronicle();
    documentsAsOf = null;
  };

  const transact = <T>(work: (writing: Writing) => T): T => {
    try {
      const { result, written } = inTransaction(database, () => {
        refresh();
        const watched =
          chronicler && chronicle ? watchedBy(chronicler, chronicle.ignores, documents) : documents;
        const batch = startBatch(head, clock.next(head.recordedAtUs), watched, chronicler);
        const result = work({
          nowUs: batch.nextUs,
          carry: (wallUs) => clock.carry(wallUs, batch.lastUs()),
          documents,
          lastSeq: batch.lastSeq,
          write: batch.write,
        });
        const written = batch.finish();
        if (written !== null) table.save(documents);
        return { result, written };
      });
      if (written !== null) {
        head = written;
        documents.settle();
        documentsAsOf = asOf();
      }
      clock.note(head.recordedAtUs);
      if (written !== null) committed();
      return result;
    } catch (error) {
      forget();
      throw error;
    }
  };

  // The documents are read when they are first needed: a rebuild must be possible where they are damaged.
  inSnapshot(database, readEnd);
  clock.note(head.recordedAtUs);
  return {
    transact,
    documents() {
      bringUpToDate();
      return documents;
    },
    lastSeq() {
      bringUpToDate();
      return head.seq;
    },
    forget,
    settle(progress = () => {}, isEnough = () => false) {
      if (chronicle === null) return true;
      const partitions = database.prepare("SELECT partition_id FROM partitions ORDER BY 1").pluck().all();
      try {
        for (const partitionId of partitions as number[]) {
          const view = openChronicleView(database, partitionId);
          const verdicts = openVerdictTable(database, partitionId);
          for (let seq: number | null = 0; seq !== null; ) {
            progress(seq);
            seq = inTransaction(database, () => {
              readEnd();
              return chronicle.settle(view, verdicts);
            });
            if (seq !== null && isEnough()) return false;
          }
        }
        return true;
      } finally {
        // Also after a step that failed: those before it have settled what was marked, and late evidence must mark it anew.
        chronicleTables.forgetMarks();
      }
    },
  };
}

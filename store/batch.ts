import type { Database } from "better-sqlite3";
import { batchDigest, canonicalLine, nameIn } from "./chain.ts";
import { createEventCheck } from "./check-event.ts";
import type { Chronicler } from "./chronicle.ts";
import type { NewEvent } from "./events/envelope.ts";
import { openInterner } from "./intern.ts";
import { prepared } from "./prepared.ts";
import type { Documents, FoldEvent } from "./projection.ts";
import type { SeriesBook } from "./series.ts";

/** Rows in one INSERT: each call from JavaScript into SQLite costs more than the row it carries. */
const ROWS_AT_ONCE = 50;
const COLUMNS = 5;

/** The end of the log. */
export interface Head {
  readonly seq: number;
  readonly recordedAtUs: number;
  /** Hex, or the log's first id while there is no batch. */
  readonly digest: string;
}

/** The events of one transaction. */
export interface OpenBatch {
  /** Checks, stamps, inserts and folds one event. Throws when the catalogue does not know it so. */
  write(event: NewEvent): void;
  lastSeq(): number;
  /** When the newest event was recorded, and what the next one will be stamped. */
  lastUs(): number;
  nextUs(): number;
  /** Inserts what is left and links the batch to the chain. The new end of the log, or null when nothing was written. */
  finish(): Head | null;
}

/**
 * Starts a batch behind `from`, the first event stamped `stampUs` and each next one 1 us later. `documents` are those that the
 * chronicler watches, where there is one.
 */
export type StartBatch = (
  from: Head,
  stampUs: number,
  documents: Documents,
  chronicler: Chronicler | null,
) => OpenBatch;

export function openBatches(database: Database, book: SeriesBook): StartBatch {
  const check = createEventCheck();
  const intern = openInterner(database);
  const row = `(${Array(COLUMNS).fill("?").join(", ")})`;
  const insert = "INSERT INTO events (seq, series_id, recorded_at, lag, payload) VALUES";
  const insertOne = prepared(database, `${insert} ${row}`);
  const insertMany = prepared(database, `${insert} ${Array(ROWS_AT_ONCE).fill(row).join(", ")}`);
  const insertBatch = prepared(database, "INSERT INTO batches (last_seq, digest) VALUES (?, ?)");
  let batches = 0;

  return (from, stampUs, documents, chronicler) => {
    const batch = { number: ++batches, series: 0 };
    let { seq, recordedAtUs } = from;
    let nextUs = stampUs;
    let rows: unknown[] = [];
    let lines = "";

    return {
      write(event) {
        const kind = check(event);
        const series = book.of(event.agent, kind);
        const { occurredAtUs, payload } = event;
        const previousUs = recordedAtUs;
        const step = nextUs - previousUs;
        seq += 1;
        recordedAtUs = nextUs++;
        const lag = recordedAtUs - occurredAtUs;
        const text = JSON.stringify(payload);
        rows.push(seq, series.id, recordedAtUs, lag, intern(series, text));
        if (rows.length === ROWS_AT_ONCE * COLUMNS) {
          insertMany().run(rows);
          rows = [];
        }
        lines += canonicalLine(step, lag, nameIn(batch, series), text);
        if (series.folds.length === 0 && chronicler === null) return;
        const folded: FoldEvent = {
          seq,
          agent: series.agent,
          type: kind.type,
          schemaVersion: kind.schemaVersion,
          source: kind.source,
          occurredAtUs,
          precision: kind.precision,
          recordedAtUs,
          payload,
        };
        chronicler?.begin(folded, previousUs);
        for (const fold of series.folds) fold.evolve(documents, folded);
        chronicler?.end(folded, documents);
      },
      lastSeq: () => seq,
      lastUs: () => recordedAtUs,
      nextUs: () => nextUs,
      finish() {
        if (seq === from.seq) return null;
        for (let at = 0; at < rows.length; at += COLUMNS) insertOne().run(rows.slice(at, at + COLUMNS));
        const batchOf = { previous: from.digest, firstSeq: from.seq + 1, afterUs: from.recordedAtUs };
        const digest = batchDigest(batchOf, lines);
        insertBatch().run(seq, digest);
        return { seq, recordedAtUs, digest: digest.toString("hex") };
      },
    };
  };
}

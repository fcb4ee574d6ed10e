import type { Database } from "better-sqlite3";
import { batchDigest, canonicalLine, canonicalSeries } from "./chain.ts";
import { openDictionaries } from "./dictionaries.ts";
import { FleetError } from "./errors.ts";
import { guards } from "./events/guards.generated.ts";
import type { ExchangedEvent } from "./exchange.ts";
import { parseLine, textOfLine } from "./exchange.ts";
import { storing } from "./failure.ts";
import type { Identity } from "./identity.ts";
import { adopt } from "./identity.ts";
import { openInterner } from "./intern.ts";
import { BUSY_TIMEOUT_MS, openForAppend } from "./open.ts";
import { inTransaction } from "./transaction.ts";

/** Events in one link of the new log's chain. */
const BATCH = 1000;

/** So far ahead of this machine's clock another's may have been. */
const AHEAD_US = 3_600_000_000;

export interface ImportOptions {
  /** The log to fill; made where there is none. */
  readonly path: string;
  /** Who owns the log from here on. Until somebody records, it answers for the tenant and host of its newest event. */
  readonly identity: Identity;
  readonly nowUs: number;
  /** Lines without their ends. */
  readonly lines: Iterable<Buffer>;
  /** How the input is called in messages. */
  readonly called: string;
  readonly progress?: (events: number) => void;
}

export interface Imported {
  readonly logId: string;
  readonly events: number;
  /** The logs that the events were first written in. */
  readonly origins: readonly string[];
  readonly firstRecordedAtUs: number;
  readonly lastRecordedAtUs: number;
}

/**
 * Takes an export into an empty log, in one transaction: all of it, or nothing. Every clock and every name is kept; only the places
 * in this log are new. Folds are left to whoever opens the log for appending next, who finds that none has run.
 */
export function importEvents(options: ImportOptions): Imported {
  const { path, identity, nowUs } = options;
  return storing(path, () => {
    const database = openForAppend(path, BUSY_TIMEOUT_MS);
    try {
      refuseUnlessEmpty(database);
      const { logId } = adopt(database, identity, Math.floor(nowUs));
      return inTransaction(database, () => {
        refuseUnlessEmpty(database);
        return { logId, ...fill(database, options) };
      });
    } finally {
      database.close();
    }
  });
}

function refuseUnlessEmpty(database: Database): void {
  const last = database.prepare("SELECT max(seq) FROM events").pluck().get() as number | null;
  if (last === null) return;
  throw new FleetError("conflict", `${database.name} already holds events, up to #${last}`, {
    hint: "An import fills an empty log: set FLEET_STATE to a new directory. Nothing was changed.",
  });
}

interface ImportSeries {
  readonly id: number;
  readonly partitionId: number;
  readonly canonical: string;
  readonly seen: { text: string; id: bigint | null }[];
  batch: number;
  number: number;
}

function fill(
  database: Database,
  { lines, called, progress, nowUs }: ImportOptions,
): Omit<Imported, "logId"> {
  const seriesOf = openSeries(database);
  const intern = openInterner(database);
  const { origin } = openDictionaries(database);
  const insert = database.prepare(
    "INSERT INTO events (seq, series_id, recorded_at, lag, payload, origin_id, origin_seq) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const insertBatch = database.prepare("INSERT INTO batches (last_seq, digest) VALUES (?, ?)");
  const origins = new Map<string, { readonly id: number; lastSeq: number }>();
  let digest = database.prepare("SELECT log_id FROM log_ids WHERE n = 1").pluck().get() as string;
  let batch = { number: 1, firstSeq: 1, afterUs: 0, series: 0, lines: "" };
  let seq = 0;
  let recordedAtUs = 0;
  let firstRecordedAtUs = 0;
  let partitionId = 0;

  const endBatch = (): void => {
    const linked = batchDigest({ previous: digest, ...batch }, batch.lines);
    insertBatch.run(seq, linked);
    digest = linked.toString("hex");
    batch = { number: batch.number + 1, firstSeq: seq + 1, afterUs: recordedAtUs, series: 0, lines: "" };
  };

  for (const bytes of lines) {
    const event = eventOf(bytes, { called, line: seq + 1, afterUs: recordedAtUs, nowUs });
    let from = origins.get(event.originLog);
    if (from === undefined) {
      from = { id: origin(event.originLog), lastSeq: 0 };
      origins.set(event.originLog, from);
    }
    if (event.originSeq <= from.lastSeq)
      throw badLine(
        called,
        seq + 1,
        `origin_seq is ${event.originSeq}, after ${from.lastSeq} of the same log`,
      );
    from.lastSeq = event.originSeq;
    const series = seriesOf(event);
    const lag = event.recordedAtUs - event.occurredAtUs;
    let name: string | number = series.number;
    if (series.batch !== batch.number) {
      series.batch = batch.number;
      series.number = batch.series++;
      name = series.canonical;
    }
    batch.lines += `@${event.originLog}:${event.originSeq} ${canonicalLine(event.recordedAtUs - recordedAtUs, lag, name, event.payload)}`;
    seq += 1;
    recordedAtUs = event.recordedAtUs;
    if (seq === 1) firstRecordedAtUs = recordedAtUs;
    partitionId = series.partitionId;
    insert.run(seq, series.id, recordedAtUs, lag, intern(series, event.payload), from.id, event.originSeq);
    if (seq % BATCH !== 0) continue;
    endBatch();
    progress?.(seq);
  }
  if (seq === 0)
    throw new FleetError("usage", `${called} holds no event`, {
      hint: "Was it written by `fleet export`? Nothing was changed.",
    });
  if (batch.lines !== "") endBatch();
  // The documents of an empty log are none: whoever opens it for appending folds it from the beginning.
  database.prepare("DELETE FROM projections").run();
  database.prepare("UPDATE state SET partition_id = ?").run(partitionId);
  return {
    events: seq,
    origins: [...origins.keys()],
    firstRecordedAtUs,
    lastRecordedAtUs: recordedAtUs,
  };
}

function eventOf(
  bytes: Buffer,
  {
    called,
    line,
    afterUs,
    nowUs,
  }: { readonly called: string; readonly line: number; readonly afterUs: number; readonly nowUs: number },
): ExchangedEvent {
  const text = textOfLine(bytes);
  if (text === null) throw badLine(called, line, "it is not UTF-8");
  const parsed = parseLine(text);
  if (!parsed.ok) throw badLine(called, line, parsed.reason);
  const { event } = parsed;
  if (event.recordedAtUs <= afterUs)
    throw badLine(called, line, "recorded_at is not after that of the line before");
  // A log's own clock never goes back: whatever is written to it later would be dated after that.
  if (event.recordedAtUs > nowUs + AHEAD_US)
    throw badLine(
      called,
      line,
      "recorded_at lies in the future, by more than an hour of this machine's clock",
    );
  if (!Number.isSafeInteger(event.recordedAtUs - event.occurredAtUs))
    throw badLine(called, line, "occurred_at and recorded_at are too far apart");
  const field = event.schemaVersion === 1 ? guards.get(event.type)?.(JSON.parse(event.payload)) : null;
  // Folds believe what the catalogue knows: a payload of another shape would end every later opening of this log.
  if (typeof field === "string")
    throw badLine(
      called,
      line,
      `the payload of ${event.type} is not as it is written${field === "" ? "" : `: ${JSON.stringify(field)}`}`,
    );
  return event;
}

function badLine(called: string, line: number, reason: string): FleetError {
  return new FleetError("usage", `${called}, line ${line}: ${reason}`, {
    hint: "Nothing was imported. An import takes what `fleet export --format ndjson` wrote, unchanged and in its order.",
  });
}

/** The series of an event, found by its names. */
function openSeries(database: Database): (event: ExchangedEvent) => ImportSeries {
  const dictionaries = openDictionaries(database);
  const known = new Map<string, ImportSeries>();
  return (event) => {
    const canonical = canonicalSeries(event);
    let series = known.get(canonical);
    if (series === undefined) {
      const partitionId = dictionaries.partition(event.tenantId, event.host);
      const id = dictionaries.series(partitionId, event.agent, event);
      series = { id, partitionId, canonical, seen: [], batch: 0, number: 0 };
      known.set(canonical, series);
    }
    return series;
  };
}

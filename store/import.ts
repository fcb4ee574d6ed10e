import type { Database } from "better-sqlite3";
import { canonicalLine, canonicalSeries } from "./chain.ts";
import { openDictionaries } from "./dictionaries.ts";
import { FleetError } from "./errors.ts";
import { guards } from "./events/guards.generated.ts";
import type { LineNames } from "./exchange.ts";
import { textOfLine } from "./exchange.ts";
import { storing } from "./failure.ts";
import type { Identity } from "./identity.ts";
import { adopt } from "./identity.ts";
import type { ImportSeries } from "./imported-chain.ts";
import { openChain } from "./imported-chain.ts";
import { importedLooks } from "./imported-looks.ts";
import { openInterner } from "./intern.ts";
import type { ReadEvent } from "./line-reader.ts";
import { openLineReader } from "./line-reader.ts";
import { manyRows } from "./many-rows.ts";
import { BUSY_TIMEOUT_MS, openForAppend } from "./open.ts";
import { inTransaction } from "./transaction.ts";

/** Events in one link of the new log's chain, at most. */
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
  /** The place of the first event in the log that it was first written in: 1, unless what came before is not in the input. */
  readonly firstOriginSeq: number;
  readonly missing: Missing;
}

/**
 * A log numbers its events one after another, so a number between two of the same log that the input does not hold was left out by a selection, or
 * lost: the lines of an export do not say which. What came after the last one leaves no trace.
 */
export interface Missing {
  readonly events: number;
  /** After which event the first of them were, in the order of the input; null: none is missing. */
  readonly firstAfter: { readonly originLog: string; readonly originSeq: number } | null;
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

function fill(
  database: Database,
  { lines, called, progress, nowUs }: ImportOptions,
): Omit<Imported, "logId"> {
  const seriesOf = openSeries(database);
  const intern = openInterner(database);
  const { origin } = openDictionaries(database);
  const insert = manyRows(
    database,
    "INSERT INTO events (seq, series_id, recorded_at, lag, payload, origin_id, origin_seq) VALUES",
    7,
  );
  const chain = openChain(database);
  const looks = importedLooks(database);
  const origins = new Map<string, { readonly id: number; lastSeq: number }>();
  let missing: Missing = { events: 0, firstAfter: null };
  let firstOriginSeq = 0;
  let seq = 0;
  let recordedAtUs = 0;
  let firstRecordedAtUs = 0;
  let partitionId = 0;
  let endOfMonthUs = Infinity;

  const link = (): void => {
    insert.flush();
    chain.link(seq, recordedAtUs);
  };

  for (const [event, isLast] of withLast(eventsOf(lines, called, nowUs))) {
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
    missing = withGap(missing, event.originLog, from.lastSeq, event.originSeq);
    from.lastSeq = event.originSeq;
    // A link ends with its month, so that `archive` may take the one and leave the other. The newest one stays in the table: it is made of one event.
    if (isLast || event.recordedAtUs >= endOfMonthUs) link();
    if (seq === 0 || event.recordedAtUs >= endOfMonthUs) endOfMonthUs = endOfMonth(event.recordedAtUs);
    const series = seriesOf(event.names);
    const lag = event.recordedAtUs - event.occurredAtUs;
    const { originLog, originSeq, payload } = event;
    const line = canonicalLine(event.recordedAtUs - recordedAtUs, lag, chain.nameOf(series), payload);
    chain.add(`@${originLog}:${originSeq} ${line}`);
    seq += 1;
    recordedAtUs = event.recordedAtUs;
    if (seq === 1) [firstRecordedAtUs, firstOriginSeq] = [recordedAtUs, originSeq];
    partitionId = series.partitionId;
    const { type, schemaVersion } = event.names;
    looks.take({ type, schemaVersion, payload, occurredAtUs: event.occurredAtUs, partitionId });
    insert.add(seq, series.id, recordedAtUs, lag, intern(series, payload), from.id, originSeq);
    if (seq % BATCH !== 0) continue;
    link();
    progress?.(seq);
  }
  if (seq === 0)
    throw new FleetError("usage", `${called} holds no event`, {
      hint: "Was it written by `fleet export`? Nothing was changed.",
    });
  link();
  looks.keep();
  // The documents of an empty log are none: whoever opens it for appending folds it from the beginning.
  database.prepare("DELETE FROM projections").run();
  database.prepare("UPDATE state SET partition_id = ?").run(partitionId);
  return {
    events: seq,
    origins: [...origins.keys()],
    firstRecordedAtUs,
    lastRecordedAtUs: recordedAtUs,
    firstOriginSeq,
    missing,
  };
}

/** Where in a log its own events begin depends on what was imported into it before, so nothing is missing before the first one (0: none yet). */
function withGap(missing: Missing, originLog: string, lastSeq: number, nextSeq: number): Missing {
  const lost = lastSeq === 0 ? 0 : nextSeq - lastSeq - 1;
  if (lost === 0) return missing;
  const firstAfter = missing.firstAfter ?? { originLog, originSeq: lastSeq };
  return { events: missing.events + lost, firstAfter };
}

/** The events of the lines, each checked. */
function* eventsOf(lines: Iterable<Buffer>, called: string, nowUs: number): Generator<ReadEvent> {
  const read = openLineReader(wrongIn);
  let line = 0;
  let afterUs = 0;
  for (const bytes of lines) {
    line += 1;
    const text = textOfLine(bytes);
    if (text === null) throw badLine(called, line, "it is not UTF-8");
    const parsed = read(text);
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
    afterUs = event.recordedAtUs;
    yield event;
  }
}

/** Folds believe what the catalogue knows: a payload of another shape would end every later opening of this log. */
function wrongIn({ type, schemaVersion }: LineNames, payload: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch (error) {
    return `it is not JSON (${(error as Error).message})`;
  }
  const field = schemaVersion === 1 ? guards.get(type)?.(value) : null;
  if (typeof field !== "string") return null;
  return `the payload of ${type} is not as it is written${field === "" ? "" : `: ${JSON.stringify(field)}`}`;
}

/** Each with whether it is the last. */
function* withLast<T>(values: Iterable<T>): Generator<readonly [T, boolean]> {
  let held: { readonly value: T } | null = null;
  for (const value of values) {
    if (held !== null) yield [held.value, false];
    held = { value };
  }
  if (held !== null) yield [held.value, true];
}

/** The first moment of the next month, UTC. */
function endOfMonth(us: number): number {
  const date = new Date(us / 1000);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) * 1000;
}

function badLine(called: string, line: number, reason: string): FleetError {
  return new FleetError("usage", `${called}, line ${line}: ${reason}`, {
    hint: "Nothing was imported. An import takes what `fleet export --format ndjson` wrote, unchanged and in its order.",
  });
}

/** The series of an event, found by its names. */
function openSeries(database: Database): (names: LineNames) => ImportSeries {
  const dictionaries = openDictionaries(database);
  const known = new Map<string, ImportSeries>();
  const found = new WeakMap<LineNames, ImportSeries>();
  return (names) => {
    let series = found.get(names);
    if (series !== undefined) return series;
    const canonical = canonicalSeries(names);
    series = known.get(canonical);
    if (series === undefined) {
      const partitionId = dictionaries.partition(names.tenantId, names.host);
      const id = dictionaries.series(partitionId, names.agent, names);
      series = { id, partitionId, canonical, seen: [], batch: 0, number: 0 };
      known.set(canonical, series);
    }
    found.set(names, series);
    return series;
  };
}

import type { Database } from "better-sqlite3";
import type { EventFilter } from "./event-filter.ts";
import { isoMicros, lineEnd, lineStart } from "./exchange.ts";
import { storing } from "./failure.ts";
import type { EventRow } from "./find-events.ts";
import { findEvents } from "./find-events.ts";
import { openLogNames } from "./log-names.ts";
import { openNames } from "./names.ts";
import { openForReading } from "./open.ts";

export type ExportFormat = "ndjson" | "csv";

/** Text is handed over in pieces of about this many characters: few calls, and flat memory. */
const PIECE = 65_536;

export interface Exported {
  /** The text so far asked for, and how far it reaches. */
  readonly text: string;
  readonly events: number;
  readonly seq: number;
}

/**
 * The events that match, as text, piece by piece: those that were in the log when the first piece was asked for. The payload is
 * handed on as it is stored, never parsed.
 */
export function* exportEvents(
  path: string,
  options: { readonly filter: EventFilter; readonly format: ExportFormat },
): Generator<Exported> {
  const database = storing(path, () => openForReading(path));
  try {
    const formatted = options.format === "csv" ? csvOf(database) : linesOf(database);
    const horizon = storing(path, () => database.prepare("SELECT max(seq) FROM events").pluck().get()) as
      | number
      | null;
    const { beforeSeq = Number.POSITIVE_INFINITY } = options.filter;
    const filter = { ...options.filter, beforeSeq: Math.min(beforeSeq, (horizon ?? 0) + 1) };
    const rows = findEvents(database, filter);
    let text = formatted.header;
    let events = 0;
    let seq = 0;
    for (;;) {
      const next = storing(path, () => rows.next());
      if (next.done) break;
      text += storing(path, () => formatted.line(next.value));
      events += 1;
      seq = next.value[0];
      if (text.length < PIECE) continue;
      yield { text, events, seq };
      text = "";
    }
    if (text !== "") yield { text, events, seq };
  } finally {
    database.close();
  }
}

interface Formatted {
  readonly header: string;
  readonly line: (row: EventRow) => string;
}

function linesOf(database: Database): Formatted {
  const names = openNames(database);
  const logNames = openLogNames(database);
  const starts = new Map<number, string>();
  return {
    header: "",
    line([seq, seriesId, recordedAtUs, lag, payload, originId, originSeq]) {
      let start = starts.get(seriesId);
      if (start === undefined) {
        start = lineStart(names.seriesOf(seriesId));
        starts.set(seriesId, start);
      }
      const originLog = originId === null ? logNames.at(seq) : names.originOf(originId);
      return (
        start +
        lineEnd({
          occurredAtUs: recordedAtUs - lag,
          recordedAtUs,
          originLog,
          originSeq: originSeq ?? seq,
          payload: names.textOf(payload),
        })
      );
    },
  };
}

const COLUMNS = [
  "seq",
  "tenant_id",
  "host",
  "agent",
  "type",
  "schema_version",
  "source",
  "precision",
  "occurred_at",
  "recorded_at",
  "origin_log",
  "origin_seq",
  "payload",
];

/** RFC 4180, with CRLF after each line. */
function csvOf(database: Database): Formatted {
  const names = openNames(database);
  const logNames = openLogNames(database);
  const middles = new Map<number, string>();
  return {
    header: `${COLUMNS.join(",")}\r\n`,
    line([seq, seriesId, recordedAtUs, lag, payload, originId, originSeq]) {
      let middle = middles.get(seriesId);
      if (middle === undefined) {
        const { tenantId, host, agent, type, schemaVersion, source, precision } = names.seriesOf(seriesId);
        const cells = [tenantId, host, agent, type, schemaVersion, source, precision];
        middle = cells.map(csvCell).join(",");
        middles.set(seriesId, middle);
      }
      const originLog = originId === null ? logNames.at(seq) : names.originOf(originId);
      const times = `${isoMicros(recordedAtUs - lag)},${isoMicros(recordedAtUs)}`;
      const text = csvCell(names.textOf(payload));
      return `${seq},${middle},${times},${originLog},${originSeq ?? seq},${text}\r\n`;
    },
  };
}

/** Nothing is an empty cell, and an empty text a quoted one. */
export function csvCell(value: string | number | null): string {
  if (value === null) return "";
  const text = String(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

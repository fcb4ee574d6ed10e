import { isUtf8 } from "node:buffer";
import type { Precision } from "./events/envelope.ts";
import type { SeriesNames } from "./names.ts";

/**
 * An event as a line that leaves this log and enters another. It says everything about the event and nothing about the log it is
 * kept in: no seq, which is a place in one log. Its name for ever is (origin_log, origin_seq); the order of the log is the
 * order of the lines. The payload comes last, letter for letter as it was first written, so that nothing a JSON parser
 * may do to it (numbers beyond 2^53, the order of keys) happens on the way.
 */
export const LINE_SCHEMA = "fleet.event.v1";

/** One event, its payload as text. */
export interface ExchangedEvent {
  readonly tenantId: string;
  readonly host: string;
  readonly agent: string | null;
  readonly type: string;
  readonly schemaVersion: number;
  readonly source: string;
  readonly precision: Precision;
  readonly occurredAtUs: number;
  readonly recordedAtUs: number;
  readonly originLog: string;
  readonly originSeq: number;
  readonly payload: string;
}

export type LineNames = Omit<SeriesNames, "partitionId">;

/** What all lines of a series begin with. */
export function lineStart(names: LineNames): string {
  const { tenantId, host, agent, type, schemaVersion, source, precision } = names;
  const start = JSON.stringify({
    schema: LINE_SCHEMA,
    tenant_id: tenantId,
    host,
    agent,
    type,
    schema_version: schemaVersion,
    source,
    precision,
  });
  return `${start.slice(0, -1)},"occurred_at":"`;
}

/** The rest of a line, its end included. */
export function lineEnd(event: {
  readonly occurredAtUs: number;
  readonly recordedAtUs: number;
  readonly originLog: string;
  readonly originSeq: number;
  readonly payload: string;
}): string {
  const { occurredAtUs, recordedAtUs, originLog, originSeq, payload } = event;
  return `${isoMicros(occurredAtUs)}","recorded_at":"${isoMicros(recordedAtUs)}","origin_log":"${originLog}","origin_seq":${originSeq},"payload":${payload}}\n`;
}

/** `2026-06-01T00:00:00.000000Z`, always to the microsecond. */
export function isoMicros(us: number): string {
  const rest = ((us % 1000) + 1000) % 1000;
  const text = new Date((us - rest) / 1000).toISOString();
  return `${text.slice(0, -1)}${String(rest).padStart(3, "0")}Z`;
}

export type ParsedLine =
  | { readonly ok: true; readonly event: ExchangedEvent }
  | { readonly ok: false; readonly reason: string };

const PAYLOAD = ',"payload":';

/**
 * Reads a line as `fleet export` writes it; never lenient, since what is taken in stays for ever. Types and versions that this
 * program does not know are taken as they are.
 */
export function parseLine(line: string): ParsedLine {
  // The first one is the event's own: inside of a JSON text each quotation mark has a backslash before it.
  const at = line.indexOf(PAYLOAD);
  if (at < 0 || !line.endsWith("}")) return refused("it is not a line of `fleet export`");
  const payload = line.slice(at + PAYLOAD.length, -1);
  let head: unknown;
  try {
    head = JSON.parse(`${line.slice(0, at)}}`);
    JSON.parse(payload);
  } catch (error) {
    return refused(`it is not JSON (${(error as Error).message})`);
  }
  return checkedEvent(head as Record<string, unknown>, payload);
}

const FIELDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  schema: (value) => value === LINE_SCHEMA,
  tenant_id: isName,
  host: isName,
  agent: (value) => value === null || isName(value),
  type: isName,
  schema_version: isCount,
  source: isName,
  precision: (value) => value === "s" || value === "ms" || value === "us",
  occurred_at: (value) => microsOf(value) !== null,
  recorded_at: (value) => microsOf(value) !== null,
  origin_log: (value) => typeof value === "string" && /^[0-9A-Za-z._-]{1,64}$/.test(value),
  origin_seq: isCount,
};
const FIELD_NAMES = Object.keys(FIELDS);

function checkedEvent(head: Record<string, unknown>, payload: string): ParsedLine {
  for (const field of FIELD_NAMES)
    if (!FIELDS[field]?.(head[field])) return refused(`${field} is ${shown(head[field])}`);
  const unknown = Object.keys(head).find((field) => FIELDS[field] === undefined);
  if (unknown !== undefined) return refused(`it has a field ${shown(unknown)}, which would be lost`);
  const occurredAtUs = microsOf(head.occurred_at) as number;
  const recordedAtUs = microsOf(head.recorded_at) as number;
  return {
    ok: true,
    event: {
      tenantId: head.tenant_id as string,
      host: head.host as string,
      agent: head.agent as string | null,
      type: head.type as string,
      schemaVersion: head.schema_version as number,
      source: head.source as string,
      precision: head.precision as Precision,
      occurredAtUs,
      recordedAtUs,
      originLog: head.origin_log as string,
      originSeq: head.origin_seq as number,
      payload,
    },
  };
}

/** SQLite keeps text as UTF-8, where half a surrogate pair has no place. */
function isName(value: unknown): boolean {
  return typeof value === "string" && value !== "" && Buffer.from(value).toString() === value;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

const ISO = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,6}))?Z$/;

/** Null for what is no moment (2026-02-30), or not written as one. */
export function microsOf(text: unknown): number | null {
  const match = typeof text === "string" ? ISO.exec(text) : null;
  if (match === null) return null;
  const dayUs = dayUsOf(match[1] as string);
  if (dayUs === null) return null;
  const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4]);
  return dayUs + seconds * 1_000_000 + Number((match[5] ?? "").padEnd(6, "0"));
}

/** The days that were read last: a log's lines are of few, one after another. */
const days = new Map<string, number | null>();

function dayUsOf(date: string): number | null {
  const known = days.get(date);
  if (known !== undefined) return known;
  const ms = Date.parse(`${date}T00:00:00Z`);
  const us = Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(date) ? null : ms * 1000;
  if (days.size >= 64) days.clear();
  days.set(date, us);
  return us;
}

function refused(reason: string): ParsedLine {
  return { ok: false, reason };
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}

/** A line is text, or it is damaged: U+FFFD stands for bytes that are none. */
export function textOfLine(bytes: Buffer): string | null {
  const text = bytes.toString("utf8");
  return text.includes("\ufffd") && !isUtf8(bytes) ? null : text;
}

import { isUtf8 } from "node:buffer";
import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { Precision } from "../../store/events/envelope.ts";
import { quoted } from "../printable.ts";
import { parseInstant } from "./instant.ts";

/** A heartbeat file is one short line or a few; more than this is something else under that name. */
export const MAX_BEAT_BYTES = 4096;
/** Additive keys that are kept; the event says how many more there were. */
export const MAX_EXTRA_KEYS = 24;
/** The log's bound for a short text. */
const MAX_VALUE_CHARS = 256;
/** Linux never gives out a pid above 2^22; this is what fits a pid_t. */
const MAX_PID = 2_147_483_647;

/** What a beat says by itself; `pidStart` is looked up in /proc by whoever read the file. */
export type BeatPayload = Omit<PayloadOf<"heartbeat.received">, "pidStart">;

export type ParsedBeat =
  | {
      readonly ok: true;
      readonly occurredAtUs: number;
      readonly precision: Precision;
      readonly payload: BeatPayload;
    }
  | { readonly ok: false; readonly reason: string };

/**
 * Parses one heartbeat file, protocol v1: `ts=<iso8601> pid=<pid> status=<word>` and additive keys, separated by blanks
 * or newlines, in any order. It is taken whole or refused with a reason: of a damaged beat nobody knows which part is true.
 * A key given twice is refused too, since two `ts` cannot both be the time. Unknown keys are kept in `extra`.
 */
export function parseBeat(input: Uint8Array | string): ParsedBeat {
  const bytes = typeof input === "string" ? Buffer.from(input) : input;
  if (bytes.length > MAX_BEAT_BYTES) return no(`${bytes.length} bytes, more than ${MAX_BEAT_BYTES}`);
  if (bytes.includes(0)) return no("holds a NUL byte");
  if (!isUtf8(bytes)) return no("is not UTF-8 text");
  const words = Buffer.from(bytes)
    .toString("utf8")
    .split(/[ \t\r\n]+/)
    .filter((word) => word !== "");
  if (words.length === 0) return no(bytes.length === 0 ? "is empty" : "holds only blanks");

  const values = new Map<string, string>();
  for (const word of words) {
    const pair = WORD.exec(word);
    if (pair === null) return no(`${quoted(word)} is not key=value`);
    const [, key, value] = pair as unknown as [string, string, string];
    if (CONTROL.test(value)) return no(`the value of ${quoted(key)} holds a control character`);
    if (values.has(key)) return no(`${quoted(key)} is given twice`);
    values.set(key, value);
  }
  return beatOf(values);
}

// `__proto__` is no key: it would not survive as a property of the event.
const WORD = /^(?!__proto__=)([A-Za-z_][A-Za-z0-9_.-]{0,63})=(.*)$/su;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

function beatOf(values: Map<string, string>): ParsedBeat {
  const ts = values.get("ts");
  const pidText = values.get("pid");
  const status = values.get("status");
  if (ts === undefined) return no("has no ts=");
  if (pidText === undefined) return no("has no pid=");
  if (status === undefined) return no("has no status=");
  const instant = parseInstant(ts);
  if (!instant.ok) return instant;
  const pid = /^[1-9]\d{0,9}$/.test(pidText) ? Number(pidText) : 0;
  if (pid < 1 || pid > MAX_PID) return no(`pid ${quoted(pidText)} is not a process id`);
  // Later versions may know further words for the status; what is not a word is not one.
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,31}$/.test(status)) return no(`status ${quoted(status)} is not a word`);

  const source = values.get("source");
  const evidence = source === undefined ? "runtime" : evidenceOf(source);
  for (const key of ["ts", "pid", "status"]) values.delete(key);
  if (source === evidence) values.delete("source");
  const extra = extraOf(values);
  const payload = { pid, status, evidence, ...(extra === undefined ? {} : { extra }) };
  return { ok: true, occurredAtUs: instant.atUs, precision: instant.precision, payload };
}

/** Where a beat does not say how it came about in a word we know, it is taken for the weakest kind of evidence. */
function evidenceOf(source: string): BeatPayload["evidence"] {
  return source === "runtime" || source === "hook" ? source : "sidecar";
}

const KNOWN_EXTRAS = ["probe", "ack", "model", "task", "seq", "source"];

/** Known additive keys first, then unknown ones as they come, bounded in number and length; `+` counts those left out. */
function extraOf(values: Map<string, string>): Record<string, string> | undefined {
  if (values.size === 0) return undefined;
  const known = KNOWN_EXTRAS.filter((key) => values.has(key));
  const keys = [...known, ...[...values.keys()].filter((key) => !known.includes(key))];
  const kept = keys.slice(0, MAX_EXTRA_KEYS).map((key) => [key, bounded(values.get(key) ?? "")] as const);
  const left = keys.length - kept.length;
  return Object.fromEntries(left === 0 ? kept : [...kept, ["+", `${left} more`]]);
}

function bounded(value: string): string {
  if (value.length <= MAX_VALUE_CHARS) return value;
  // A cut in the middle of a surrogate pair would leave half a character.
  return `${value.slice(0, MAX_VALUE_CHARS - 3).replace(/[\ud800-\udbff]$/, "")}...`;
}

function no(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}

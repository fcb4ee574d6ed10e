import type { ExchangedEvent, LineNames, ParsedLine } from "./exchange.ts";
import { lineStart, microsOf, parseLine } from "./exchange.ts";

/** An event of a line. Lines of one series, as they are written, bring the very same `names`. */
export interface ReadEvent extends Omit<ExchangedEvent, keyof LineNames> {
  readonly names: LineNames;
}

export type ReadLine =
  | { readonly ok: true; readonly event: ReadEvent }
  | Extract<ParsedLine, { readonly ok: false }>;

/** What has been read of lines that begin so. */
interface Known {
  readonly names: LineNames;
  /** The last payloads that were found good. */
  readonly payloads: string[];
}

const OCCURRED = ',"occurred_at":"';
const ISO = "\\d{4}-\\d{2}-\\d{2}T[\\d:]{8}(?:\\.\\d{1,6})?Z";
/** All that may stand between the names and the payload, letter for letter as it is written. */
const REST = new RegExp(
  `(${ISO})","recorded_at":"(${ISO})","origin_log":"([0-9A-Za-z._-]{1,64})","origin_seq":([1-9]\\d{0,14}),"payload":`,
  "y",
);
/** `ok` and `busy` take turns. Longer ones repeat seldom and are not held in memory for it. */
const SLOTS = 4;
const LONGEST = 1024;

/**
 * Reads the lines of an import as `parseLine` does. Most begin, letter for letter, as an earlier one of their series did, and say what one before
 * them said: of those only what is new is looked at. `check` says what is wrong with a payload, else null.
 */
export function openLineReader(
  check: (names: LineNames, payload: string) => string | null,
): (line: string) => ReadLine {
  const known = new Map<string, Known>();
  return (line) => {
    const at = line.indexOf(OCCURRED);
    const start = at < 0 ? "" : line.slice(0, at + OCCURRED.length);
    let series = known.get(start);
    let event = series === undefined ? null : quickly(line, start.length, series.names);
    if (event === null) {
      const parsed = parseLine(line);
      if (!parsed.ok) return parsed;
      series = { names: namesOf(parsed.event), payloads: [] };
      if (lineStart(series.names) === start) series = remembered(known, start, series);
      event = { ...parsed.event, names: series.names };
    }
    const { names, payloads } = series as Known;
    if (!payloads.includes(event.payload)) {
      const reason = check(names, event.payload);
      if (reason !== null) return { ok: false, reason };
      if (payloads.length === SLOTS) payloads.shift();
      if (event.payload.length <= LONGEST) payloads.push(event.payload);
    }
    return { ok: true, event };
  };
}

function remembered(known: Map<string, Known>, start: string, series: Known): Known {
  const before = known.get(start);
  if (before === undefined) known.set(start, series);
  return before ?? series;
}

/** Null: it does not go on as it is written, and has to be read whole. */
function quickly(line: string, from: number, names: LineNames): ReadEvent | null {
  REST.lastIndex = from;
  const rest = REST.exec(line);
  if (rest === null || !line.endsWith("}")) return null;
  const [occurredAtUs, recordedAtUs] = [microsOf(rest[1]), microsOf(rest[2])];
  if (occurredAtUs === null || recordedAtUs === null) return null;
  return {
    names,
    occurredAtUs,
    recordedAtUs,
    originLog: rest[3] as string,
    originSeq: Number(rest[4]),
    payload: line.slice(REST.lastIndex, -1),
  };
}

function namesOf(event: ExchangedEvent): LineNames {
  const { tenantId, host, agent, type, schemaVersion, source, precision } = event;
  return { tenantId, host, agent, type, schemaVersion, source, precision };
}

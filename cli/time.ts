/** What a person meant by a moment: an instant, or a place in the log. */
export type Moment =
  | {
      readonly ok: true;
      readonly kind: "instant";
      readonly atUs: number;
      /** When clocks here showed the same time again, where they did. */
      readonly againUs?: number;
    }
  | { readonly ok: true; readonly kind: "seq"; readonly seq: number }
  | { readonly ok: false; readonly reason: string };

export interface Here {
  readonly nowUs: number;
  /** Local time minus UTC at an instant, in milliseconds: the time zone, as a function. */
  readonly offsetMs: (utcMs: number) => number;
}

/** The zone of this process. */
export function localOffsetMs(utcMs: number): number {
  return -new Date(utcMs).getTimezoneOffset() * 60_000;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ms: 0.001,
  msec: 0.001,
  millisecond: 0.001,
  s: 1,
  sec: 1,
  second: 1,
  m: 60,
  min: 60,
  minute: 60,
  h: 3600,
  hour: 3600,
  d: 86_400,
  day: 86_400,
  w: 604_800,
  week: 604_800,
};

/**
 * How many seconds a unit has; undefined: it is none. Only a word has a plural: `ms` is no two of `m`. `M` is a month to some and a minute to
 * others, so it is neither.
 */
function secondsOf(unit: string): number | undefined {
  if (/^M/.test(unit) && unit.length <= 2) return undefined;
  const name = unit.toLowerCase();
  return UNIT_SECONDS[name.length > 3 ? name.replace(/s$/, "") : name];
}

/**
 * Reads a moment: `#1234`; `now`; how long ago (`2h`, `1d12h`, `500ms`, `90 min ago`); a clock time of a day (`14:00`, `14:00:07.5`, `02:30+01:00`, `yesterday 14:00`,
 * `today`); ISO 8601 (`2026-06-21`, `2026-06-21T03:10:00.5+02:00`, also with a space; local time without an offset).
 * A local time that the clocks skipped does not exist and is refused; one that they passed twice means the first time, and says when the second was.
 */
export function parseMoment(text: string, here: Here): Moment {
  const input = text.trim();
  const seq = /^#(\d{1,15})$/.exec(input);
  if (seq) return { ok: true, kind: "seq", seq: Number(seq[1]) };
  if (/^now$/i.test(input)) return instant(here.nowUs);
  return (
    agoMoment(input, here) ??
    dayMoment(input, here) ??
    isoMomentOf(input, here) ?? { ok: false, reason: NOT_A_TIME }
  );
}

const NOT_A_TIME =
  "expected ISO 8601 (2026-06-21T03:10Z), how long ago (2h, 1d12h, 500ms), a clock time (14:00, yesterday 14:00) or an event (#1234)";

function agoMoment(input: string, { nowUs }: Here): Moment | null {
  const match = /^((?:\d+(?:\.\d+)?\s*[a-z]+\s*)+?)(?:\s*ago)?$/i.exec(input);
  if (match === null) return null;
  let seconds = 0;
  for (const [, count, unit = ""] of (match[1] ?? "").matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)) {
    const size = secondsOf(unit);
    if (size === undefined)
      return { ok: false, reason: `${JSON.stringify(unit)} is not a unit of time (ms, s, min, h, d, w)` };
    seconds += Number(count) * size;
  }
  const atUs = nowUs - Math.round(seconds * 1e6);
  return atUs < 0 ? { ok: false, reason: "that is before 1970" } : instant(atUs);
}

function dayMoment(input: string, here: Here): Moment | null {
  const match = CLOCK.exec(input);
  if (match === null || input === "") return null;
  const [, day, hour = "0", minute = "0", second = "0", fraction = "", offset] = match;
  const nowMs = here.nowUs / 1000;
  const local = new Date(nowMs + here.offsetMs(nowMs));
  const back = day?.toLowerCase() === "yesterday" ? 1 : 0;
  const fields: LocalFields = {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate() - back,
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    fractionUs: fractionUs(fraction),
  };
  return offset === undefined ? localMoment(fields, here) : momentAt(fields, offset);
}

const CLOCK =
  /^(?:(today|yesterday)(?:\s+|$))?(?:(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;

function isoMomentOf(input: string, here: Here): Moment | null {
  const match = ISO.exec(input);
  if (match === null) return null;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", offset] = match;
  const fields: LocalFields = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    fractionUs: fractionUs(fraction),
  };
  if (
    fields.month < 1 ||
    fields.month > 12 ||
    fields.day < 1 ||
    fields.day > daysIn(fields.year, fields.month)
  ) {
    return { ok: false, reason: `there is no day ${year}-${month}-${day}` };
  }
  return offset === undefined ? localMoment(fields, here) : momentAt(fields, offset);
}

/** What clocks so far from UTC show. */
function momentAt(fields: LocalFields, offset: string): Moment {
  const wrong = clockProblem(fields);
  if (wrong !== null) return { ok: false, reason: wrong };
  const digits = offset.toUpperCase() === "Z" ? "+0000" : offset.replace(":", "").padEnd(5, "0");
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5));
  if (Number(digits.slice(1, 3)) > 23 || minutes % 60 !== Number(digits.slice(3, 5)))
    return { ok: false, reason: `there is no offset ${offset}; expected one like +02:00` };
  const sign = digits.startsWith("-") ? -1 : 1;
  return instant((asUtcMs(fields) - sign * minutes * 60_000) * 1000 + fields.fractionUs);
}

/** What is finer than a microsecond is no part of any moment here. */
function fractionUs(digits: string): number {
  return Number(digits.padEnd(6, "0").slice(0, 6));
}

interface LocalFields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly fractionUs: number;
}

/** The first instant at which clocks here showed these fields. */
function localMoment(fields: LocalFields, { offsetMs }: Here): Moment {
  const wrong = clockProblem(fields);
  if (wrong !== null) return { ok: false, reason: wrong };
  const shown = asUtcMs(fields);
  // No zone is a day away from UTC and none changes twice within two days, so these are all offsets that can apply.
  const candidates = [offsetMs(shown - 86_400_000), offsetMs(shown + 86_400_000)]
    .map((offset) => shown - offset)
    .filter((utcMs) => utcMs + offsetMs(utcMs) === shown)
    .sort((a, b) => a - b);
  const [first, again] = [...new Set(candidates)];
  if (first === undefined)
    return { ok: false, reason: "clocks here skipped that time; give an offset (+02:00)" };
  const found = instant(first * 1000 + fields.fractionUs);
  return again !== undefined && found.ok && found.kind === "instant"
    ? { ...found, againUs: again * 1000 + fields.fractionUs }
    : found;
}

function clockProblem({ hour, minute, second }: LocalFields): string | null {
  const two = (value: number): string => String(value).padStart(2, "0");
  return hour > 23 || minute > 59 || second > 59
    ? `there is no time ${two(hour)}:${two(minute)}:${two(second)}`
    : null;
}

function asUtcMs({ year, month, day, hour, minute, second }: LocalFields): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, 0);
  return date.getTime();
}

function daysIn(year: number, month: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, 0);
  return date.getUTCDate();
}

function instant(atUs: number): Moment {
  return atUs < 0
    ? { ok: false, reason: "that is before 1970" }
    : { ok: true, kind: "instant", atUs: Math.round(atUs) };
}

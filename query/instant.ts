const DAY_MS = 86_400_000;
/** From 1 March of the year 0 to 1 January 1970, in days: counted from a March, a leap day is the last of its year. */
const DAYS_TO_1970 = 719_468;
const DAYS_IN_400_YEARS = 146_097;

/** The last instants that were written out: the cells of a table have few between them. */
const written = new Map<number, string>();
const REMEMBERED = 64;
let lastDay = Number.NaN;
let lastDate = "";

/**
 * Microseconds since the epoch as ISO 8601, the form of every JSON document: with milliseconds, and to the microsecond where there are any. Cut off it
 * would name a moment before its own, at which something else was so.
 */
export function exactIsoOf(atUs: number): string {
  let text = written.get(atUs);
  if (text === undefined) {
    const wholeUs = Math.floor(atUs);
    const atMs = Math.floor(wholeUs / 1000);
    const rest = wholeUs - atMs * 1000;
    text = iso(atMs);
    if (rest !== 0) text = `${text.slice(0, -1)}${three(rest)}Z`;
    if (written.size >= REMEMBERED) written.clear();
    written.set(atUs, text);
  }
  return text;
}

export function exactIsoOrNull(atUs: number | null | undefined): string | null {
  return atUs === null || atUs === undefined ? null : exactIsoOf(atUs);
}

/** The instant that one of these texts states, in microseconds, which `Date` does not hold. */
export function exactUsOf(iso: string): number {
  const micros = /\.\d{3}(\d{3})Z$/.exec(iso)?.[1];
  return Date.parse(iso) * 1000 + Number(micros ?? 0);
}

/** Reckoned here: the first `toISOString` of a process looks up the machine's time zone, which it then has no use for, for 0.2 ms. */
function iso(atMs: number): string {
  const day = Math.floor(atMs / DAY_MS);
  if (day !== lastDay) {
    const date = dateOf(day);
    // Years that are not written with four digits, and what is no instant, are left to the one who knows.
    if (date === null) return new Date(atMs).toISOString();
    [lastDay, lastDate] = [day, date];
  }
  const ms = atMs - day * DAY_MS;
  const [hours, minutes] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60];
  const [seconds, rest] = [Math.floor(ms / 1000) % 60, ms % 1000];
  return `${lastDate}T${two(hours)}:${two(minutes)}:${two(seconds)}.${three(rest)}Z`;
}

/** The Gregorian date of a day since 1970. */
function dateOf(day: number): string | null {
  const since = day + DAYS_TO_1970;
  const era = Math.floor(since / DAYS_IN_400_YEARS);
  const dayOfEra = since - era * DAYS_IN_400_YEARS;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const date = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  if (!(year >= 0 && year <= 9999)) return null;
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(date)}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function three(value: number): string {
  return value < 100 ? `0${two(value)}` : String(value);
}

/** A length of time in seconds, as JSON has it. */
export function secondsOrNull(us: number | null): number | null {
  return us === null ? null : us / 1e6;
}

import type { Precision } from "../../store/events/envelope.ts";
import { quoted } from "../printable.ts";

export type ParsedInstant =
  | { readonly ok: true; readonly atUs: number; readonly precision: Precision }
  | { readonly ok: false; readonly reason: string };

// GNU `date -Ins` writes a comma before the fraction, `date +%z` an offset without a colon; both are ISO 8601.
const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?(?:(Z)|([+-])(\d{2}):?(\d{2})?)$/;

/** Later years would leave the range in which microseconds are exact as a JS number. */
const LAST_YEAR = 2199;

/**
 * An ISO 8601 date and time with an offset, as microseconds since the epoch. `Date.parse` is not asked: it takes
 * `2026-02-31`, bare dates and prose. What is finer than a microsecond is cut off. Precision is what was written:
 * no fraction `s`, up to three digits `ms`, more `us`.
 */
export function parseInstant(text: string): ParsedInstant {
  const match = INSTANT.exec(text);
  if (match === null) {
    return no(`ts ${quoted(text)} is not an ISO 8601 date and time with an offset (Z, +00:00, +0000)`);
  }
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as Numbers6;
  if (year < 1970 || year > LAST_YEAR) return no(`ts ${quoted(text)} is not between 1970 and ${LAST_YEAR}`);
  const date = new Date(Date.UTC(year, month - 1, day));
  const realDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  const offsetHour = Number(match[10] ?? 0);
  const offsetMinute = Number(match[11] ?? 0);
  // A leap second (:60) has no place on the clock that everything here is measured by.
  if (!realDay || hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) {
    return no(`ts ${quoted(text)} names a day or hour that does not exist`);
  }
  const fraction = match[7] ?? "";
  const offsetUs = (match[9] === "-" ? -1 : 1) * (offsetHour * 3600 + offsetMinute * 60) * 1_000_000;
  const atUs =
    (date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000) * 1000 +
    Number(fraction.slice(0, 6).padEnd(6, "0")) -
    offsetUs;
  if (atUs < 0) return no(`ts ${quoted(text)} is not between 1970 and ${LAST_YEAR}`);
  return { ok: true, atUs, precision: fraction === "" ? "s" : fraction.length <= 3 ? "ms" : "us" };
}

type Numbers6 = [number, number, number, number, number, number];

function no(reason: string): ParsedInstant {
  return { ok: false, reason };
}

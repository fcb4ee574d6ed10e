import { exactIsoOf } from "../../query/instant.ts";

const two = (value: number): string => String(value).padStart(2, "0");

/** An instant as people here read it: local time, `2026-06-21 03:10:00`. `Intl` would cost 15 ms of every start. */
export function formatMoment(atUs: number): string {
  const date = new Date(atUs / 1000);
  if (Number.isNaN(date.getTime())) return "an impossible time";
  const day = `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${formatClock(atUs)}`;
}

/** Local time of day, `03:10:00`. */
export function formatClock(atUs: number): string {
  const date = new Date(atUs / 1000);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `03:10:00` for a moment of the same local day as `nowUs`, else with its date. */
export function formatNear(atUs: number, nowUs: number): string {
  const [date, now] = [new Date(atUs / 1000), new Date(nowUs / 1000)];
  const sameDay =
    date.getFullYear() === now.getFullYear() &&
    date.getMonth() === now.getMonth() &&
    date.getDate() === now.getDate();
  return sameDay ? formatClock(atUs) : formatMoment(atUs);
}

/** The instant as JSON shows it; microseconds are kept where there are any. */
export function isoMoment(atUs: number): string {
  return exactIsoOf(atUs);
}

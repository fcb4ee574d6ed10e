import { exactIsoOf } from "../../query/instant.ts";

const two = (value: number): string => String(value).padStart(2, "0");

/** An instant as people here read it: local time, `2026-06-21 03:10:00` (see `formatClock`). `Intl` would cost 15 ms of every start. */
export function formatMoment(atUs: number): string {
  const date = new Date(atUs / 1000);
  if (Number.isNaN(date.getTime())) return "an impossible time";
  const day = `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${formatClock(atUs)}`;
}

/** Local time of day, `03:10:00`; of an hour that clocks here pass twice with its offset, `02:30:00+02:00`, which says which of the two. */
export function formatClock(atUs: number): string {
  const date = new Date(atUs / 1000);
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return isTwice(date) ? clock + offsetOf(date) : clock;
}

/** The same as exact as it is known, for two moments that would read alike: `2026-06-21 03:10:00.042`. */
export function formatExactly(atUs: number): string {
  const fraction = String(((atUs % 1e6) + 1e6) % 1e6)
    .padStart(6, "0")
    .replace(/^(\d{3})000$/, "$1");
  return formatMoment(atUs).replace(/(\d\d:\d\d:\d\d)/, `$1.${fraction}`);
}

/** Two moments as they are told side by side: in whole seconds, unless that hides that one is after the other. */
export function formatterFor(oneUs: number, otherUs: number): (atUs: number) => string {
  return oneUs !== otherUs && Math.abs(otherUs - oneUs) < 1e6 ? formatExactly : formatMoment;
}

/** The same without seconds, for an axis. */
export function withoutSeconds(moment: string): string {
  return moment.replace(/(\d\d:\d\d):\d\d(?=$|[+-])/, "$1");
}

/** Whether clocks here show this time at another moment, too. No zone changes twice within two days. */
function isTwice(date: Date): boolean {
  const offset = date.getTimezoneOffset();
  return [-DAY_MS, DAY_MS].some((away) => {
    const other = new Date(date.getTime() + away).getTimezoneOffset();
    if (other === offset) return false;
    return new Date(date.getTime() + (other - offset) * 60_000).getTimezoneOffset() === other;
  });
}

const DAY_MS = 86_400_000;

function offsetOf(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
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

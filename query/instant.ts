/** The last instants that were written out: the cells of a table have few between them, and each costs a start 2 us to write. */
const written = new Map<number, string>();
const REMEMBERED = 64;

/** Microseconds since the epoch as ISO 8601 with milliseconds, the form of every JSON document. */
export function isoOf(atUs: number): string {
  const atMs = Math.floor(atUs / 1000);
  let text = written.get(atMs);
  if (text === undefined) {
    text = new Date(atMs).toISOString();
    if (written.size >= REMEMBERED) written.clear();
    written.set(atMs, text);
  }
  return text;
}

export function isoOrNull(atUs: number | null | undefined): string | null {
  return atUs === null || atUs === undefined ? null : isoOf(atUs);
}

/** The same to the microsecond, where there are any: for answers that are exact to it. */
export function exactIsoOf(atUs: number): string {
  const text = isoOf(atUs);
  const rest = ((Math.floor(atUs) % 1000) + 1000) % 1000;
  return rest === 0 ? text : `${text.slice(0, -1)}${String(rest).padStart(3, "0")}Z`;
}

export function exactIsoOrNull(atUs: number | null): string | null {
  return atUs === null ? null : exactIsoOf(atUs);
}

/** The instant that one of these texts states, in microseconds, which `Date` does not hold. */
export function exactUsOf(iso: string): number {
  const micros = /\.\d{3}(\d{3})Z$/.exec(iso)?.[1];
  return Date.parse(iso) * 1000 + Number(micros ?? 0);
}

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

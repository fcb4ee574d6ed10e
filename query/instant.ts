/** Microseconds since the epoch as ISO 8601 with milliseconds, the form of every JSON document. */
export function isoOf(atUs: number): string {
  return new Date(Math.floor(atUs / 1000)).toISOString();
}

export function isoOrNull(atUs: number | null | undefined): string | null {
  return atUs === null || atUs === undefined ? null : isoOf(atUs);
}

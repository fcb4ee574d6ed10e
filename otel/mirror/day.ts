/** Days are UTC days: the same for every host and every reader. */
export const DAY_US = 86_400_000_000;

export function dayStartUs(atUs: number): number {
  return Math.floor(atUs / DAY_US) * DAY_US;
}

let named = { startUs: Number.NaN, name: "" };

/** `2026-06-21`. The last one is remembered: most that is asked for is of one day, and making it costs as much as a span. */
export function dayName(atUs: number): string {
  const startUs = dayStartUs(atUs);
  if (startUs !== named.startUs)
    named = { startUs, name: new Date(startUs / 1000).toISOString().slice(0, 10) };
  return named.name;
}

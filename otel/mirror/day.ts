/** Days are UTC days: the same for every host and every reader. */
export const DAY_US = 86_400_000_000;

export function dayStartUs(atUs: number): number {
  return Math.floor(atUs / DAY_US) * DAY_US;
}

/** `2026-06-21` */
export function dayName(atUs: number): string {
  return new Date(dayStartUs(atUs) / 1000).toISOString().slice(0, 10);
}

/** `4.2 s`, `42 s`, `3 min 12 s`, `2 h 5 min`, `3 d 4 h`: two units at most, never rounded up to more than has passed. */
export function formatDuration(seconds: number): string {
  if (seconds < 0) return `-${formatDuration(-seconds)}`;
  if (seconds < 10) return `${(Math.floor(seconds * 10) / 10).toFixed(1)} s`;
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return two(whole, 60, "min", 1, "s");
  if (whole < 86_400) return two(whole, 3600, "h", 60, "min");
  return two(whole, 86_400, "d", 3600, "h");
}

/** The same in one unit, for a column: `4 s`, `3 min`, `2 h`, `3 d`. */
export function formatAge(seconds: number): string {
  if (seconds < 0) return `-${formatAge(-seconds)}`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

function two(seconds: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % big) / small);
  const first = `${Math.floor(seconds / big)} ${bigName}`;
  return rest === 0 ? first : `${first} ${rest} ${smallName}`;
}

/**
 * A length between two exact moments, also where it is some ms. Verdicts turn one microsecond after a deadline, which is no part of what a person
 * is told.
 */
export function formatLength(us: number): string {
  if (us >= 1000 && us < 100_000) return `${Math.floor(us / 1000)} ms`;
  return formatDuration(Math.round(us / 1000) / 1000);
}

import { formatLength } from "./duration.ts";
import { formatExactly, formatMoment, formatNear } from "./moment.ts";

/** What of the window the command line said. */
export interface SaidWindow {
  readonly since: boolean;
  /** Also by --at. */
  readonly until: boolean;
}

/** A window in words: `in the last 24 h`, `since yesterday's date`, `between A and B`. Times in microseconds. */
export function formatWindow(fromUs: number, toUs: number, said: SaidWindow): string {
  if (said.until && toUs - fromUs < 1e6) return `between ${formatExactly(fromUs)} and ${formatExactly(toUs)}`;
  if (said.until) return `between ${formatMoment(fromUs)} and ${formatNear(toUs, fromUs)}`;
  if (said.since && toUs - fromUs < 1e6) return `since ${formatExactly(fromUs)}`;
  return said.since ? `since ${formatNear(fromUs, toUs)}` : `in the last ${formatSpan(toUs - fromUs)}`;
}

/** After a length that is cut off by the window's end: whoever asks up to now is told of now. */
export function goingOn(toUs: number, atUs: number): string {
  return toUs >= atUs ? " so far" : " to the window's end";
}

/** A day is 24 h to whoever asks for the last one. */
export function formatSpan(us: number): string {
  const hours = us / 3_600_000_000;
  return hours <= 24 && hours >= 1 && Number.isInteger(hours) ? `${hours} h` : formatLength(us);
}

/** What is told of time of which there is no verdict: nobody declared it then, or no session was there that nobody declared. */
export function offRoster(isStray: boolean): string {
  return isStray ? "not there" : "off the roster";
}

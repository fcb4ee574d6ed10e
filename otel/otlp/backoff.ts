const FIRST_MS = 500;
const LONGEST_MS = 60_000;
/** A receiver may ask for more patience than that, but not for a week by a slip of its clock. */
const LONGEST_ASKED_MS = 600_000;

/**
 * How long to wait before try number `attempt` (1: the first repeat): twice as long each time up to a minute, of which a random half
 * is waited, so that many mirrors do not come back at the same moment; and never before the receiver said.
 */
export function waitMs(attempt: number, askedMs: number | null, random: () => number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1));
  const own = ceiling / 2 + random() * (ceiling / 2);
  return askedMs === null ? own : Math.max(own, Math.min(askedMs, LONGEST_ASKED_MS));
}

import type { FoldEvent } from "../../store/projection.ts";

/** How much a time that was stated so leaves open. */
export const WITHIN_US = { s: 1_000_000, ms: 1_000, us: 1 } as const;

/** By when an event had happened at the latest: what is told in whole seconds lies within its second, and before it was written down. */
export function happenedByUs({
  occurredAtUs,
  precision,
  recordedAtUs,
}: Pick<FoldEvent, "occurredAtUs" | "precision" | "recordedAtUs">): number {
  return endOfUnitUs({ atUs: occurredAtUs, withinUs: WITHIN_US[precision], recordedAtUs });
}

/** The same of what is told within so much. */
export function endOfUnitUs(told: {
  readonly atUs: number;
  readonly withinUs: number;
  readonly recordedAtUs: number;
}): number {
  const { atUs, withinUs, recordedAtUs } = told;
  if (withinUs === WITHIN_US.us) return atUs;
  // It may have been set to the last beat of its second, of which the rest is left.
  return Math.min(Math.floor(atUs / withinUs) * withinUs + withinUs, recordedAtUs);
}

import type { UnitDocument } from "../planes/documents.ts";
import type { Spans } from "./span.ts";
import { gapsBetween } from "./span.ts";
import type { Timeline } from "./timeline.ts";
import { always, endOf, pieceAt, setWithin } from "./timeline.ts";

/**
 * When a unit's state is known: while systemd is watched; across a gap where the same invocation is in the same state at
 * both ends; and from systemd's own StateChangeTimestamp on, where the look that ends the gap still finds it so.
 */
export function unitKnown(unit: Timeline<UnitDocument | undefined>, covered: Spans): Timeline<boolean> {
  const known = always(false);
  for (const { fromUs, toUs } of covered) setWithin(known, fromUs, toUs, true);
  for (const gap of gapsBetween(covered)) {
    const before = unit.values[pieceAt(unit, gap.fromUs - 1)];
    const after = gap.toUs < Infinity ? unit.values[pieceAt(unit, gap.toUs)] : undefined;
    const bracketed = isSameRun(before, after);
    for (let piece = pieceAt(unit, gap.fromUs); piece < unit.values.length; piece++) {
      const beginsUs = unit.fromUs[piece] as number;
      if (beginsUs >= gap.toUs) break;
      const document = unit.values[piece];
      const fromUs = Math.max(beginsUs, gap.fromUs);
      const lasts = gap.toUs < Infinity && endOf(unit, piece) > gap.toUs;
      const dated = document !== undefined && document.unit.sinceUs === document.atUs;
      if ((dated && lasts && beginsUs >= gap.fromUs) || (bracketed && isSameRun(document, before)))
        setWithin(known, fromUs, Math.min(endOf(unit, piece), gap.toUs), true);
    }
  }
  return known;
}

/** Without an invocation or a time of its last change a unit has no identity that a gap could be bridged by. */
function isSameRun(a: UnitDocument | undefined, b: UnitDocument | undefined): boolean {
  if (!a || !b || (a.unit.invocationId === null && a.unit.sinceUs === null)) return false;
  const facts = ["invocationId", "sinceUs", "load", "active", "sub", "result"] as const;
  return facts.every((fact) => a.unit[fact] === b.unit[fact]);
}

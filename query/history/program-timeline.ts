import type { ProcessDocument } from "../planes/documents.ts";
import type { Spans } from "./span.ts";
import { gapsBetween } from "./span.ts";
import type { Timeline } from "./timeline.ts";
import { always, endOf, pieceAt, setWithin, valueAt } from "./timeline.ts";

/** When the program in a pane is known: while it is watched, and across a gap that the same process (by its pid) lived through. */
export function programKnown(
  process: Timeline<ProcessDocument | undefined>,
  covered: Spans,
): Timeline<boolean> {
  const known = always(false);
  for (const { fromUs, toUs } of covered) setWithin(known, fromUs, toUs, true);
  for (const { fromUs, toUs } of gapsBetween(covered)) {
    const piece = pieceAt(process, fromUs);
    const before = valueAt(process, fromUs - 1);
    const lasts = toUs < Infinity && endOf(process, piece) > toUs;
    if (lasts && before === process.values[piece] && before?.process.pid != null)
      setWithin(known, fromUs, toUs, true);
  }
  return known;
}

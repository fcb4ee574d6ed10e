import type { ChronicleView } from "../../store/chronicle-view.ts";
import type { Window } from "./sweep.ts";

/** Some megabytes, of whatever kind these events are. */
export const HELD_EVENTS = 4096;

/** See `Past.parts`. */
export function partsOf(view: ChronicleView, heldEvents: number): (window: Window) => Iterable<Window> {
  return function* ({ fromUs, toUs }) {
    const lastSeq = view.lastSeq();
    // Most that is asked about is the end of the log, and little.
    const farUs = view.recordedAtUs(Math.max(1, lastSeq - heldEvents)) ?? -Infinity;
    for (let beginsUs = fromUs; beginsUs < toUs; ) {
      const seq = farUs <= beginsUs ? lastSeq : view.seqAt(beginsUs) + heldEvents;
      const endsUs = seq >= lastSeq ? toUs : Math.min(view.recordedAtUs(seq) ?? Infinity, toUs);
      yield { fromUs: beginsUs, toUs: endsUs };
      beginsUs = endsUs;
    }
  };
}

/** A window in parts, so that one of a year is not held in memory. */
export function* daysOf({ fromUs, toUs }: Window): Generator<Window> {
  for (let beginsUs = fromUs; beginsUs < toUs; beginsUs += DAY_US)
    yield { fromUs: beginsUs, toUs: Math.min(beginsUs + DAY_US, toUs) };
}

const DAY_US = 86_400_000_000;

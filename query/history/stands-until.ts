import type { ChronicleView } from "../../store/chronicle-view.ts";
import { touchedFrom } from "./horizon.ts";

/** Until when what was settled stands: a recorder that lapsed unsaid, or a clock that was set back since, changes what lies after it. */
export function standsUntil(view: ChronicleView, lapsedAtUs: number | null, nowUs: number): number {
  return Math.min(lapsedFromUs(view, lapsedAtUs), steppedFromUs(view, nowUs));
}

/** One that lapsed as it began to watch has ended no gap. */
function lapsedFromUs(view: ChronicleView, lapsedAtUs: number | null): number {
  if (lapsedAtUs === null) return Infinity;
  return Math.min(...touchedFrom(view, [{ plane: "everything", fromUs: lapsedAtUs }]));
}

/** Where the clock reads less than at the last event, all that was told has happened by now: as if the recorder had said so. */
function steppedFromUs(view: ChronicleView, nowUs: number): number {
  const lastUs = view.recordedAtUs(view.lastSeq()) ?? -Infinity;
  if (nowUs >= lastUs) return Infinity;
  return Math.min(...touchedFrom(view, [{ plane: "everything", fromUs: nowUs }]));
}

import type { FoldEvent } from "../../store/projection.ts";

/**
 * The earliest moment about which an event can change what was said. Most speak of their own moment; who found that a recorder had
 * died speaks of its last sign of life, a source that answers again of all the time since it was last heard of.
 */
export function affectedFromUs<E extends FoldEvent>(
  event: E,
  previousWordOnScopeUs: (event: E) => number | null,
): number {
  const atUs = Math.min(event.occurredAtUs, event.recordedAtUs);
  const payload = event.payload as Record<string, unknown> | null;
  const stated = ["lastAliveUs", "fromUs", "from"].flatMap((field) => {
    const value = payload?.[field];
    return typeof value === "number" && event.source === "recorder" ? [value] : [];
  });
  if (event.type === "recorder.source.started" || event.type === "recorder.source.recovered") {
    const previousUs = previousWordOnScopeUs(event);
    if (previousUs !== null) stated.push(previousUs);
  }
  // A clock that was set back brings time that is lived twice; what the first time brought is told anew.
  if (event.type === "recorder.clock.stepped" && typeof payload?.byMs === "number")
    stated.push(atUs - Math.abs(payload.byMs) * 1000);
  return Math.min(atUs, ...stated);
}

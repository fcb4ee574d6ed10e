import type { StoredEvent } from "../../store/events/envelope.ts";
import type { FoldEvent } from "../../store/projection.ts";
import type { Reader } from "../../store/reader.ts";

/** So many words of recorders are looked back for the one before on the same scope. */
const LOOK_BACK = 256;

/** The earliest moment of which events up to `untilSeq` say something, of those that are newer than `afterSeq`; `elseUs` where none says of an earlier one. */
export function earliestSince(
  reader: Pick<Reader, "events" | "identity">,
  afterSeq: number,
  untilSeq: number,
  elseUs: number,
): number {
  const partition = reader.identity();
  const previousWordUs = (event: StoredEvent): number | null => {
    const words = { types: ["recorder.source."], beforeSeq: event.seq, newestFirst: true, limit: LOOK_BACK };
    for (const { payload, occurredAtUs } of reader.events({ ...partition, ...words }))
      if (isSameScope(payload, event.payload)) return occurredAtUs;
    return null;
  };
  let earliestUs = elseUs;
  for (const event of reader.events({ ...partition, afterSeq, beforeSeq: untilSeq + 1 }))
    earliestUs = Math.min(earliestUs, affectedFromUs(event, previousWordUs));
  return earliestUs;
}

/**
 * The earliest moment about which an event can change what was said. Most speak of their own moment; who found that a recorder had
 * died speaks of its last sign of life, a source that answers again of all the time since it was last heard of, and whoever adopts
 * rules says from when on they count.
 */
export function affectedFromUs<E extends FoldEvent>(
  event: E,
  previousWordOnScopeUs: (event: E) => number | null,
): number {
  const atUs = Math.min(event.occurredAtUs, event.recordedAtUs);
  const payload = event.payload as Record<string, unknown> | null;
  const isTimed = event.source === "recorder" || event.type === "rules.adopted";
  const stated = ["lastAliveUs", "fromUs", "from"].flatMap((field) => {
    const value = payload?.[field];
    return typeof value === "number" && isTimed ? [value] : [];
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

function isSameScope(a: unknown, b: unknown): boolean {
  const [one, other] = [a, b] as { source?: unknown; scope?: unknown }[];
  return one?.source === other?.source && one?.scope === other?.scope;
}

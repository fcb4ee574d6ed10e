import type { PayloadOf } from "../../store/events/catalogue.ts";
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
  const lastLooksUs = (scopes: readonly Scope[], beforeSeq: number): readonly number[] => {
    const words = { types: ["recorder.source.", SAMPLE], beforeSeq, newestFirst: true, limit: LOOK_BACK };
    let sought = scopes;
    const foundUs: number[] = [];
    for (const event of reader.events({ ...partition, ...words })) {
      const told = scopesOf(event);
      const left = sought.filter((scope) => !told.some((each) => isSame(each, scope)));
      if (left.length < sought.length) foundUs.push(event.occurredAtUs);
      sought = left;
      if (sought.length === 0) break;
    }
    return foundUs;
  };
  let earliestUs = elseUs;
  for (const event of reader.events({ ...partition, afterSeq, beforeSeq: untilSeq + 1 }))
    earliestUs = Math.min(
      earliestUs,
      affectedFromUs(event, (scopes) => lastLooksUs(scopes, event.seq)),
    );
  return earliestUs;
}

/**
 * The earliest moment about which an event can change what was said. Most speak of their own moment; who found that a recorder had
 * died speaks of its last sign of life, a source that answers again, or a one-shot look, of all the time since it was last heard of (a look
 * that ends a gap settles what is known of it), and whoever adopts rules says from when on they count.
 */
export function affectedFromUs(
  event: Pick<FoldEvent, "type" | "source" | "occurredAtUs" | "recordedAtUs" | "payload">,
  lastLooksUs: (scopes: readonly Scope[]) => readonly number[],
): number {
  const atUs = Math.min(event.occurredAtUs, event.recordedAtUs);
  const payload = event.payload as Record<string, unknown> | null;
  const isTimed = event.source === "recorder" || event.type === "rules.adopted";
  const stated = ["lastAliveUs", "fromUs", "from"].flatMap((field) => {
    const value = payload?.[field];
    return typeof value === "number" && isTimed ? [value] : [];
  });
  if (ENDS_A_GAP.has(event.type)) stated.push(...lastLooksUs(scopesOf(event)));
  // A clock that was set back brings time that is lived twice; what the first time brought is told anew.
  if (event.type === "recorder.clock.stepped" && typeof payload?.byMs === "number")
    stated.push(atUs - Math.abs(payload.byMs) * 1000);
  return Math.min(atUs, ...stated);
}

/** What is looked at: a source, and the socket or the like of which it tells. */
export interface Scope {
  readonly source: string;
  readonly scope: string;
}

const SAMPLE = "recorder.sample.taken";
const ENDS_A_GAP: ReadonlySet<string> = new Set([
  "recorder.source.started",
  "recorder.source.recovered",
  SAMPLE,
]);

/** Which scopes a word of a recorder is about. */
function scopesOf({ type, payload }: Pick<FoldEvent, "type" | "payload">): readonly Scope[] {
  return type === SAMPLE ? (payload as PayloadOf<typeof SAMPLE>).sources : [payload as Scope];
}

function isSame(a: Scope, b: Scope): boolean {
  return a.source === b.source && a.scope === b.scope;
}

import type { SpanRecord } from "../../../otel/mirror/span-record.ts";

export interface Believed {
  readonly fromUs: number;
  readonly toUs: number;
  readonly status: string;
  readonly reason: string | null;
}

/** What a reader of the traces holds for true of an agent's health: of each place the highest revision, unless it withdraws. */
export function believed(spans: readonly SpanRecord[], agent: string): Believed[] {
  const newest = new Map<number, SpanRecord>();
  for (const span of spans) {
    if (span.agent !== agent || span.attributes["fleet.health.state"] === undefined) continue;
    const before = newest.get(span.fromUs);
    const revision = (of: SpanRecord | undefined) => Number(of?.attributes["fleet.revision"] ?? 0);
    if (revision(span) > revision(before)) newest.set(span.fromUs, span);
  }
  const held = [...newest.values()]
    .filter(({ attributes }) => attributes["fleet.withdrawn"] !== true)
    .sort((a, b) => a.fromUs - b.fromUs)
    .map(({ fromUs, toUs, attributes }) => ({
      fromUs,
      toUs,
      status: String(attributes["fleet.health.state"]),
      reason: (attributes["fleet.health.reason"] as string | undefined) ?? null,
    }));
  // Pieces that were cut at midnight, or where another life began, are one interval.
  const joined: typeof held = [];
  for (const piece of held) {
    const last = joined.at(-1);
    if (last && last.toUs === piece.fromUs && last.status === piece.status && last.reason === piece.reason)
      last.toUs = piece.toUs;
    else joined.push({ ...piece });
  }
  return joined;
}

import type { Revision } from "../../store/mirror-book.ts";
import { spanIdOf } from "./ids.ts";
import type { Session } from "./session.ts";
import { type Planned, recordOf, type SpanRecord } from "./span-record.ts";

/** What is true now of one place of an agent's time. */
export interface Claim {
  readonly place: number;
  readonly endsUs: number;
  /** Differs when the claim differs. */
  readonly content: string;
  readonly session: Session;
  readonly incarnation: string | null;
  readonly name: string;
  readonly fromUs: number;
  readonly error?: string;
  readonly attributes: SpanRecord["attributes"];
}

/**
 * What has to be sent so that the newest revisions say what is true now: claims that are new, claims that differ from what was sent
 * (another revision, linked to the first), and what was sent and is true no longer (a revision that withdraws it: zero length, at its
 * place). What was sent and still holds is not sent again.
 */
export function* reconcile(input: {
  readonly agent: string;
  readonly kind: string;
  readonly claims: Iterable<Claim>;
  readonly sent: ReadonlyMap<number, Revision>;
  /** Revisions that ended before this were not looked at again. */
  readonly fromUs: number;
}): Generator<Planned> {
  const { agent, kind, claims, sent, fromUs } = input;
  const claimed = new Set<number>();
  for (const claim of claims) {
    claimed.add(claim.place);
    const before = sent.get(claim.place);
    if (before?.content === claim.content) continue;
    yield planned(agent, kind, claim, before);
  }
  for (const before of sent.values()) {
    if (claimed.has(before.place) || before.content === "" || before.endsUs < fromUs) continue;
    const first = recordOf(before.first);
    const withdrawn: Claim = {
      place: before.place,
      endsUs: before.endsUs,
      content: "",
      session: { traceId: first.traceId, rootId: first.parentSpanId ?? "" },
      incarnation: first.incarnation,
      name: first.name,
      fromUs: before.place,
      attributes: { ...first.attributes, "fleet.withdrawn": true },
    };
    yield planned(agent, kind, withdrawn, before);
  }
}

function planned(agent: string, kind: string, claim: Claim, before: Revision | undefined): Planned {
  const { place, endsUs, content, session, incarnation, name, fromUs, error, attributes } = claim;
  const revision = (before?.revision ?? 0) + 1;
  const first = before && recordOf(before.first);
  return {
    agent,
    kind,
    place,
    endsUs,
    revision,
    content,
    record: {
      traceId: session.traceId,
      spanId: spanIdOf(session.traceId, kind, place, revision),
      parentSpanId: session.rootId,
      name,
      kind: "internal",
      fromUs,
      toUs: content === "" ? fromUs : endsUs,
      ...(error === undefined ? {} : { error }),
      agent,
      incarnation,
      attributes: { ...attributes, "fleet.revision": revision },
      ...(first === undefined
        ? {}
        : { links: [{ traceId: first.traceId, spanId: first.spanId, relation: "first-revision" }] }),
    },
  };
}

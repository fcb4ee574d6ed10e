import type { StoredEvent } from "../../store/events/envelope.ts";
import type { MirrorBook } from "../../store/mirror-book.ts";
import type { MirrorIdentity } from "./identity.ts";
import { spanIdOf, traceIdOf } from "./ids.ts";
import { type Life, lifeAt } from "./pieces.ts";
import { type AgentSubject, attributesOf, type Sessions } from "./session.ts";
import { type Planned, recordOf, type SpanLink, type SpanRecord } from "./span-record.ts";

/** A sender that has said nothing for this long has ended without a verdict. */
export const UNFINISHED_AFTER_US = 3_600_000_000;

const VERDICTS = ["accepted", "draft", "unverifiable", "refused"] as const;
type VerdictName = (typeof VERDICTS)[number] | "unfinished";
/** To whoever looks for errors: nobody can say that the message arrived. */
const ERRORS: ReadonlySet<VerdictName> = new Set(["unverifiable", "refused", "unfinished"]);

export interface MessageSubject {
  readonly identity: MirrorIdentity;
  readonly subject: AgentSubject;
  readonly lives: readonly Life[];
  readonly sessions: Sessions;
  readonly book: Pick<MirrorBook, "revisions">;
}

/**
 * The small trace of one message: `send`, from its request to its verdict, with the steps beneath it. It continues the trace of a
 * caller who gave one, and is linked to the agent's day. Null: it has no verdict yet. A verdict that comes after another one (the
 * runtime said later that it holds the message) is a further revision.
 */
export function planMessage(
  events: readonly StoredEvent[],
  { identity, subject, lives, sessions, book }: MessageSubject,
  nowUs: number,
): Planned[] | null {
  const requested = events.find(({ type }) => type === "message.requested");
  if (requested === undefined) return [];
  const last = events.findLast(({ type }) => VERDICTS.some((name) => type === `message.${name}`));
  if (last === undefined && nowUs - requested.recordedAtUs < UNFINISHED_AFTER_US) return null;
  const verdict: VerdictName =
    last === undefined ? "unfinished" : (last.type.slice("message.".length) as VerdictName);
  const at = (type: string): number | null =>
    events.find((event) => event.type === type)?.occurredAtUs ?? null;
  const fromUs = requested.occurredAtUs;
  const steps = [
    { name: "posted", atUs: at("message.posted") },
    { name: "typed", atUs: at("message.typed") },
    { name: "submitted", atUs: at("message.submitted") },
    { name: `verdict ${verdict}`, atUs: last?.occurredAtUs ?? null },
  ].flatMap(({ name, atUs }) => (atUs === null ? [] : [{ name, atUs }]));
  const toUs = Math.max(fromUs, ...steps.map(({ atUs }) => atUs));
  const payload = requested.payload as Record<string, unknown>;
  const because = (last?.payload as { because?: unknown } | undefined)?.because;
  const { message } = payload as { message: string };
  const caller = callerOf(payload.traceparent);
  const { tenantId, host } = identity;
  const traceId =
    caller?.traceId ?? traceIdOf(tenantId, host, subject.agent, "message", message, requested.seq);
  const kind = `message ${message}`;
  const before = book.revisions(subject.agent, kind, fromUs, fromUs + 1).get(fromUs);
  const content = JSON.stringify([verdict, toUs]);
  if (before?.content === content) return [];
  const revision = (before?.revision ?? 0) + 1;
  const spanId = spanIdOf(traceId, kind, requested.seq, revision);
  const life = lifeAt(lives, fromUs);
  const session = sessions.of(life?.incarnation ?? null, fromUs, life?.fromUs ?? null);
  const first = before && recordOf(before.first);
  const links: SpanLink[] = [
    { traceId: session.traceId, spanId: session.rootId, relation: "session" },
    ...(first ? [{ traceId: first.traceId, spanId: first.spanId, relation: "first-revision" }] : []),
  ];
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  const base = { agent: subject.agent, incarnation: life?.incarnation ?? null } as const;
  const attributes: SpanRecord["attributes"] = {
    ...attributesOf(subject),
    "fleet.message.id": message,
    "fleet.message.bytes": Number(payload.bytes ?? 0),
    "fleet.message.user": text(payload.user),
    "fleet.message.verdict": verdict,
    "fleet.revision": revision,
    ...(ERRORS.has(verdict) ? { "error.type": verdict } : {}),
  };
  const root: Planned = {
    agent: subject.agent,
    kind,
    place: fromUs,
    endsUs: toUs,
    revision,
    content,
    record: {
      ...base,
      traceId,
      spanId,
      ...(caller === null ? {} : { parentSpanId: caller.spanId }),
      name: `send ${subject.agent}`,
      kind: "producer",
      fromUs,
      toUs,
      ...(ERRORS.has(verdict) ? { error: text(because) || verdict } : {}),
      attributes,
      links,
    },
  };
  let beganUs = fromUs;
  const children = steps.map(({ name, atUs }): Planned => {
    const record: SpanRecord = {
      ...base,
      traceId,
      spanId: spanIdOf(traceId, kind, requested.seq, revision, name),
      parentSpanId: spanId,
      name,
      kind: "internal",
      fromUs: Math.min(beganUs, atUs),
      toUs: atUs,
      attributes: { ...attributesOf(subject), "fleet.message.id": message, "fleet.revision": revision },
    };
    beganUs = atUs;
    return {
      agent: subject.agent,
      kind: "message step",
      place: record.fromUs,
      endsUs: atUs,
      revision: 0,
      content: "",
      record,
    };
  });
  return [...sessions.take(), root, ...children];
}

function callerOf(traceparent: unknown): { traceId: string; spanId: string } | null {
  const [, traceId, spanId] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(String(traceparent)) ?? [];
  return traceId === undefined || spanId === undefined ? null : { traceId, spanId };
}

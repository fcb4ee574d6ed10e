import { type Attributes, SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import {
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_NAMESPACE,
} from "@opentelemetry/semantic-conventions";
import {
  ATTR_GEN_AI_AGENT_NAME,
  ATTR_HOST_ID,
  ATTR_HOST_NAME,
} from "@opentelemetry/semantic-conventions/incubating";
import type { MirrorIdentity } from "./identity.ts";
import type { SpanRecord } from "./span-record.ts";

type Resource = ReadableSpan["resource"];

export const SCOPE_NAME = "fleet.mirror";

/** Makes what OpenTelemetry's serializers take of what is kept. A pure function of the record: a repeat is the same bytes. */
export function spanMaker(identity: MirrorIdentity): (record: SpanRecord) => ReadableSpan {
  const scope = { name: SCOPE_NAME, version: identity.version };
  // The serializer groups spans by the identity of the resource object, so each life has one.
  let resources = new Map<string, Resource>();
  const resourceOf = ({ agent, incarnation }: SpanRecord): Resource => {
    const key = `${agent}\n${incarnation ?? ""}`;
    const known = resources.get(key);
    if (known !== undefined) return known;
    if (resources.size > 10_000) resources = new Map();
    const made = resourceWith(resourceAttributes(identity, agent, incarnation));
    resources.set(key, made);
    return made;
  };
  return (record) => {
    const { traceId, spanId, parentSpanId, error, links = [] } = record;
    const startTime = hrTime(record.fromUs);
    const endTime = hrTime(record.toUs);
    const context = { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
    return {
      name: record.name,
      kind: record.kind === "producer" ? SpanKind.PRODUCER : SpanKind.INTERNAL,
      spanContext: () => context,
      ...(parentSpanId === undefined
        ? {}
        : { parentSpanContext: { traceId, spanId: parentSpanId, traceFlags: TraceFlags.SAMPLED } }),
      startTime,
      endTime,
      duration: hrTime(record.toUs - record.fromUs),
      ended: true,
      status:
        error === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error },
      attributes: record.attributes as Attributes,
      links: links.map(({ traceId, spanId, relation }) => ({
        context: { traceId, spanId, traceFlags: TraceFlags.SAMPLED },
        attributes: { "fleet.link": relation },
      })),
      events: [],
      resource: resourceOf(record),
      instrumentationScope: scope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  };
}

export function resourceAttributes(
  { tenantId, host, hostId, logId }: MirrorIdentity,
  agent: string,
  incarnation: string | null,
): Record<string, string> {
  return {
    [ATTR_SERVICE_NAME]: "fleet-agent",
    [ATTR_SERVICE_NAMESPACE]: tenantId,
    [ATTR_SERVICE_INSTANCE_ID]: `${host}/${agent}/${incarnation ?? "none"}`,
    [ATTR_HOST_NAME]: host,
    ...(hostId === null ? {} : { [ATTR_HOST_ID]: hostId }),
    [ATTR_GEN_AI_AGENT_NAME]: agent,
    "fleet.tenant_id": tenantId,
    "fleet.log_id": logId,
    ...(incarnation === null ? {} : { "fleet.incarnation": incarnation }),
  };
}

function resourceWith(attributes: Record<string, string>): Resource {
  return {
    attributes,
    asyncAttributesPending: false,
    merge: () => resourceWith(attributes),
    getRawAttributes: () => Object.entries(attributes),
  } as Resource;
}

/** Seconds and nanoseconds. Whole microseconds are exact in a double; nanoseconds since the epoch are not. */
function hrTime(us: number): [number, number] {
  const seconds = Math.floor(us / 1e6);
  return [seconds, (us - seconds * 1e6) * 1000];
}

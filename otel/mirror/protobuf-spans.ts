import { createProtobufWriter, type ProtobufWriter } from "../otlp/protobuf-writer.ts";
import type { MirrorIdentity } from "./identity.ts";
import { resourceAttributes, SCOPE_NAME } from "./readable-span.ts";
import type { AttributeValue, SpanRecord } from "./span-record.ts";

/** `SpanKind` and `Status.StatusCode` of OTLP. */
const KINDS = { internal: 1, producer: 4 } as const;
const ERROR = 2;
/** Sampled, and known not to be remote. */
const FLAGS = 0x101;

/** A field that holds another message, text or bytes. */
const within = (field: number): number => (field << 3) | 2;
const varintOf = (field: number): number => field << 3;
const fixed64Of = (field: number): number => (field << 3) | 1;

/**
 * An `ExportTraceServiceRequest` in one pass over what is kept, without the objects that OpenTelemetry's serializer asks for: byte for
 * byte what that one makes of the same spans, as a test holds.
 */
export function protobufSpans(identity: MirrorIdentity): (records: readonly SpanRecord[]) => Uint8Array {
  const writer = createProtobufWriter();
  const scope = scopeOf(identity);
  let resources = new Map<string, Uint8Array>();
  const resourceOf = ({ agent, incarnation }: SpanRecord, key: string): Uint8Array => {
    const known = resources.get(key);
    if (known !== undefined) return known;
    if (resources.size > 10_000) resources = new Map();
    const made = resourceBytes(resourceAttributes(identity, agent, incarnation));
    resources.set(key, made);
    return made;
  };
  return (records) => {
    const groups = new Map<string, SpanRecord[]>();
    for (const record of records) {
      const key = `${record.agent}\n${record.incarnation ?? ""}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [record]);
      else group.push(record);
    }
    writer.reset();
    for (const [key, group] of groups) {
      writer.byte(within(1));
      const ofResource = writer.open();
      writer.raw(resourceOf(group[0] as SpanRecord, key));
      writer.byte(within(2));
      const ofScope = writer.open();
      writer.raw(scope);
      for (const record of group) writeSpan(writer, record);
      writer.close(ofScope);
      writer.close(ofResource);
    }
    return writer.finish();
  };
}

function writeSpan(writer: ProtobufWriter, record: SpanRecord): void {
  writer.byte(within(2));
  const span = writer.open();
  writer.byte(within(1));
  writer.hex(record.traceId);
  writer.byte(within(2));
  writer.hex(record.spanId);
  if (record.parentSpanId) {
    writer.byte(within(4));
    writer.hex(record.parentSpanId);
  }
  writer.byte(within(5));
  writer.text(record.name);
  writer.byte(varintOf(6));
  writer.byte(KINDS[record.kind]);
  writer.byte(fixed64Of(7));
  writer.nanoseconds(record.fromUs);
  writer.byte(fixed64Of(8));
  writer.nanoseconds(record.toUs);
  writeAttributes(writer, 9, record.attributes);
  writeNone(writer, 10);
  writeNone(writer, 12);
  for (const { traceId, spanId, relation } of record.links ?? []) {
    writer.byte(within(13));
    const link = writer.open();
    writer.byte(within(1));
    writer.hex(traceId);
    writer.byte(within(2));
    writer.hex(spanId);
    writeAttribute(writer, 4, "fleet.link", relation);
    writeNone(writer, 5);
    writer.byte((6 << 3) | 5);
    writer.fixed32(FLAGS);
    writer.close(link);
  }
  writeNone(writer, 14);
  writer.byte(within(15));
  const status = writer.open();
  if (record.error) {
    writer.byte(within(2));
    writer.text(record.error);
  }
  writer.byte(varintOf(3));
  writer.byte(record.error === undefined ? 0 : ERROR);
  writer.close(status);
  // Field 16, whose tag is the first of two bytes.
  writer.varint((16 << 3) | 5);
  writer.fixed32(FLAGS);
  writer.close(span);
}

/** How many of something were dropped: none. */
function writeNone(writer: ProtobufWriter, field: number): void {
  writer.byte(varintOf(field));
  writer.byte(0);
}

function writeAttributes(
  writer: ProtobufWriter,
  field: number,
  attributes: Readonly<Record<string, AttributeValue>>,
): void {
  for (const key in attributes) writeAttribute(writer, field, key, attributes[key] as AttributeValue);
}

function writeAttribute(writer: ProtobufWriter, field: number, key: string, value: AttributeValue): void {
  writer.byte(within(field));
  const attribute = writer.open();
  writer.byte(within(1));
  writer.text(key);
  writer.byte(within(2));
  const held = writer.open();
  writeValue(writer, value);
  writer.close(held);
  writer.close(attribute);
}

/** `AnyValue` of OTLP. */
function writeValue(writer: ProtobufWriter, value: AttributeValue): void {
  if (typeof value === "string") {
    writer.byte(within(1));
    writer.text(value);
  } else if (typeof value === "boolean") {
    writer.byte(varintOf(2));
    writer.byte(value ? 1 : 0);
  } else if (typeof value === "number") {
    if (Number.isInteger(value) && Math.abs(value) < 2 ** 63) {
      writer.byte(varintOf(3));
      writer.varint(value);
    } else {
      writer.byte(fixed64Of(4));
      writer.double(value);
    }
  } else {
    writer.byte(within(5));
    const list = writer.open();
    for (const item of value) {
      writer.byte(within(1));
      const one = writer.open();
      writeValue(writer, item);
      writer.close(one);
    }
    writer.close(list);
  }
}

function resourceBytes(attributes: Readonly<Record<string, string>>): Uint8Array {
  const writer = createProtobufWriter();
  writer.byte(within(1));
  const resource = writer.open();
  writeAttributes(writer, 1, attributes);
  writeNone(writer, 2);
  writer.close(resource);
  return writer.finish();
}

function scopeOf({ version }: MirrorIdentity): Uint8Array {
  const writer = createProtobufWriter();
  writer.byte(within(1));
  const scope = writer.open();
  writer.byte(within(1));
  writer.text(SCOPE_NAME);
  writer.byte(within(2));
  writer.text(version);
  writer.close(scope);
  return writer.finish();
}

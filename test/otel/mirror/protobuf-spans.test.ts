import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { protobufSpans } from "../../../otel/mirror/protobuf-spans.ts";
import { spanMaker } from "../../../otel/mirror/readable-span.ts";
import type { SpanRecord } from "../../../otel/mirror/span-record.ts";

const hex = (digits: number) =>
  fc
    .array(fc.constantFrom(..."0123456789abcdef"), { minLength: digits, maxLength: digits })
    .map((found) => found.join(""));
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({ maxLength: 20 }),
  fc.constantFrom("x".repeat(127), "x".repeat(128), "x".repeat(17_000), "ü".repeat(100), "\ud800"),
);
const anyNumber = fc.oneof(
  fc.integer(),
  fc.constantFrom(2 ** 53, 2 ** 62, 2 ** 63),
  fc.double(),
  fc.constantFrom(
    0,
    -0,
    -1,
    127,
    128,
    2 ** 31,
    2 ** 32,
    -(2 ** 32),
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    NaN,
    Infinity,
  ),
);
const anyValue = fc.oneof(
  anyText,
  anyNumber,
  fc.boolean(),
  fc.array(anyText, { maxLength: 4 }),
  fc.array(anyNumber, { maxLength: 60 }),
);
const anyMoment = fc.oneof(fc.nat(), fc.integer({ min: 0, max: 4_000_000_000_000_000 }));
const anyRecord: fc.Arbitrary<SpanRecord> = fc
  .record(
    {
      traceId: hex(32),
      spanId: hex(16),
      parentSpanId: hex(16),
      name: anyText,
      kind: fc.constantFrom("internal" as const, "producer" as const),
      fromUs: anyMoment,
      toUs: anyMoment,
      error: anyText,
      agent: fc.constantFrom("a", "b", "ü"),
      incarnation: fc.constantFrom(null, "1-2-3"),
      attributes: fc.dictionary(anyText, anyValue, { maxKeys: 8 }),
      links: fc.array(fc.record({ traceId: hex(32), spanId: hex(16), relation: anyText }), { maxLength: 3 }),
    },
    {
      requiredKeys: [
        "traceId",
        "spanId",
        "name",
        "kind",
        "fromUs",
        "toUs",
        "agent",
        "incarnation",
        "attributes",
      ],
    },
  )
  .map((record) => ({ ...record }) as SpanRecord);

const identity = { tenantId: "jarvis", host: "W", hostId: "m", logId: "l", version: "0.1.0" };

test("the bytes are those that OpenTelemetry's own serializer makes of the same spans", () => {
  const make = spanMaker(identity);
  const serialize = protobufSpans(identity);
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 12 }), (records) => {
      const theirs = ProtobufTraceSerializer.serializeRequest(records.map(make));
      expect(Buffer.from(serialize(records)).toString("hex")).toBe(Buffer.from(theirs ?? []).toString("hex"));
    }),
    { numRuns: 300 },
  );
});

test("what was made of one batch stays as it is while the next one is made", () => {
  const serialize = protobufSpans(identity);
  const record = fc.sample(anyRecord, { numRuns: 1, seed: 1 })[0] as SpanRecord;
  const first = serialize([record]);
  const before = Buffer.from(first).toString("hex");
  serialize([{ ...record, name: "another" }, record]);
  expect(Buffer.from(first).toString("hex")).toBe(before);
});

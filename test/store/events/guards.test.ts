import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { GUARDS_FILE, render } from "../../../scripts/generate-guards.ts";
import { eventCatalogue } from "../../../store/events/catalogue.ts";
import { guards } from "../../../store/events/guards.generated.ts";

test("the generated guards are those of the catalogue as it is (else: npm run generate)", () => {
  expect(readFileSync(GUARDS_FILE, "utf8")).toBe(render(eventCatalogue));
});

test("every type of the catalogue has a guard and there is no other", () => {
  expect([...guards.keys()].sort()).toEqual(Object.keys(eventCatalogue).sort());
});

describe("a guard accepts exactly what its schema accepts", () => {
  test.each(Object.entries(eventCatalogue))("%s", (type, schema) => {
    const guard = guards.get(type);
    let accepted = 0;
    fc.assert(
      fc.property(payloads(schema), (payload) => {
        const expected = schema.safeParse(payload).success;
        if (expected) accepted += 1;
        expect(guard?.(payload) === null).toBe(expected);
      }),
      { numRuns: 300 },
    );
    // A generator that only ever made refused payloads would prove little.
    expect(accepted).toBeGreaterThan(30);
  });
});

test("a refusal names the field, however deep it lies", () => {
  const sample = guards.get("recorder.sample.taken");
  const source = { source: "tmux", scope: "", state: "observed", reason: null };
  const taken = (second: unknown) => ({ begunAtUs: 1, sources: [source, second] });
  expect(sample?.(taken(source))).toBeNull();
  expect(sample?.(taken({ ...source, scope: 5 }))).toBe("sources.1.scope");
  expect(sample?.(taken({ ...source, more: 5 }))).toBe("sources.1.more");
  expect(sample?.(null)).toBe("");
  expect(guards.get("heartbeat.received")?.({ pid: 1, pidStart: 2, status: "ok", evidence: "guess" })).toBe(
    "evidence",
  );
});

/** Payloads that fit, and payloads that fit but for something. */
function payloads(schema: z.ZodType): fc.Arbitrary<unknown> {
  const good = fitting(schema);
  return fc.oneof(good, good.chain(spoiled), good.chain(spoiled), fc.anything());
}

/** Replaces, removes or adds something anywhere inside. */
function spoiled(value: unknown): fc.Arbitrary<unknown> {
  if (Array.isArray(value) && value.length > 0) {
    return fc
      .nat(value.length - 1)
      .chain((at) => spoiled(value[at]).map((item) => value.map((old, i) => (i === at ? item : old))));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return odd;
  const keys = Object.keys(value);
  const added = fc
    .tuple(fc.constantFrom("extra", "__proto__", "constructor", "toString", "x y", ""), odd)
    .map(([key, item]) => define({ ...value }, key, item));
  if (keys.length === 0) return added;
  const one = fc.constantFrom(...keys);
  const inner = value as Record<string, unknown>;
  return fc.oneof(
    one.chain((key) => spoiled(inner[key]).map((item) => define({ ...inner }, key, item))),
    one.map((key) => Object.fromEntries(Object.entries(inner).filter(([other]) => other !== key))),
    one.map((key) => define({ ...inner }, key, undefined)),
    added,
    fc.constant(Object.create(inner)),
    fc.constant(Object.assign(Object.create(null), inner)),
    fc.constant([inner]),
  );
}

function define(target: object, key: string, value: unknown): object {
  return Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    "",
    "ok",
    "x".repeat(256),
    "x".repeat(257),
    "x".repeat(2048),
    "x".repeat(2049),
    "\ud800",
    0,
    -0,
    -1,
    1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.MAX_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER + 1,
    true,
    1n,
    [],
    {},
    new Date(0),
    new Map(),
    Symbol("s"),
    { constructor: 5 },
    { constructor: { prototype: 1 } },
  ),
  fc.anything({ maxDepth: 1 }),
);

interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly entries?: Readonly<Record<string, string>>;
}

/** Values that fit; read from the schema anew, so that it shares nothing with the generator of the guards. */
function fitting(schema: z.ZodType): fc.Arbitrary<unknown> {
  const definition = schema._zod.def as unknown as Definition;
  const inner = () => fitting(definition.innerType as z.ZodType);
  switch (definition.type) {
    case "object": {
      const fields = Object.entries(definition.shape ?? {});
      return fc.record(Object.fromEntries(fields.map(([key, field]) => [key, fitting(field)])));
    }
    case "nullable":
      return fc.option(inner(), { nil: null });
    case "optional":
      return fc.option(inner(), { nil: undefined });
    case "array":
      return fc.array(fitting(definition.element as z.ZodType), { maxLength: 3 });
    case "record":
      return fc.dictionary(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }));
    case "enum":
      return fc.constantFrom(...Object.values(definition.entries ?? {}));
    case "boolean":
      return fc.boolean();
    case "string":
      return fc.string({ maxLength: 40 });
    case "number":
      return fc.nat();
    default:
      throw new Error(`teach this test schemas of type ${definition.type}`);
  }
}

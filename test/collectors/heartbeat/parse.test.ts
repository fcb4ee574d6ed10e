import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_BEAT_BYTES, MAX_EXTRA_KEYS, parseBeat } from "../../../collectors/heartbeat/parse.ts";
import { eventCatalogue } from "../../../store/events/catalogue.ts";

const GOOD = "ts=2026-06-21T03:10:00Z pid=4711 status=ok";

function reasonOf(input: string | Uint8Array): string {
  const parsed = parseBeat(input);
  if (parsed.ok) throw new Error(`was taken: ${JSON.stringify(parsed)}`);
  return parsed.reason;
}

describe("a beat of protocol v1", () => {
  test("is taken with its keys in one line or one to a line, in any order", () => {
    const expected = {
      ok: true,
      occurredAtUs: Date.UTC(2026, 5, 21, 3, 10) * 1000,
      precision: "s",
      payload: { pid: 4711, status: "ok", evidence: "runtime" },
    };
    expect(parseBeat(GOOD)).toEqual(expected);
    expect(parseBeat("pid=4711\nstatus=ok\nts=2026-06-21T03:10:00+0000\n")).toEqual(expected);
    expect(parseBeat("status=ok  ts=2026-06-21T03:10:00+00:00\r\n\r\npid=4711")).toEqual(expected);
    expect(parseBeat(Buffer.from(GOOD))).toEqual(expected);
  });

  test.each([
    ["2026-06-21T03:10:05.25Z", Date.UTC(2026, 5, 21, 3, 10, 5, 250) * 1000, "ms"],
    ["2026-06-21T03:10:05.123456+00:00", Date.UTC(2026, 5, 21, 3, 10, 5, 123) * 1000 + 456, "us"],
    ["2026-06-21T03:10:05,123456789+00:00", Date.UTC(2026, 5, 21, 3, 10, 5, 123) * 1000 + 456, "us"],
    ["2026-06-21T05:10:05+02:00", Date.UTC(2026, 5, 21, 3, 10, 5) * 1000, "s"],
    ["2026-06-20T23:40:05-0330", Date.UTC(2026, 5, 21, 3, 10, 5) * 1000, "s"],
    ["2028-02-29T00:00:00Z", Date.UTC(2028, 1, 29) * 1000, "s"],
    ["1970-01-01T00:00:00Z", 0, "s"],
  ])("dates itself by any ISO 8601 form with an offset: %s", (ts, atUs, precision) => {
    expect(parseBeat(`ts=${ts} pid=1 status=ok`)).toMatchObject({ ok: true, occurredAtUs: atUs, precision });
  });

  test("keeps additive and unknown keys, and says what kind of evidence it is", () => {
    const parsed = parseBeat(`${GOOD} colour=blue source=hook probe=n1 seq=9 model=a=b`);
    expect(parsed).toMatchObject({
      payload: { evidence: "hook", extra: { probe: "n1", model: "a=b", seq: "9", colour: "blue" } },
    });
  });

  test("of an unknown source counts as the weakest evidence and keeps the word", () => {
    expect(parseBeat(`${GOOD} source=cron`)).toMatchObject({
      payload: { evidence: "sidecar", extra: { source: "cron" } },
    });
    expect(parseBeat(`${GOOD} source=sidecar`)).toMatchObject({ payload: { evidence: "sidecar" } });
  });

  test("bounds what it keeps, and says how many keys were left out", () => {
    const many = Array.from({ length: 40 }, (_, index) => `k${index}=v`).join(" ");
    const parsed = parseBeat(`${GOOD} ${many} probe=last long=${"x".repeat(1000)}`);
    if (!parsed.ok) throw new Error(parsed.reason);
    const extra = parsed.payload.extra ?? {};
    expect(Object.keys(extra)).toHaveLength(MAX_EXTRA_KEYS + 1);
    expect(extra.probe).toBe("last");
    expect(extra["+"]).toBe(`${42 - MAX_EXTRA_KEYS} more`);
    const long = parseBeat(`${GOOD} long=${"\u{1f600}".repeat(300)}`);
    expect(long.ok && long.payload.extra?.long?.length).toBeLessThanOrEqual(256);
    const kept = (long.ok && long.payload.extra?.long) || "";
    expect(Buffer.from(kept).toString()).toBe(kept);
  });
});

describe("a beat is refused with its reason", () => {
  test.each<[string, string | Uint8Array, RegExp]>([
    ["an empty file", "", /^is empty$/],
    ["blanks only", " \n\t ", /only blanks/],
    ["a NUL", `${GOOD}\0`, /NUL/],
    ["invalid UTF-8", Buffer.from([0x74, 0x73, 0x3d, 0xff]), /not UTF-8/],
    ["too many bytes", `${GOOD} x=${"y".repeat(MAX_BEAT_BYTES)}`, /more than 4096/],
    ["no ts", "pid=1 status=ok", /no ts=/],
    ["no pid", "ts=2026-06-21T03:10:00Z status=ok", /no pid=/],
    ["no status", "ts=2026-06-21T03:10:00Z pid=1", /no status=/],
    ["a word that is no pair", `${GOOD} bug`, /"bug" is not key=value/],
    ["a key that is none", `${GOOD} =x`, /"=x" is not key=value/],
    ["the prototype", `${GOOD} __proto__=x`, /not key=value/],
    ["a key given twice", `${GOOD} pid=4712`, /"pid" is given twice/],
    ["pid 0", "ts=2026-06-21T03:10:00Z pid=0 status=ok", /pid "0"/],
    ["a negative pid", "ts=2026-06-21T03:10:00Z pid=-1 status=ok", /pid "-1"/],
    ["a pid of letters", "ts=2026-06-21T03:10:00Z pid=0x1f status=ok", /pid/],
    ["a pid beyond any", "ts=2026-06-21T03:10:00Z pid=9999999999 status=ok", /pid/],
    ["a status of symbols", "ts=2026-06-21T03:10:00Z pid=1 status=<ok>", /status/],
    ["an escape sequence", `${GOOD} task=\u001b[2Jgone`, /control character/],
    ["a C1 control", `${GOOD} task=\u009b2J`, /control character/],
  ])("%s", (_, input, reason) => {
    expect(reasonOf(input)).toMatch(reason);
  });

  test.each([
    "2026-02-29T00:00:00Z",
    "2026-02-31T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-10T00:00:00Z",
    "2026-06-21T25:00:00Z",
    "2026-06-21T24:00:00Z",
    "2026-06-21T03:60:00Z",
    "2026-06-21T03:10:60Z",
    "2026-06-21T03:10:00",
    "2026-06-21",
    "2026-06-21T03:10Z",
    "2026-06-21T03:10:00+25:00",
    "2026-06-21T03:10:00+00:99",
    "2026-06-21t03:10:00z",
    "20260621T031000Z",
    "1969-12-31T23:59:59Z",
    "1970-01-01T00:00:00+01:00",
    "9999-01-01T00:00:00Z",
    "+012026-06-21T03:10:00Z",
    "1750475400",
    "now",
    "yesterday",
    "June_21_2026",
    "",
  ])("a ts of %s", (ts) => {
    expect(reasonOf(`ts=${ts} pid=1 status=ok`)).toMatch(/^ts /);
  });

  test("never with more text than an event may hold", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 600 }), fc.uint8Array({ maxLength: 5000 })), (input) => {
        const parsed = parseBeat(input);
        return parsed.ok || (parsed.reason.length <= 256 && /^[^\p{Cc}]*$/u.test(parsed.reason));
      }),
    );
  });
});

const pad = (value: number, width: number): string => String(value).padStart(width, "0");

/** Every legal form of a beat together with what it must be parsed to. */
const legalBeats = fc
  .record({
    second: fc.integer({ min: 86_400, max: 7_200_000_000 }),
    fraction: fc.option(
      fc
        .integer({ min: 1, max: 9 })
        .chain((digits) => fc.tuple(fc.constant(digits), fc.nat(10 ** digits - 1))),
    ),
    comma: fc.boolean(),
    offsetMinutes: fc.integer({ min: -14 * 60, max: 14 * 60 }),
    offsetForm: fc.constantFrom("Z", "+00:00", "+0000", "+00"),
    pid: fc.integer({ min: 1, max: 4_194_304 }),
    status: fc.constantFrom("ok", "busy", "waiting"),
    source: fc.option(fc.constantFrom("runtime" as const, "hook" as const, "sidecar" as const)),
    extra: fc.dictionary(
      fc.stringMatching(/^[a-z_][a-z0-9_.-]{0,20}$/).filter((key) => !RESERVED.has(key)),
      fc.string({ unit: "grapheme", maxLength: 40 }).filter((value) => !/[\s\p{Cc}]/u.test(value)),
      { maxKeys: MAX_EXTRA_KEYS },
    ),
    separators: fc.array(fc.constantFrom(" ", "\n", "  ", " \n", "\r\n"), { minLength: 60, maxLength: 60 }),
    order: fc.infiniteStream(fc.nat()),
  })
  .map((form) => {
    const digits = form.fraction === null ? "" : pad(form.fraction[1], form.fraction[0]);
    const offset = offsetOf(form.offsetMinutes, form.offsetForm);
    const local = new Date((form.second + offset.minutes * 60) * 1000).toISOString().slice(0, 19);
    const ts = `${local}${digits === "" ? "" : (form.comma ? "," : ".") + digits}${offset.text}`;
    const words = [`ts=${ts}`, `pid=${form.pid}`, `status=${form.status}`];
    if (form.source !== null) words.push(`source=${form.source}`);
    for (const [key, value] of Object.entries(form.extra)) words.push(`${key}=${value}`);
    const shuffled = words
      .map((word) => ({ word, rank: form.order.next().value }))
      .sort((one, other) => one.rank - other.rank)
      .map(({ word }, index) => word + form.separators[index]);
    return {
      text: shuffled.join(""),
      expected: {
        ok: true,
        occurredAtUs: form.second * 1_000_000 + Number(digits.slice(0, 6).padEnd(6, "0")),
        precision: digits === "" ? "s" : digits.length <= 3 ? "ms" : "us",
        payload: {
          pid: form.pid,
          status: form.status,
          evidence: form.source ?? "runtime",
          ...(Object.keys(form.extra).length === 0 ? {} : { extra: form.extra }),
        },
      },
    };
  });

const RESERVED = new Set(["ts", "pid", "status", "source", "__proto__"]);

function offsetOf(minutes: number, zeroForm: string): { minutes: number; text: string } {
  if (zeroForm === "Z") return { minutes: 0, text: "Z" };
  const size = Math.abs(minutes);
  const sign = minutes < 0 ? "-" : "+";
  if (zeroForm === "+00")
    return { minutes: minutes - (minutes % 60), text: `${sign}${pad(Math.floor(size / 60), 2)}` };
  const colon = zeroForm === "+00:00" ? ":" : "";
  return { minutes, text: `${sign}${pad(Math.floor(size / 60), 2)}${colon}${pad(size % 60, 2)}` };
}

test("whatever legal form a beat is written in, it is parsed to what was meant", () => {
  fc.assert(
    fc.property(legalBeats, ({ text, expected }) => {
      expect(parseBeat(text)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test("whatever is taken fits the event's schema", () => {
  fc.assert(
    fc.property(legalBeats, ({ text }) => {
      const parsed = parseBeat(text);
      if (!parsed.ok) throw new Error(parsed.reason);
      eventCatalogue["heartbeat.received"].parse({ ...parsed.payload, pidStart: null });
    }),
  );
});

test("a beat cut anywhere is refused, or is one whose last value was cut", () => {
  const whole = "ts=2026-06-21T03:10:00Z status=ok pid=4711";
  for (let length = 0; length < whole.length; length += 1) {
    const parsed = parseBeat(whole.slice(0, length));
    if (parsed.ok)
      expect(String(parsed.payload.pid)).toBe(
        whole.slice("ts=2026-06-21T03:10:00Z status=ok pid=".length, length),
      );
  }
});

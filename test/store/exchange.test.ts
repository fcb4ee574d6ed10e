import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { whyFolded } from "../../cli/own-log.ts";
import { archiveLog } from "../../store/archive/archive-log.ts";
import { guards } from "../../store/events/guards.generated.ts";
import { isoMicros, LINE_SCHEMA, lineEnd, lineStart, microsOf, parseLine } from "../../store/exchange.ts";
import { type ExportFormat, exportEvents } from "../../store/export.ts";
import { importEvents } from "../../store/import.ts";
import { openLineReader } from "../../store/line-reader.ts";
import { verifyLog } from "../../store/verify.ts";
import { beat, OWN, T0, vanished } from "./support/events.ts";
import { allDocuments, logBench, testClock } from "./support/log.ts";

const bench = logBench();

function exported(path: string, filter = {}, format: ExportFormat = "ndjson"): string {
  return [...exportEvents(path, { filter, format })].map(({ text }) => text).join("");
}

function* lines(text: string): Generator<Buffer> {
  for (const line of text.split("\n").slice(0, -1)) yield Buffer.from(line);
}

function importText(text: string, path = bench.path()) {
  const identity = { tenantId: "other", host: "elsewhere", machineId: "m2" };
  const imported = importEvents({
    path,
    identity,
    nowUs: Number.MAX_SAFE_INTEGER,
    lines: lines(text),
    called: "input",
  });
  return { path, imported };
}

test("whoever opens an import first folds it, and no other folds were there before", () => {
  const from = bench.path();
  bench.open(from).append({ source: "heartbeat", events: [beat("a"), beat("b")] });
  const { path } = importText(exported(from));
  const told: [events: number, wasFolded: boolean][] = [];
  const refolding = (...said: (typeof told)[number]) => void told.push(said);
  bench.open(path, { refolding });
  bench.open(path, { refolding });
  expect(told).toEqual([[2, false]]);
  expect(whyFolded(2, false)).not.toContain("another version");
});

/** JSON as other programs write it: what a parser would change (1e2, -0, 2^60, keys that look like numbers, blanks). */
const payloadText = fc.oneof(
  fc.json().map((text) => text.replaceAll("\n", "")),
  fc.constantFrom(
    '{"n":1152921504606846977}',
    '{"b":1,"10":2,"9":3,"9":4}',
    '{ "a" : 1e2, "z":-0 }',
    '"half \\ud800"',
    "null",
    '{"payload":{"x":",\\"payload\\":"}}',
  ),
);
const name = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .filter((text) => Buffer.from(text).toString() === text);
const anyEvent = fc
  .record({
    names: fc.record({
      tenantId: fc.constantFrom("jarvis", "alice"),
      host: fc.constantFrom("W-jarvis", 'a "quoted" host'),
      agent: fc.option(name),
      type: fc.oneof(
        fc.constantFrom("heartbeat.received", "tmux.pane.active", "future.thing.happened"),
        name,
      ),
      schemaVersion: fc.integer({ min: 1, max: 99 }),
      source: fc.constantFrom("tmux", "heartbeat", "a source of tomorrow"),
      precision: fc.constantFrom("s" as const, "ms" as const, "us" as const),
    }),
    step: fc.integer({ min: 1, max: 10_000_000_000 }),
    lag: fc.integer({ min: -100_000_000_000, max: 2_000_000_000_000_000 }),
    originLog: fc.constantFrom(
      "0197a000-0000-7000-8000-000000000001",
      "0197a000-0000-7000-8000-000000000002",
    ),
    payload: payloadText,
  })
  .map((event) => ({
    ...event,
    names: {
      ...event.names,
      // What the catalogue knows has to be as it says; anything may come with a version that it does not know.
      schemaVersion: guards.has(event.names.type) ? event.names.schemaVersion + 1 : event.names.schemaVersion,
    },
  }));

test("an export of what was imported is the same, byte for byte, whatever the events are", () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { minLength: 1, maxLength: 40 }), (events) => {
      let recordedAtUs = T0;
      const text = events
        .map(({ names, step, lag, originLog, payload }, i) => {
          recordedAtUs += step;
          const occurredAtUs = recordedAtUs - lag;
          return (
            lineStart(names) +
            lineEnd({ occurredAtUs, recordedAtUs, originLog, originSeq: 3 * i + 1, payload })
          );
        })
        .join("");
      const { path, imported } = importText(text);
      expect(imported.events).toBe(events.length);
      expect(exported(path)).toBe(text);
      expect(verifyLog(path)).toMatchObject({ ok: true, events: events.length });
    }),
    { numRuns: 60 },
  );
});

/** A log with several commits, shared payloads, late events, and an event of a type that this fleet does not know. */
function recorded(): string {
  const path = bench.path();
  const clock = testClock();
  const log = bench.open(path, { clock });
  for (let n = 0; n < 30; n += 1) {
    clock.us = T0 + n * 1_000_003;
    const late = n % 7 === 3 ? 3_600_000_000 : 300_000;
    log.append({
      source: "heartbeat",
      events: [
        beat("coder0", { occurredAtUs: clock.us - late }),
        beat(`a${n % 3}`, { pid: n }),
        vanished("/tmp/ü"),
      ],
    });
  }
  log.close();
  return path;
}

describe("a log that was exported and imported", () => {
  test("has the same events under their first names, the same clocks, and the same documents once it is folded", () => {
    const path = recorded();
    const text = exported(path);
    const { path: copy, imported } = importText(text);
    expect(exported(copy)).toBe(text);
    const reader = bench.read(path);
    expect(imported).toMatchObject({ events: 90, origins: [reader.logId] });
    const other = bench.read(copy);
    expect(other.logId).not.toBe(reader.logId);
    expect([...other.events({})]).toEqual([...reader.events({})]);
    expect(other.identity()).toEqual(OWN);
    bench.open(copy);
    expect(allDocuments(bench.read(copy).documents(OWN))).toEqual(allDocuments(reader.documents(OWN)));
  });

  test("goes on as a log of its own, after the newest of the imported clocks", () => {
    const { path } = importText(exported(recorded()));
    const log = bench.open(path, { clock: testClock(T0) });
    log.append({ source: "heartbeat", events: [beat("coder0")] });
    const [own] = [...bench.read(path).events({ afterSeq: 90 })];
    expect(own).toMatchObject({ seq: 91, originLog: log.logId, originSeq: 91 });
    expect(own?.recordedAtUs).toBe((bench.read(path).event(90)?.recordedAtUs ?? 0) + 1);
    const again = exported(path);
    expect(exported(importText(again).path)).toBe(again);
    expect(verifyLog(path)).toMatchObject({ ok: true, events: 91 });
  });

  test("a part of a log is exported and imported the same way", () => {
    const path = recorded();
    const part = exported(path, { types: ["heartbeat."], sinceUs: T0 + 5_000_000, untilUs: T0 + 20_000_000 });
    const times = part
      .split("\n")
      .slice(0, -1)
      .map((line) => parseLine(line));
    expect(times.length).toBeGreaterThan(10);
    for (const parsed of times) {
      expect(parsed.ok && parsed.event.type).toBe("heartbeat.received");
      expect(parsed.ok && parsed.event.occurredAtUs).toBeGreaterThanOrEqual(T0 + 5_000_000);
    }
    expect(exported(importText(part).path)).toBe(part);
  });

  test("tells how many of a log's numbers are missing between those that it holds, and after which the first of them", () => {
    const text = exported(recorded());
    const without = (...numbers: number[]) =>
      importText(
        text
          .split(/(?<=\n)/)
          .filter((_, index) => !numbers.includes(index + 1))
          .join(""),
      ).imported;
    const [originLog] = importText(text).imported.origins;
    expect(without()).toMatchObject({ firstOriginSeq: 1, missing: { events: 0, firstAfter: null } });
    const missing = { events: 3, firstAfter: { originLog, originSeq: 41 } };
    expect(without(42, 43, 77)).toMatchObject({ firstOriginSeq: 1, missing });
    // What came before the first is told by its own number; what came after the last, by nothing.
    expect(without(1, 2, 90)).toMatchObject({ firstOriginSeq: 3, missing: { events: 0, firstAfter: null } });
  });

  test("has nothing missing where what it once imported was whole, archived or not, and what was missing then is still told", () => {
    const first = exported(recorded());
    const grown = (text: string, months = 0): string => {
      const { path } = importText(text);
      const log = bench.open(path, { clock: testClock(T0 + 70 * 86_400_000_000) });
      log.append({ source: "heartbeat", events: [beat("coder0"), beat("coder1")] });
      log.close();
      if (months > 0) {
        const beforeUs = Date.UTC(2026, 6, 1) * 1000;
        expect(archiveLog({ path, beforeUs, nowUs: () => beforeUs }).events).toBeGreaterThan(0);
      }
      return exported(path);
    };
    const whole = importText(grown(first, 1)).imported;
    expect(whole.origins).toHaveLength(2);
    expect(whole).toMatchObject({ events: 92, firstOriginSeq: 1, missing: { events: 0, firstAfter: null } });
    const lacking = grown(first.replace(/(?<=\n).*"origin_seq":42,.*\n/, ""));
    const { events, missing } = importText(grown(lacking)).imported;
    expect([events, missing.events, missing.firstAfter?.originSeq]).toEqual([93, 1, 41]);
  });
});

test("a line that begins as an earlier one did is read as if it were the first, whatever is wrong with it", () => {
  const check = (_: unknown, payload: string) => (payload.includes("bad") ? "bad" : null);
  const spoilt = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    by: fc.constantFrom("", "0", '"', "\\", ",", "}", "Z", "bad", "9", "T24"),
  });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyEvent, fc.option(spoilt)), { minLength: 2, maxLength: 30 }),
      (events) => {
        const read = openLineReader(check);
        for (const [{ names, step, lag, originLog, payload }, change] of events) {
          const whole =
            lineStart(names) +
            lineEnd({
              occurredAtUs: T0 + step - lag,
              recordedAtUs: T0 + step,
              originLog,
              originSeq: step,
              payload,
            });
          const at = Math.floor((change?.at ?? 0) * whole.length);
          const line = (
            change === null ? whole : whole.slice(0, at) + change.by + whole.slice(at + 1)
          ).trimEnd();
          const expected = parseLine(line);
          const told = read(line);
          const wrong = expected.ok ? check(null, expected.event.payload) : expected.reason;
          // Which of two words of the parser names what is wrong is not told here.
          if (wrong !== null) expect(told.ok).toBe(false);
          else if (told.ok && expected.ok)
            expect({ ...told.event.names, ...told.event, names: null }).toEqual({
              ...expected.event,
              names: null,
            });
          else expect(told).toEqual(expected);
        }
      },
    ),
    { numRuns: 300 },
  );
});

describe("a log that was imported", () => {
  /** One event a day from the first of March on. */
  const daily = (days: number): string =>
    Array.from({ length: days }, (_, day) => {
      const recordedAtUs = Date.UTC(2026, 2, 1 + day, 12) * 1000;
      const names = {
        tenantId: "jarvis",
        host: "h",
        agent: "coder0",
        type: "future.thing",
        schemaVersion: 1,
        source: "tmux",
        precision: "us" as const,
      };
      const named = { originLog: "0197a000-0000-7000-8000-000000000001", originSeq: day + 1 };
      return (
        lineStart(names) + lineEnd({ occurredAtUs: recordedAtUs, recordedAtUs, ...named, payload: "{}" })
      );
    }).join("");
  const archived = (path: string, before: number) =>
    archiveLog({ path, beforeUs: before * 1000, nowUs: () => before * 1000 }).events;

  test("is archived at once, month by month, up to its newest event", () => {
    const text = daily(100);
    const { path } = importText(text);
    expect(archived(path, Date.UTC(2026, 4, 15))).toBe(31 + 30);
    expect(archived(path, Date.UTC(2026, 6, 1))).toBe(31 + 7);
    expect(exported(path)).toBe(text);
    expect(verifyLog(path)).toMatchObject({ ok: true, events: 100 });
  });

  test("also one of a few events; of one that has only one there is nothing to move", () => {
    const { path } = importText(daily(2));
    expect(archived(path, Date.UTC(2026, 4, 15))).toBe(1);
    expect(verifyLog(path)).toMatchObject({ ok: true, events: 2 });
    expect(archived(importText(daily(1)).path, Date.UTC(2026, 4, 15))).toBe(0);
  });
});

describe("refused, naming the line, with nothing imported:", () => {
  const good = () => exported(recorded()).split("\n").slice(0, -1);
  test.each([
    ["what is no JSON", (line: string) => line.replace('"tenant_id":', '"tenant_id"'), /not JSON/],
    ["a line cut off", (line: string) => line.slice(0, -20), /not a line of `fleet export`|not JSON/],
    ["an empty line", () => "", /not a line/],
    ["another document", () => '{"schema":"fleet.ps.v1","payload":{}}', /schema is "fleet.ps.v1"/],
    [
      "a missing clock",
      (line: string) => line.replace(/"recorded_at":"[^"]*",/, ""),
      /recorded_at is missing/,
    ],
    [
      "a day that does not exist",
      (line: string) => line.replace(/"occurred_at":"2026-\d\d-\d\d/, '"occurred_at":"2026-02-30'),
      /occurred_at is/,
    ],
    [
      "a clock that goes back",
      (line: string) => line.replace(/"recorded_at":"2026/, '"recorded_at":"2025'),
      /not after/,
    ],
    [
      "a field that nobody knows",
      (line: string) => line.replace('"agent":', '"extra":1,"agent":'),
      /field "extra"/,
    ],
    [
      "an event that comes twice",
      (line: string) => line.replace(/"origin_seq":\d+/, '"origin_seq":1'),
      /origin_seq is 1, after 2/,
    ],
    ["half a character", (line: string) => line.replace(/"host":"[^"]*"/, '"host":"\\ud800"'), /host is/],
    [
      "a known event whose payload is of another shape, which every later fold would fall over",
      (line: string) => line.replace(/"payload":.*$/, '"payload":null}'),
      /the payload of [a-z.]+ is not as it is written/,
    ],
    ["a payload that is not last", (line: string) => `${line.slice(0, -1)},"x":1}`, /not JSON/],
  ])("%s", (_, spoil, reason) => {
    const all = good();
    all[2] = spoil(all[2] ?? "");
    const path = bench.path();
    expect(() => importText(`${all.join("\n")}\n`, path)).toThrow(
      expect.objectContaining({ kind: "usage", message: expect.stringMatching(/^input, line 3: /) }),
    );
    expect(() => importText(`${all.join("\n")}\n`, path)).toThrow(reason);
    expect([...bench.read(path).events({})]).toEqual([]);
    // What was refused left nothing behind that an import would stumble over.
    expect(importText(`${good().join("\n")}\n`, path).imported.events).toBe(90);
  });

  test("bytes that are no text", () => {
    const [first = ""] = good();
    const bytes = Buffer.from(first);
    bytes[bytes.indexOf("jarvis")] = 0xff;
    const options = {
      path: bench.path(),
      identity: { ...OWN, machineId: null },
      nowUs: Number.MAX_SAFE_INTEGER,
      called: "input",
    };
    expect(() => importEvents({ ...options, lines: [bytes] })).toThrow("input, line 1: it is not UTF-8");
  });

  test("a log that holds events already", () => {
    const path = recorded();
    expect(() => importText(exported(path), path)).toThrow(
      expect.objectContaining({ kind: "conflict", message: `${path} already holds events, up to #90` }),
    );
    expect(verifyLog(path)).toMatchObject({ ok: true, events: 90 });
  });

  test("an input without any event", () => {
    expect(() => importText("")).toThrow("input holds no event");
  });
});

test("a log without events exports nothing, as CSV its header", () => {
  const path = bench.path();
  bench.open(path);
  expect(exported(path)).toBe("");
  expect(exported(path, {}, "csv").split("\r\n")).toHaveLength(2);
});

test("CSV quotes what would break a cell, and tells nothing from an empty text", () => {
  const path = bench.path();
  const log = bench.open(path, { identity: { tenantId: 'a "b", c', host: "h", machineId: null } });
  log.append({ source: "tmux", events: [vanished("/tmp/a\nb")] });
  log.append({ source: "heartbeat", events: [beat("coder0")] });
  const [header, first, second] = exported(path, {}, "csv").split("\r\n");
  expect(header?.split(",")).toHaveLength(13);
  expect(first).toBe(
    `1,"a ""b"", c",h,,tmux.server.vanished,1,tmux,us,2026-06-01T00:00:00.000000Z,2026-06-01T00:00:00.000000Z,${log.logId},1,"{""socket"":""/tmp/a\\nb"",""server"":12,""reason"":""refused""}"`,
  );
  expect(second).toContain(",h,coder0,heartbeat.received,1,heartbeat,s,");
});

test("what is appended while an export runs is left out of it", () => {
  const path = recorded();
  const pieces = exportEvents(path, { filter: {}, format: "ndjson" });
  const log = bench.open(path);
  const first = pieces.next().value as { text: string };
  log.append({ source: "heartbeat", events: [beat("late")] });
  const rest = [...pieces].map(({ text }) => text).join("");
  expect(`${first.text}${rest}`.split("\n")).toHaveLength(91);
});

test("a moment is exact to the microsecond in both directions, and what is none is refused", () => {
  fc.assert(
    fc.property(fc.integer({ min: -9_000_000_000_000_000, max: 9_000_000_000_000_000 }), (us) => {
      expect(microsOf(isoMicros(us))).toBe(us);
    }),
  );
  expect(microsOf("2026-06-01T00:00:00Z")).toBe(T0);
  expect(microsOf("2026-06-01T00:00:00.5Z")).toBe(T0 + 500_000);
  for (const text of [
    "2026-02-30T00:00:00Z",
    "2026-06-01T25:00:00Z",
    "2026-06-01",
    "2026-06-01T00:00:00+02:00",
    7,
  ])
    expect(microsOf(text)).toBeNull();
});

test("the line is documented by this one", () => {
  const path = bench.path();
  const log = bench.open(path);
  log.append({ source: "heartbeat", events: [beat("coder0", { occurredAtUs: T0 - 5 })] });
  expect(exported(path)).toBe(
    `{"schema":"${LINE_SCHEMA}","tenant_id":"jarvis","host":"W-jarvis","agent":"coder0","type":"heartbeat.received","schema_version":1,` +
      `"source":"heartbeat","precision":"s","occurred_at":"2026-05-31T23:59:59.999995Z","recorded_at":"2026-06-01T00:00:00.000000Z",` +
      `"origin_log":"${log.logId}","origin_seq":1,"payload":{"pid":4711,"pidStart":99,"status":"ok","evidence":"runtime"}}\n`,
  );
});

test("reading and writing go through a file unchanged", () => {
  const text = exported(recorded());
  const file = `${bench.directory()}/x.ndjson`;
  writeFileSync(file, text);
  expect(exported(importText(readFileSync(file, "utf8")).path)).toBe(text);
});

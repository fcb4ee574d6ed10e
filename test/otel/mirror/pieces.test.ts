import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DAY_US, dayName, dayStartUs } from "../../../otel/mirror/day.ts";
import { affectedFromUs } from "../../../otel/mirror/evidence-reach.ts";
import { spanIdOf, traceIdOf } from "../../../otel/mirror/ids.ts";
import { lifeAt, piecesOf } from "../../../otel/mirror/pieces.ts";
import { settledUntilUs } from "../../../otel/mirror/settled-until.ts";

const MIDNIGHT = Date.parse("2026-06-21T00:00:00Z") * 1000;
const H = 3_600_000_000;

describe("pieces", () => {
  const cut = (fromUs: number, toUs: number | null, settledUs: number, windowFromUs = MIDNIGHT - DAY_US) =>
    [
      ...piecesOf(
        [{ fromUs, toUs }],
        [
          { fromUs: MIDNIGHT - 10 * H, incarnation: "one" },
          { fromUs: MIDNIGHT + 6 * H, incarnation: "two" },
        ],
        { fromUs: windowFromUs, settledUs },
      ),
    ].map((piece) => [(piece.fromUs - MIDNIGHT) / H, (piece.toUs - MIDNIGHT) / H, piece.incarnation]);

  test("end at midnight UTC and where another life begins", () => {
    expect(cut(MIDNIGHT - 2 * H, MIDNIGHT + 8 * H, MIDNIGHT + 24 * H)).toEqual([
      [-2, 0, "one"],
      [0, 6, "one"],
      [6, 8, "two"],
    ]);
  });

  test("of what goes on, the closed days are told and the open one is not", () => {
    expect(cut(MIDNIGHT - 30 * H, null, MIDNIGHT + 3 * H)).toEqual([
      [-24, -10, null],
      [-10, 0, "one"],
    ]);
  });

  test("what is not settled waits, whole", () => {
    expect(cut(MIDNIGHT + 1 * H, MIDNIGHT + 3 * H, MIDNIGHT + 2 * H)).toEqual([]);
    expect(cut(MIDNIGHT + 1 * H, MIDNIGHT + 3 * H, MIDNIGHT + 3 * H)).toEqual([[1, 3, "one"]]);
  });

  test("join again to what they were cut from", () => {
    const moment = fc.integer({ min: -50, max: 50 });
    fc.assert(
      fc.property(moment, fc.integer({ min: 1, max: 60 }), (from, hours) => {
        const pieces = cut(
          MIDNIGHT + from * H,
          MIDNIGHT + (from + hours) * H,
          MIDNIGHT + 200 * H,
          MIDNIGHT - 100 * H,
        );
        expect(pieces[0]?.[0]).toBe(from);
        expect(pieces.at(-1)?.[1]).toBe(from + hours);
        for (const [index, [begins]] of pieces.entries())
          if (index > 0) expect(begins).toBe(pieces[index - 1]?.[1]);
      }),
    );
  });

  test("belong to the life that had begun last, also when it has ended", () => {
    const lives = [
      { fromUs: 10, incarnation: "a" },
      { fromUs: 20, incarnation: "b" },
    ];
    expect([9, 10, 19, 20, 99].map((atUs) => lifeAt(lives, atUs)?.incarnation)).toEqual([
      undefined,
      "a",
      "a",
      "b",
      "b",
    ]);
  });

  test("days are UTC days, before and after the one asked for last", () => {
    expect([MIDNIGHT, MIDNIGHT - 1, MIDNIGHT + DAY_US - 1].map(dayName)).toEqual([
      "2026-06-21",
      "2026-06-20",
      "2026-06-21",
    ]);
    expect(dayStartUs(MIDNIGHT + 5)).toBe(MIDNIGHT);
  });
});

test("ids are the same for the same parts, differ for other ones, and are never all zeros", () => {
  expect(traceIdOf("t", "h", "a", "", "2026-06-21")).toBe(traceIdOf("t", "h", "a", "", "2026-06-21"));
  expect(traceIdOf("t", "ha", "")).not.toBe(traceIdOf("t", "h", "a"));
  expect(traceIdOf("t")).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  expect(spanIdOf(traceIdOf("t"), "health", 1, 2)).toMatch(/^(?!0{16})[0-9a-f]{16}$/);
});

describe("what is settled", () => {
  const now = MIDNIGHT + 12 * H;
  const ago = (seconds: number) => now - seconds * 1e6;
  const documents = (families: Record<string, [string, unknown][]>) => ({
    get: (family: string, id: string) => families[family]?.find(([one]) => one === id)?.[1],
    list: (family: string) => families[family] ?? [],
  });
  const coverage = (source: string, state: string): [string, unknown] => [
    source,
    { source, scope: "", state },
  ];
  const until = (
    of: Parameters<typeof documents>[0],
    observed: Record<string, number>,
    recorderAliveAtUs: number | null,
  ) =>
    settledUntilUs({
      nowUs: now,
      documents: documents(of),
      observations: Object.entries(observed).map(([source, atUs]) => ({ source, scope: "", atUs })),
      recorderAliveAtUs,
    });

  test("lies a minute back, and before what any watched source has caught up with", () => {
    const watched = { coverage: [coverage("tmux", "observed"), coverage("journal", "observed")] };
    expect(until(watched, { tmux: ago(1), journal: ago(2) }, ago(0))).toBe(ago(60));
    expect(until(watched, { tmux: ago(1), journal: ago(300) }, ago(0))).toBe(ago(300));
  });

  test("is not held back by a source that does not answer, nor by one that only speaks when something happens", () => {
    const watched = { coverage: [coverage("systemd", "unavailable"), coverage("bus", "observed")] };
    expect(until(watched, { systemd: ago(9000) }, ago(0))).toBe(ago(60));
  });

  test("stands still where no recorder runs, for spool and journal will still tell of the time since", () => {
    const stopped = { recorder: [["-", { state: "stopped", sinceUs: ago(5000) }] as [string, unknown]] };
    expect(until(stopped, { tmux: ago(5001) }, null)).toBe(ago(5000));
    expect(until({}, { tmux: ago(700) }, null)).toBe(ago(700));
    expect(until({}, {}, null)).toBe(0);
  });
});

test("an event reaches back to the earliest moment that it says something about", () => {
  const event = (type: string, payload: object, over: object = {}) => ({
    seq: 9,
    agent: null,
    type,
    schemaVersion: 1,
    source: "recorder",
    occurredAtUs: 1000,
    precision: "us" as const,
    recordedAtUs: 1001,
    payload,
    ...over,
  });
  const reach = (of: ReturnType<typeof event>, previousUs: number | null = null) =>
    affectedFromUs(of, () => (previousUs === null ? [] : [previousUs]));
  expect(reach(event("recorder.started", {}))).toBe(1000);
  expect(reach(event("heartbeat.received", {}, { source: "heartbeat", occurredAtUs: 5000 }))).toBe(1001);
  expect(reach(event("recorder.lapsed", { pid: 1, lastAliveUs: 400 }))).toBe(400);
  expect(reach(event("recorder.suspended", { fromUs: 300, toUs: 900 }))).toBe(300);
  expect(reach(event("recorder.source.recovered", { source: "tmux", scope: "" }), 200)).toBe(200);
  const looked = {
    begunAtUs: 1000,
    sources: [{ source: "tmux", scope: "/s", state: "observed", reason: null }],
  };
  expect(reach(event("recorder.sample.taken", looked), 150)).toBe(150);
  expect(reach(event("recorder.clock.stepped", { byMs: -0.5 }))).toBe(500);
  expect(reach(event("rules.adopted", { version: 2, fromUs: 70 }, { source: "operator" }))).toBe(70);
});

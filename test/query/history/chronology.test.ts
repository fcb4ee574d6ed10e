import { expect, test } from "vitest";
import { chronologyOf } from "../../../query/history/chronology.ts";
import type { FoldEvent } from "../../../store/projection.ts";

function event(seq: number, occurredAtUs: number, over: Partial<FoldEvent> = {}): FoldEvent {
  const what = {
    agent: null,
    type: "heartbeat.received",
    schemaVersion: 1,
    source: "heartbeat",
    payload: {},
  };
  return { seq, occurredAtUs, recordedAtUs: occurredAtUs, precision: "us", ...what, ...over };
}
const word = (seq: number, atUs: number, over: Partial<FoldEvent> = {}) =>
  event(seq, atUs, { type: "recorder.source.started", source: "recorder", ...over });

test("an event takes effect at its own time, but not after it was recorded, nor after it is read", () => {
  const late = event(1, 100, { recordedAtUs: 500 });
  const ahead = event(2, 900, { recordedAtUs: 600 });
  const { effectUs, foundUs } = chronologyOf([late, ahead], 1000);
  expect([effectUs(late), foundUs(late), effectUs(ahead), foundUs(ahead)]).toEqual([100, 500, 600, 600]);
  expect(chronologyOf([ahead], 550).effectUs(ahead)).toBe(550);
});

test("whatever stands in the log before a word of the recorder has happened by then, also where the log's own clock ran ahead", () => {
  const before = event(1, 1000, { recordedAtUs: 1000 });
  const { effectUs, foundUs } = chronologyOf([before, word(2, 400), word(3, 300), word(4, 700)], Infinity);
  expect([effectUs(before), foundUs(before)]).toEqual([300, 300]);
  expect(effectUs(word(2, 400))).toBe(300);
  expect(effectUs(event(5, 900))).toBe(900);
});

test("a suspend and a clock set forward are time that nobody lived; a clock set back is none", () => {
  const slept = word(1, 300, { type: "recorder.suspended", payload: { fromUs: 100, toUs: 300 } });
  const forward = word(2, 9000, { type: "recorder.clock.stepped", payload: { byMs: 8 } });
  const back = word(3, 5000, { type: "recorder.clock.stepped", payload: { byMs: -4 } });
  expect(chronologyOf([slept, forward, back], Infinity).unlived).toEqual([
    { fromUs: 100, toUs: 300, resumedAtUs: 300 },
    { fromUs: 1000, toUs: 5000, resumedAtUs: 9000 },
  ]);
});

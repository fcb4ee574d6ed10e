import { describe, test } from "vitest";
import { agree } from "./agree.ts";
import type { Op } from "./stories.ts";
import { play } from "./world.ts";

/** Stories of one gap that the property of `sweep.test.ts` had found the intervals and the reference judge to differ in. */
describe("intervals and the reference judge tell the same where", () => {
  /** Everything a millisecond after what was before it, or after so many. */
  const told = (...story: readonly (Op | readonly [number, Op])[]) =>
    agree(
      play(
        story.map((turn) => ("kind" in turn ? { afterMs: 1, op: turn } : { afterMs: turn[0], op: turn[1] })),
      ),
    );
  const seen: readonly Op[] = [
    { kind: "start", agent: 0, hook: true },
    { kind: "start", agent: 1, hook: true },
    { kind: "record" },
  ];
  const stopRecording: Op = { kind: "stop-recording", told: true, aliveMs: 0 };

  test("the life that a look saw was gone by then, and what was there between is no word of before its declaration", () => {
    told(
      ...seen,
      stopRecording,
      { kind: "kill-server" },
      { kind: "come-and-go", agent: 0, apartMs: 300, status: 0, closes: true, beside: "none" },
      { kind: "start", agent: 0, hook: false },
      { kind: "wait", forMs: 500 },
      { kind: "record" },
    );
  });

  test("what ended in the second of its declaration has not never run", () => {
    told(
      ...seen,
      stopRecording,
      { kind: "end", agent: 0, remain: false, status: 0, dated: false, hook: false },
      { kind: "come-and-go", agent: 0, apartMs: 300, status: 0, closes: false, beside: "none" },
      { kind: "reboot", forMs: 7, journal: "silent" },
      [3, { kind: "beat", agent: 1, status: "ok", aheadMs: 0 }],
      [9, { kind: "come-and-go", agent: 0, apartMs: 558, status: 0, closes: true, beside: "too" }],
      { kind: "record-hastily" },
    );
  });

  test("two sessions of one server of which only hooks told are two lives", () => {
    told(
      ...seen,
      { kind: "kill-server" },
      stopRecording,
      { kind: "come-and-go", agent: 0, apartMs: 300, status: 0, closes: true, beside: "none" },
      { kind: "come-and-go", agent: 0, apartMs: 300, status: 0, closes: false, beside: "none" },
      { kind: "kill-server" },
      { kind: "end", agent: 0, remain: false, status: 0, dated: false, hook: false },
      { kind: "sample" },
    );
  });

  test("a wish ends what died in its second, also where another life had ended before that", () => {
    told(
      ...seen,
      { kind: "kill-server" },
      stopRecording,
      { kind: "started-unseen", agent: 0, by: "job", times: 1, apartMs: 0, stopped: false, stays: true },
      {
        kind: "wished-end",
        agent: 0,
        wish: "stop",
        before: false,
        apartMs: 1,
        remain: true,
        status: 0,
        dated: true,
        hook: false,
      },
      { kind: "start", agent: 0, hook: false },
      { kind: "sample" },
    );
  });

  test("of two deaths of one pane in one second the last is the last life's", () => {
    told(
      ...seen,
      {
        kind: "wished-end",
        agent: 0,
        wish: "stop",
        before: false,
        apartMs: 0,
        remain: true,
        status: null,
        dated: false,
        hook: true,
      },
      { kind: "respawn", agent: 0 },
      stopRecording,
      { kind: "end", agent: 0, remain: true, status: 0, dated: false, hook: true },
      {
        kind: "wished-end",
        agent: 0,
        wish: "stop",
        before: false,
        apartMs: 0,
        remain: false,
        status: 0,
        dated: false,
        hook: false,
      },
      { kind: "verb", agent: 0, verb: "start" },
      { kind: "sample" },
    );
  });

  test("a life was over by the first beat of one that came after it, and had gone again before anybody looked", () => {
    told(
      ...seen,
      { kind: "beat", agent: 1, status: "ok", aheadMs: 0 },
      stopRecording,
      { kind: "reboot", forMs: 1, journal: "silent" },
      { kind: "start", agent: 1, hook: false },
      { kind: "beat", agent: 1, status: "ok", aheadMs: 0 },
      { kind: "reboot", forMs: 1, journal: "silent" },
      { kind: "sample" },
    );
  });

  test("a beat that one process dated ahead is not another process's", () => {
    told(
      ...seen,
      { kind: "beat", agent: 1, status: "ok", aheadMs: 2 },
      stopRecording,
      { kind: "beat", agent: 1, status: "waiting", aheadMs: 0 },
      { kind: "wait", forMs: 500 },
      { kind: "end", agent: 1, remain: false, status: 0, dated: false, hook: false },
      { kind: "record" },
    );
  });

  test("a making that was written down in its second had happened by then", () => {
    told(
      { kind: "start", agent: 0, hook: true },
      { kind: "started-unseen", agent: 1, by: "job", times: 2, apartMs: 6, stopped: false, stays: false },
      [2, { kind: "beat", agent: 0, status: "ok", aheadMs: 0 }],
      { kind: "step", byMs: -1 },
      [4, { kind: "reboot", forMs: 14, journal: "silent" }],
      [
        2,
        {
          kind: "wished-end",
          agent: 0,
          wish: "stop",
          before: false,
          apartMs: 7,
          remain: false,
          status: 0,
          dated: false,
          hook: false,
        },
      ],
      [4, { kind: "writer-exits", agent: 0 }],
      { kind: "wait", forMs: 896 },
      [4, { kind: "record" }],
      [
        2,
        {
          kind: "wished-end",
          agent: 0,
          wish: "restart",
          before: false,
          apartMs: 12,
          remain: false,
          status: 0,
          dated: false,
          hook: false,
        },
      ],
    );
  });
});

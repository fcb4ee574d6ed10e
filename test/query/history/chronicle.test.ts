import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asOf } from "../../../query/history/as-of.ts";
import { chronicleAt } from "../../../query/history/chronicler.ts";
import { historyFrom, historyOf } from "../../../query/history/history.ts";
import { HELD_EVENTS } from "../../../query/history/parts.ts";
import type { Past } from "../../../query/history/past.ts";
import { pastAsRecorded } from "../../../query/history/past-as-recorded.ts";
import { pastOf } from "../../../query/history/past-in-memory.ts";
import { keptPast } from "../../../query/history/past-kept.ts";
import { newestOf, type Rules } from "../../../query/history/rules.ts";
import { statusIntervals } from "../../../query/history/sweep.ts";
import { windowTestimony } from "../../../query/history/window-testimony.ts";
import { projections } from "../../../query/planes/all.ts";
import { archiveLog } from "../../../store/archive/archive-log.ts";
import { openChronicleThen } from "../../../store/chronicle-then.ts";
import type { StoredEvent } from "../../../store/events/envelope.ts";
import { type KeptLog, keepLog, SMALL } from "./kept-log.ts";
import type { Turn } from "./stories.ts";
import { AGENTS, anyStory, anyStoryWithRules, anyStoryWithSteps } from "./stories.ts";
import { BEGIN_US, play } from "./world.ts";

const RUNS = Number(process.env.PROPERTY_RUNS ?? 25);
const options = { timeout: 600_000 };
const runs = process.env.PROPERTY_RUNS ? { numRuns: RUNS } : { numRuns: RUNS, seed: 11 };

type Played = typeof anyStoryWithSteps extends fc.Arbitrary<infer T> ? T : never;

/** Found by longer runs: a window that begins where what is settled ends, in the middle of a stay. */
const AT_A_JOINT: [Played, number[], boolean[], [number, number][], boolean[]] = [
  [
    { afterMs: 1, op: { kind: "record" } },
    { afterMs: 1, op: { kind: "step", byMs: 1 } },
    { afterMs: 1, op: { kind: "start", agent: 0 } },
    { afterMs: 1, op: { kind: "record" } },
    { afterMs: 1, op: { kind: "deliver" } },
    { afterMs: 1, op: { kind: "stop-recording", told: false, aliveMs: 0 } },
    { afterMs: 1, op: { kind: "end", agent: 0, remain: false, status: 0, dated: false, hook: false } },
  ],
  [5, 1, 6],
  [false, false, true, false],
  [[0, 1]],
  [false],
];
/** And one that begins behind it: what the stay rests on was settled before. */
const BEHIND_A_JOINT: typeof AT_A_JOINT = [
  [
    { afterMs: 1, op: { kind: "start", agent: 0 } },
    { afterMs: 1, op: { kind: "record" } },
    { afterMs: 1, op: { kind: "deliver" } },
    { afterMs: 1, op: { kind: "reboot", forMs: 1, journal: "silent" } },
    { afterMs: 1, op: { kind: "record" } },
    { afterMs: 4, op: { kind: "unit", agent: 0, to: "active", job: false, dated: false } },
  ],
  [1],
  [true],
  [
    [7, 1],
    [0, 1],
  ],
  [false],
];
/** And one that was on no roster, of whom several things are known of before the log. */
const NEVER_DECLARED: typeof AT_A_JOINT = [
  [
    {
      afterMs: 1,
      op: { kind: "roster", agent: 0, intervalMs: null, lifecycle: "always", expected: false },
    },
    { afterMs: 1, op: { kind: "start", agent: 0 } },
    { afterMs: 1, op: { kind: "record" } },
    { afterMs: 1, op: { kind: "verb", agent: 0, verb: "start" } },
    { afterMs: 1, op: { kind: "unavailable", source: "tmux" } },
    { afterMs: 1, op: { kind: "step", byMs: 1 } },
    { afterMs: 1, op: { kind: "start", agent: 0 } },
  ],
  [1],
  [false],
  [[0, 3]],
  [false],
];
/** And a recorder that fell silent in the very moment in which it began to watch: the gap that it ended goes on. */
const LAPSED_AT_ONCE: typeof AT_A_JOINT = [
  [
    { afterMs: 1, op: { kind: "beat", agent: 0, status: "ok", aheadMs: 0 } },
    { afterMs: 1, op: { kind: "sample" } },
    { afterMs: 1, op: { kind: "start", agent: 0, hook: false } },
    { afterMs: 1, op: { kind: "record" } },
    { afterMs: 1, op: { kind: "stop-recording", told: false, aliveMs: 1 } },
    { afterMs: 1, op: { kind: "respawn", agent: 0 } },
    { afterMs: 1, op: { kind: "start", agent: 1, hook: true } },
    { afterMs: 1, op: { kind: "beat", agent: 0, status: "ok", aheadMs: 0 } },
  ],
  [1],
  [true],
  [[0, 4]],
  [false],
];
/** And a beat whose own event is one at which all files are kept. */
const READ_AT_A_CHECKPOINT: [Played, number[], number] = [
  [
    { afterMs: 1, op: { kind: "beat", agent: 0, status: "ok", aheadMs: 0 } },
    { afterMs: 1, op: { kind: "reboot", forMs: 1, journal: "silent" } },
    { afterMs: 1, op: { kind: "sample" } },
    { afterMs: 1, op: { kind: "sample" } },
    { afterMs: 1, op: { kind: "stop-recording", told: false, aliveMs: 0 } },
    { afterMs: 1, op: { kind: "start", agent: 0 } },
    { afterMs: 1, op: { kind: "record" } },
    { afterMs: 1, op: { kind: "respawn", agent: 1 } },
  ],
  [1497225485, 0],
  0,
];

/** A later version that has the same deadlines and another word for what it finds. */
const version1 = newestOf();
const version2: Rules = {
  ...version1,
  version: 2,
  judge: (evidence) => {
    const verdict = version1.judge(evidence);
    return verdict.status === "healthy" ? { ...verdict, status: "busy", reason: "by version 2" } : verdict;
  },
};
const rules = [version1, version2];

const anyCuts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 });
const anySettled = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 });
const anyWindows = fc.array(fc.tuple(fc.integer({ min: -30, max: 250 }), fc.integer({ min: 1, max: 120 })), {
  minLength: 1,
  maxLength: 4,
});

const neverArchived = fc.constant([false]);

function agree(
  story: readonly Turn[],
  cuts: readonly number[],
  windows: readonly (readonly [number, number])[],
): void {
  const { events, lapsedAtUs, endUs } = play(story);
  const kept = keepLog();
  try {
    for (let through = 0, at = 0; through < events.length; at++) {
      through = Math.min(events.length, through + (cuts[at % cuts.length] as number));
      kept.write(events, through);
      if (through < events.length && at % 3 !== 0) continue;
      const isWhole = through === events.length;
      const soFar = events.slice(0, through);
      const nowUs = isWhole ? endUs : (soFar.at(-1)?.recordedAtUs as number);
      const lapsed = isWhole ? lapsedAtUs : null;
      const whole = historyOf({ events: soFar, lapsedAtUs: lapsed, nowUs });
      for (const [from, length] of windows) {
        const window = { fromUs: BEGIN_US + from * 1000, toUs: BEGIN_US + (from + length) * 1000 };
        const testimony = windowTestimony({
          view: kept.view(),
          window,
          lapsedAtUs: lapsed,
          nowUs,
          lateUs: SMALL.lateUs,
        });
        const part = historyFrom(testimony);
        const at = { through, window: [from, from + length] };
        for (const agent of AGENTS) {
          expect({ ...at, agent, found: statusIntervals(part, agent, window) }).toEqual({
            ...at,
            agent,
            found: statusIntervals(whole, agent, window),
          });
        }
        for (const atUs of [window.fromUs, window.toUs]) {
          const asked = { tenantId: "t", host: "h", logSeq: through, atUs, all: true };
          expect({ ...at, table: asOf(part, asked) }).toEqual({ ...at, table: asOf(whole, asked) });
        }
      }
    }
  } finally {
    kept.close();
  }
}

/** The past from what is kept against the past of the whole log, whoever settled verdicts whenever. */
function agreeOnThePast(
  story: readonly Turn[],
  cuts: readonly number[],
  settled: readonly boolean[],
  windows: readonly (readonly [number, number])[],
  archived: readonly boolean[],
): void {
  agreeOnThePastOf(play(story), { cuts, settled, windows, archived });
}

const MET = "/tmp/tmux-1000/met-later";

/** From some event on another socket is watched, too, and some of what is told of the first one is told of that one as well; `before`: already before that. */
function withSocketMet(
  played: ReturnType<typeof play>,
  {
    after,
    before,
    told,
  }: { readonly after: number; readonly before: boolean; readonly told: readonly boolean[] },
): ReturnType<typeof play> {
  const events: StoredEvent[] = [];
  const start = {
    type: "recorder.source.started",
    agent: null,
    source: "recorder",
    precision: "us",
  } as const;
  let isMet = false;
  for (const [index, event] of played.events.entries()) {
    events.push(event);
    // Only where its stamp leaves room: the next one of the same commit has the microsecond that follows.
    const next = played.events[index + 1]?.recordedAtUs ?? Infinity;
    if (next - event.recordedAtUs < 2) continue;
    const stamp = { recordedAtUs: event.recordedAtUs + 1 };
    if (!isMet && index >= after) {
      const payload = { source: "tmux", scope: MET };
      events.push({ ...event, ...start, ...stamp, occurredAtUs: event.occurredAtUs, payload });
      isMet = true;
      continue;
    }
    const payload = event.payload as { readonly socket?: unknown } | null;
    if (
      (isMet || before) &&
      event.type.startsWith("tmux.") &&
      payload?.socket !== undefined &&
      told[index % told.length]
    )
      events.push({ ...event, ...stamp, payload: { ...payload, socket: MET } });
  }
  const numbered = events.map((event, at) => ({ ...event, seq: at + 1, originSeq: at + 1 }));
  return { ...played, events: numbered };
}

function agreeOnThePastOf(
  { events, lapsedAtUs, endUs }: ReturnType<typeof play>,
  asked: {
    readonly cuts: readonly number[];
    readonly settled: readonly boolean[];
    readonly windows: readonly (readonly [number, number])[];
    readonly archived: readonly boolean[];
  },
): void {
  const { cuts, settled, windows, archived } = asked;
  const kept = keepLog({ ...SMALL, rules });
  try {
    for (let through = 0, at = 0; through < events.length; at++) {
      through = Math.min(events.length, through + (cuts[at % cuts.length] as number));
      kept.write(events, through);
      // A recorder settles some steps in each second only.
      if (settled[at % settled.length]) kept.log.settle(() => at % 2 === 1);
      if (archived[at % archived.length]) archiveAll(kept);
      const isWhole = through === events.length;
      if (!isWhole && at % 3 !== 0) continue;
      const soFar = events.slice(0, through);
      const common = {
        tenantId: "t",
        host: "h",
        lapsedAtUs: isWhole ? lapsedAtUs : null,
        nowUs: isWhole ? endUs : (soFar.at(-1)?.recordedAtUs as number),
        rules,
      };
      const whole = pastOf({ ...common, logSeq: through, events: soFar });
      const part = keptPast({
        ...common,
        view: kept.view(),
        verdicts: kept.verdicts(),
        lateUs: SMALL.lateUs,
        // Now the whole of a story is held at once, now some events of it.
        heldEvents: at % 2 === 0 ? HELD_EVENTS : 5,
      });
      for (const [from, length] of windows) {
        const window = { fromUs: BEGIN_US + from * 1000, toUs: BEGIN_US + (from + length) * 1000 };
        const told = (past: Past) => ({
          ...{ through, window: [from, from + length], names: past.names(), begins: past.beginsUs },
          roster: past.roster(window),
          gaps: [...past.gaps(window)],
          boots: [...past.boots(window)],
          table: past.table(window.fromUs, true),
          agents: AGENTS.map((agent) => ({
            agent,
            intervals: [...past.intervals(agent, window)],
            sightings: [...past.sightings(agent, window)],
            uptime: past.uptime(agent, window),
            outages: [...past.outages(agent, window)],
            lives: past.lives(agent, window),
            bootGaps: past.bootGaps(agent, window),
            rejudged: [...past.rejudged(agent, window)].map(({ why: _, ...interval }) => interval),
            states: (
              [
                "healthy",
                "stale",
                "dead",
                "running",
                "stopped",
                "absent",
                "unobserved",
                "started",
                "attached",
                "sent",
                "drifted",
                "rebooted",
              ] as const
            ).map((state) => [
              state,
              [...past.occurrences(agent, state, window)],
              [...past.observed(agent, state, window)],
            ]),
            explained: past.explain(agent, window.toUs),
            // Whoever has read the stretch as a whole is told the same of each of its moments.
            moments: [0, 1, length * 500, length * 1000 - 1, length * 1000].map((us) =>
              (past.stretch(agent, window) ?? past).explain(agent, window.fromUs + us),
            ),
          })),
        });
        expect(told(part)).toEqual(told(whole));
      }
    }
  } finally {
    kept.close();
  }
}

/** Everything but the newest commit moves into files, of several parts each. */
function archiveAll({ path }: KeptLog): void {
  const sizes = { segment: 12, block: 5 };
  archiveLog({ path, beforeUs: BEGIN_US + 400 * 86_400_000_000, nowUs: () => BEGIN_US, sizes });
}

describe("the chronicle that is kept beside the log", () => {
  test("tells of any window what the whole log tells of it, after any commit", options, () => {
    fc.assert(fc.property(anyStory, anyCuts, anyWindows, agree), runs);
  });

  test("also where the clock is set forward and back", options, () => {
    fc.assert(fc.property(anyStoryWithSteps, anyCuts, anyWindows, agree), runs);
  });

  test("and so do the verdicts that are settled, whenever that was done", options, () => {
    fc.assert(fc.property(anyStory, anyCuts, anySettled, anyWindows, neverArchived, agreeOnThePast), {
      ...runs,
      examples: [BEHIND_A_JOINT, LAPSED_AT_ONCE],
    });
  });

  test(
    "and where a tmux socket is met in the midst of it, of which nothing was known before",
    options,
    () => {
      const anyMet = fc.record({
        after: fc.nat(60),
        before: fc.boolean(),
        told: fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
      });
      fc.assert(
        fc.property(anyStory, anyCuts, anySettled, anyWindows, anyMet, (story, cuts, settled, windows, met) =>
          agreeOnThePastOf(withSocketMet(play(story), met), { cuts, settled, windows, archived: [false] }),
        ),
        runs,
      );
    },
  );

  test("and where the clock is set meanwhile", options, () => {
    fc.assert(
      fc.property(anyStoryWithSteps, anyCuts, anySettled, anyWindows, neverArchived, agreeOnThePast),
      runs,
    );
  });

  test("and where what is older has moved into the archive, whenever that was done", options, () => {
    const anyArchived = fc.array(fc.boolean(), { minLength: 1, maxLength: 4 });
    fc.assert(fc.property(anyStoryWithSteps, anyCuts, anySettled, anyWindows, anyArchived, agreeOnThePast), {
      ...runs,
      examples: [AT_A_JOINT, NEVER_DECLARED],
    });
  });

  test("and what the log knew at any of its events is folded from the nearest checkpoint", options, () => {
    const anySeqs = fc.array(fc.nat(), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(anyStoryWithSteps, anySeqs, fc.nat({ max: 20 }), (story, seqs, laterMs) => {
        const { events } = play(story);
        fc.pre(events.length > 0);
        const kept = keepLog();
        try {
          kept.write(events, events.length);
          // Half of the stories are read out of the archive.
          if (laterMs % 2 === 0) archiveAll(kept);
          for (const pick of seqs) {
            const seq = 1 + (pick % events.length);
            const soFar = events.slice(0, seq);
            const nowUs = (soFar.at(-1)?.recordedAtUs as number) + laterMs * 1000;
            const common = { tenantId: "t", host: "h", nowUs, lapsedAtUs: null };
            const whole = pastOf({ ...common, logSeq: seq, events: soFar });
            const never = () => {
              throw new Error("the whole log was read");
            };
            const past = pastAsRecorded({ ...common, view: kept.view(), seq, names: never, whole: never });
            expect(past.table(nowUs, true)).toEqual(whole.table(nowUs, true));
            for (const agent of AGENTS)
              expect(past.explain(agent, nowUs)).toEqual(whole.explain(agent, nowUs));
          }
        } finally {
          kept.close();
        }
      }),
      { ...runs, examples: [READ_AT_A_CHECKPOINT] },
    );
  });

  test(
    "and what it knew at any of its events of an earlier moment is folded again up to there",
    options,
    () => {
      const anySeqs = fc.array(fc.nat(), { minLength: 1, maxLength: 3 });
      fc.assert(
        fc.property(anyStoryWithSteps, anySeqs, anyWindows, (story, seqs, windows) => {
          const { events } = play(story);
          fc.pre(events.length > 0);
          const kept = keepLog();
          try {
            kept.write(events, events.length);
            kept.log.settle();
            if (windows.length % 2 === 0) archiveAll(kept);
            for (const pick of seqs) {
              const seq = 1 + (pick % events.length);
              const soFar = events.slice(0, seq);
              const nowUs = soFar.at(-1)?.recordedAtUs as number;
              const common = { tenantId: "t", host: "h", nowUs, lapsedAtUs: null };
              const whole = pastOf({ ...common, logSeq: seq, events: soFar });
              const folded = { projections, chronicle: chronicleAt(SMALL) };
              const then = openChronicleThen(kept.path, common, folded, seq);
              try {
                const past = keptPast({ ...common, ...then, lateUs: SMALL.lateUs, heldEvents: 5 });
                for (const [from, length] of windows) {
                  const window = { fromUs: BEGIN_US + from * 1000, toUs: BEGIN_US + (from + length) * 1000 };
                  const atUs = Math.min(nowUs, window.fromUs);
                  expect(past.table(atUs, true)).toEqual(whole.table(atUs, true));
                  for (const agent of AGENTS) {
                    expect(past.explain(agent, atUs)).toEqual(whole.explain(agent, atUs));
                    expect([...past.intervals(agent, window)]).toEqual([...whole.intervals(agent, window)]);
                    expect([...past.sightings(agent, window)]).toEqual([...whole.sightings(agent, window)]);
                  }
                }
              } finally {
                then.close();
              }
            }
          } finally {
            kept.close();
          }
        }),
        runs,
      );
    },
  );

  test(
    "verdicts follow the rules that were in force at their time, whoever adopted them when",
    options,
    () => {
      fc.assert(
        fc.property(anyStoryWithRules, anyCuts, anySettled, anyWindows, neverArchived, agreeOnThePast),
        runs,
      );
    },
  );
});

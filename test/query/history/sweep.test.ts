import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asOf } from "../../../query/history/as-of.ts";
import { factsAt } from "../../../query/history/evidence-at.ts";
import { historyOf } from "../../../query/history/history.ts";
import { intervalAt } from "../../../query/history/intervals.ts";
import { gapsBetween, spanAt } from "../../../query/history/span.ts";
import { statusIntervals } from "../../../query/history/sweep.ts";
import { pieceAt, valueAt } from "../../../query/history/timeline.ts";
import { psDocument } from "../../../query/ps.ts";
import type { AgentRow } from "../../../query/row.ts";
import type { StoredEvent } from "../../../store/events/envelope.ts";
import { SOCKET } from "../../support/looks.ts";
import { agree, moments } from "./agree.ts";
import type { Op } from "./stories.ts";
import { AGENTS, anyStory, anyStoryOfAGap, anyStoryWithSteps } from "./stories.ts";
import { BEGIN_US, play } from "./world.ts";

/** The same stories in every run; PROPERTY_RUNS=N looks at N new ones, and what a failure prints replays by its seed. */
const runs = { numRuns: Number(process.env.PROPERTY_RUNS ?? 1000) };
const options = { timeout: 600_000 };
const EVER = { fromUs: BEGIN_US - 200_000, toUs: Infinity };

describe("intervals against the reference judge", () => {
  test("at every millisecond of any story the interval says what the reference says", options, () => {
    fc.assert(
      fc.property(anyStory, (story) => agree(play(story))),
      runs,
    );
  });

  test("also of all that may happen in one gap", options, () => {
    fc.assert(
      fc.property(anyStoryOfAGap, (story) => agree(play(story))),
      runs,
    );
  });

  test("also where the clock is set forward and back", options, () => {
    fc.assert(
      fc.property(anyStoryWithSteps, (story) => agree(play(story))),
      runs,
    );
  });
});

test("a failure that is known before its hour, since the clock was set back, ends a stop at its hour", () => {
  agree(
    play([
      { afterMs: 1, op: { kind: "record" } },
      { afterMs: 1, op: { kind: "verb", agent: 0, verb: "stop" } },
      { afterMs: 1, op: { kind: "unit", agent: 0, to: "failed", job: "restart", dated: false } },
      { afterMs: 1, op: { kind: "step", byMs: -1 } },
      { afterMs: 1, op: { kind: "step", byMs: -2 } },
    ]),
  );
});

test("what ended at an exact moment ended then, also where the clock was set back since and a stop was wanted after it", () => {
  agree(
    play([
      { afterMs: 1, op: { kind: "start", agent: 1, hook: false } },
      { afterMs: 1, op: { kind: "record" } },
      { afterMs: 1, op: { kind: "kill-server" } },
      { afterMs: 1, op: { kind: "step", byMs: -4 } },
      { afterMs: 1, op: { kind: "verb", agent: 1, verb: "stop" } },
    ]),
  );
  agree(
    play([
      { afterMs: 1, op: { kind: "start", agent: 1, hook: false } },
      { afterMs: 1, op: { kind: "end", agent: 1, remain: true, status: 0, dated: false, hook: false } },
      { afterMs: 1, op: { kind: "record" } },
      { afterMs: 1, op: { kind: "step", byMs: -3 } },
      { afterMs: 1, op: { kind: "unit", agent: 1, to: "active", job: "restart", dated: false } },
      { afterMs: 1, op: { kind: "unavailable", source: "tmux" } },
    ]),
  );
});

test("a life of which only hooks told, begun in time that is lived twice, is gone from the line on that says so", () => {
  agree(
    play([
      { afterMs: 1, op: { kind: "record" } },
      { afterMs: 1, op: { kind: "stop-recording", told: false, aliveMs: 0 } },
      { afterMs: 1, op: { kind: "step", byMs: -4 } },
      { afterMs: 1, op: { kind: "start", agent: 1, hook: true } },
      {
        afterMs: 2,
        op: { kind: "end", agent: 1, remain: false, status: 0, dated: true, hook: true },
      },
      { afterMs: 1, op: { kind: "unit", agent: 0, to: "active", job: true, dated: false } },
      { afterMs: 1, op: { kind: "record" } },
      { afterMs: 1, op: { kind: "sample" } },
    ]),
  );
});

test("what was told before the clock was set back had happened by then, whatever hour it was dated by", () => {
  // Found by longer runs: a declaration that is dated later than the life that ended after it,
  agree(
    play([
      { afterMs: 1, op: { kind: "record" } },
      { afterMs: 1, op: { kind: "step", byMs: -4 } },
      { afterMs: 1, op: { kind: "start", agent: 0, hook: false } },
      { afterMs: 1, op: { kind: "kill-server" } },
      { afterMs: 1, op: { kind: "beat", agent: 0, status: "ok", aheadMs: 0 } },
      { afterMs: 1, op: { kind: "step", byMs: -3 } },
      { afterMs: 1, op: { kind: "unlink", agent: 1 } },
    ]),
  );
  // and an end that is dated later than what beat after it.
  agree(
    play([
      { afterMs: 1, op: { kind: "record" } },
      { afterMs: 1, op: { kind: "start", agent: 0, hook: false } },
      { afterMs: 1, op: { kind: "kill-server" } },
      { afterMs: 1, op: { kind: "step", byMs: -3 } },
      { afterMs: 1, op: { kind: "verb", agent: 0, verb: "stop" } },
      { afterMs: 1, op: { kind: "beat", agent: 0, status: "ok", aheadMs: 0 } },
      { afterMs: 1, op: { kind: "stop-recording", told: false, aliveMs: 0 } },
    ]),
  );
});

test("a life that was followed by one of which nobody knows since when is healthy until it was last seen, by what it beat before that", () => {
  agree(
    play([
      { afterMs: 1, op: { kind: "start", agent: 0, hook: false } },
      { afterMs: 1, op: { kind: "beat", agent: 0, status: "ok", aheadMs: 0 } },
      { afterMs: 1, op: { kind: "sample" } },
      { afterMs: 2, op: { kind: "respawn", agent: 0 } },
      { afterMs: 2, op: { kind: "step", byMs: -14 } },
      { afterMs: 8, op: { kind: "start", agent: 0, hook: false } },
      { afterMs: 3, op: { kind: "record" } },
    ]),
  );
});

describe("intervals", () => {
  test("tile the window: each begins where the one before ended, and neighbours differ", options, () => {
    const window = fc.tuple(fc.integer({ min: -50, max: 200 }), fc.integer({ min: 1, max: 200 }));
    fc.assert(
      fc.property(anyStoryWithSteps, window, (story, [from, length]) => {
        const { events, lapsedAtUs } = play(story);
        const history = historyOf({ events, lapsedAtUs });
        const fromUs = BEGIN_US + from * 1000;
        const toUs = fromUs + length * 1000;
        for (const agent of AGENTS) {
          const intervals = statusIntervals(history, agent, { fromUs, toUs });
          expect(intervals[0]?.fromUs).toBe(fromUs);
          expect(intervals.at(-1)?.toUs).toBe(toUs);
          for (const [index, interval] of intervals.entries()) {
            const next = intervals[index + 1];
            expect(interval.toUs).toBeGreaterThan(interval.fromUs);
            if (!next) continue;
            expect(next.fromUs).toBe(interval.toUs);
            expect([next.status, next.reason]).not.toEqual([interval.status, interval.reason]);
          }
          const whole = statusIntervals(history, agent, EVER);
          for (const { fromUs: atUs, status } of intervals)
            expect(intervalAt(whole, atUs)?.status).toBe(status);
        }
      }),
      runs,
    );
  });

  test(
    "late evidence may arrive in any order and at any place in the log: the same intervals",
    options,
    () => {
      fc.assert(
        fc.property(anyStory, fc.array(fc.nat(), { minLength: 1, maxLength: 40 }), (story, dice) => {
          const { events, lapsedAtUs } = play(story);
          const shuffled = rearranged(events, dice);
          const before = historyOf({ events, lapsedAtUs });
          const after = historyOf({ events: shuffled, lapsedAtUs });
          for (const agent of AGENTS) {
            const plain = (history: typeof before) =>
              statusIntervals(history, agent, EVER).map(({ why: _, ...interval }) => interval);
            expect(plain(after)).toEqual(plain(before));
          }
        }),
        runs,
      );
    },
  );

  test(
    "every event that is named as a reason exists and is about the agent, its server or the host",
    options,
    () => {
      fc.assert(
        fc.property(anyStory, (story) => {
          const { events, lapsedAtUs } = play(story);
          const history = historyOf({ events, lapsedAtUs });
          for (const agent of AGENTS) {
            for (const { why } of statusIntervals(history, agent, EVER)) {
              for (const seq of why) expect([agent, null]).toContain(events[seq - 1]?.agent);
            }
          }
        }),
        runs,
      );
    },
  );
});

describe("all surfaces agree", () => {
  test(
    "with a live recorder the interval of now, the table as of now and the table of now say the same",
    options,
    () => {
      fc.assert(
        fc.property(anyStoryWithSteps, fc.nat({ max: 30 }), (story, laterMs) => {
          const played = play([...story, { afterMs: 1, op: { kind: "record" } }]);
          // Of two lives that only hooks told of the present keeps the later one, and waits until the second of its making is over.
          const soonUs = played.endUs + laterMs * 1000;
          const made = played.events.filter(isMaking).map(endOfSecond);
          const [first, last] = [Math.min(...made), Math.max(...made)];
          const nowUs = first <= soonUs && soonUs < last ? last : soonUs;
          const history = historyOf({ events: played.events, nowUs });
          const partition = { tenantId: "t", host: "h", logSeq: played.events.length, all: false };
          const present = psDocument({
            ...partition,
            nowUs,
            documents: played.log.documents,
            observations: [...played.available].map((source) => ({
              source,
              scope: source === "tmux" ? SOCKET : "",
              atUs: nowUs,
            })),
            gauges: {},
            observer: { state: "recording", sinceUs: BEGIN_US },
          });
          const past = asOf(history, { ...partition, atUs: nowUs });
          expect(past.agents.map(answerOf)).toEqual(present.agents.map(answerOf));
          for (const row of present.agents) {
            if (row.unrostered) continue;
            const found = intervalAt(statusIntervals(history, row.name, EVER), nowUs);
            expect([found?.status, found?.reason]).toEqual([row.status, row.status_reason]);
          }
        }),
        runs,
      );
    },
  );
});

function isMaking(event: StoredEvent): boolean {
  return event.type === "tmux.hook.fired" && (event.payload as { hook: string }).hook === "session-created";
}

function endOfSecond({ occurredAtUs, precision }: StoredEvent): number {
  return precision === "s" ? occurredAtUs + 1_000_000 : occurredAtUs;
}

/** What a row answers, without the ages: late evidence may date a state better than the look that found it. */
function answerOf(row: AgentRow): unknown {
  const { name, status, status_reason, incarnation, flags, unknown, pane, heartbeat, systemd, boot } = row;
  const { state, id, pid, exit_status, signal } = pane;
  const { health, reason, at, age_seconds } = heartbeat;
  return {
    ...{ name, status, status_reason, incarnation, flags, unknown, active: systemd.active, boot: boot.state },
    ...{ state, id, pid, exit_status, signal, health, reason, at, age_seconds },
  };
}

describe("history never lies", () => {
  test(
    "a pane that is called alive was alive, with that very process; one called gone by a look was gone",
    options,
    () => {
      fc.assert(
        fc.property(anyStory, (story) => {
          const played = play(story);
          const { events, lapsedAtUs, lives } = played;
          const history = historyOf({ events, lapsedAtUs });
          for (const agent of AGENTS) {
            for (const atUs of moments(played)) {
              if (atUs > played.endUs) continue;
              const { evidence, pane } = factsAt(history, agent, atUs);
              if (!evidence.pane.known) continue;
              const life = lives.find(
                (each) => each.agent === agent && each.fromUs <= atUs && atUs < each.toUs,
              );
              const at = { agent, at: atUs - BEGIN_US };
              if (evidence.pane.state === "alive")
                expect({ ...at, pid: life?.pid }).toEqual({ ...at, pid: pane.own?.pid });
              // An end that is told in whole seconds is placed at the beginning of its second.
              else if (!isFromPoint(history, agent, atUs) && !((pane.own?.endedByUs ?? atUs) > atUs))
                expect({ ...at, pid: life?.pid }).toEqual({ ...at, pid: undefined });
            }
          }
        }),
        runs,
      );
    },
  );

  test(
    "an agent that is called stale or silent had not beaten; one that is called healthy had",
    options,
    () => {
      fc.assert(
        fc.property(anyStory, (story) => {
          // A file that is removed takes what it told with it, and a beat is believed by its `ts`: honest stories only.
          const honestly = story.filter(
            ({ op }) =>
              op.kind !== "unlink" &&
              op.kind !== "outlived-beats" &&
              (op.kind !== "beat" || op.aheadMs === 0),
          );
          const played = play(honestly);
          const { events, lapsedAtUs, made } = played;
          const history = historyOf({ events, lapsedAtUs });
          for (const agent of AGENTS) {
            const intervals = statusIntervals(history, agent, EVER);
            for (const atUs of moments(played)) {
              if (atUs > played.endUs) continue;
              const { status, reason } = intervalAt(intervals, atUs) ?? { status: null, reason: null };
              const seconds = valueAt(history.roster(agent), atUs)?.declaration.intervalSeconds ?? 0;
              const bornAtUs = valueAt(history.pane(agent, SOCKET).own, atUs)?.pane.startedAtUs ?? -Infinity;
              const sinceUs = atUs - seconds * 3e6;
              const beats = made.filter((beat) => beat.agent === agent && beat.atUs <= atUs);
              const at = { agent, at: atUs - BEGIN_US, status };
              if (status === "stale" && reason === "no beat")
                expect({ ...at, beats: beats.filter((beat) => beat.tsUs >= sinceUs) }).toEqual({
                  ...at,
                  beats: [],
                });
              if (status === "silent")
                expect({ ...at, beats: beats.filter((beat) => beat.tsUs >= bornAtUs) }).toEqual({
                  ...at,
                  beats: [],
                });
              if (status === "healthy" || status === "busy" || status === "waiting")
                expect({
                  ...at,
                  beat: beats.some((beat) => beat.tsUs >= sinceUs),
                }).toEqual({
                  ...at,
                  beat: true,
                });
            }
          }
        }),
        runs,
      );
    },
  );

  test(
    "an agent that a look saw is called healthy in a gap that a look has ended only while it lived",
    options,
    () => {
      fc.assert(
        fc.property(anyStory, (story) => {
          const alive = new Set<number>();
          /** Whose pane is there, alive or dead. */
          const panes = new Set<number>();
          const isThere = (op: Op): boolean => {
            const starts = op.kind === "start" || (op.kind === "started-unseen" && op.stays);
            if (starts && !panes.has(op.agent)) for (const set of [alive, panes]) set.add(op.agent);
            if (op.kind === "respawn" && panes.has(op.agent)) alive.add(op.agent);
            if (op.kind === "come-and-go" && !op.closes) panes.add(op.agent);
            if (op.kind === "close") for (const set of [alive, panes]) set.delete(op.agent);
            if ((op.kind === "end" || op.kind === "wished-end") && alive.delete(op.agent) && !op.remain)
              panes.delete(op.agent);
            if (["kill-server", "reboot", "restart-manager", "holder-fails"].includes(op.kind))
              for (const set of [alive, panes]) set.clear();
            if (op.kind === "outlived-beats") return false;
            return op.kind !== "beat" || (op.aheadMs === 0 && alive.has(op.agent));
          };
          // What beats is the agent, and says when.
          const played = play(story.filter(({ op }) => isThere(op)));
          const { events, lapsedAtUs, lives } = played;
          const history = historyOf({ events, lapsedAtUs });
          const gaps = gapsBetween(history.coverage.spans("tmux", SOCKET));
          for (const agent of AGENTS) {
            const intervals = statusIntervals(history, agent, EVER);
            for (const atUs of moments(played)) {
              if ((spanAt(gaps, atUs)?.toUs ?? Infinity) === Infinity) continue;
              // Of a life that no look saw its beats are all that anybody knows.
              if (valueAt(history.pane(agent, SOCKET).own, atUs)?.pane.state !== "alive") continue;
              if (mayHaveEnded(history, agent, atUs)) continue;
              const status = intervalAt(intervals, atUs)?.status ?? null;
              if (!["healthy", "busy", "waiting"].includes(status ?? "")) continue;
              const lived = lives.some(
                (life) => life.agent === agent && life.fromUs <= atUs && atUs < life.toUs,
              );
              expect({ agent, at: atUs - BEGIN_US, status, lived }).toEqual({
                ...{ agent, at: atUs - BEGIN_US, status },
                lived: true,
              });
            }
          }
        }),
        runs,
      );
    },
  );
});

/** Of an end that is told in whole seconds, and was wanted in its second, the time before that wish says nothing. */
function mayHaveEnded(history: ReturnType<typeof historyOf>, agent: string, atUs: number): boolean {
  const { own } = history.pane(agent, SOCKET);
  const next = own.values[pieceAt(own, atUs) + 1]?.pane;
  return next !== undefined && (next.diedAtUs ?? next.atUs) <= atUs && atUs < (next.endedByUs ?? atUs);
}

/**
 * Outside of coverage only points say that it is gone. They hold until the next look, though a whole life may have come and gone
 * unseen in between: the contract accepts that.
 */
function isFromPoint(history: ReturnType<typeof historyOf>, agent: string, atUs: number): boolean {
  if (spanAt(history.coverage.spans("tmux", SOCKET), atUs)) return false;
  const { evidence } = factsAt(history, agent, atUs);
  const { begun } = valueAt(history.pane(agent, SOCKET).own, atUs) ?? { begun: "point" };
  return (evidence.pane.known && evidence.pane.state === "missing") || begun === "point";
}

/** The same log with its hooks and journal lines elsewhere, but none before the recorder's words of an earlier time. */
function rearranged(events: readonly StoredEvent[], dice: readonly number[]): StoredEvent[] {
  // What is said of the user manager itself, and of the tmux server's unit, is read in order with all that hangs on it.
  const isInOrder = events.some(
    ({ source, agent }) => source === "journal" && (agent === null || agent === "_holder"),
  );
  const isLate = ({ source }: StoredEvent) => source === "tmux-hook" || (source === "journal" && !isInOrder);
  const order = events.filter((event) => !isLate(event));
  for (const [index, event] of events.filter(isLate).entries()) {
    const earliest =
      order.findLastIndex(
        ({ source, occurredAtUs }) => source === "recorder" && occurredAtUs < event.occurredAtUs,
      ) + 1;
    const place = (dice[index % dice.length] ?? 0) % (order.length - earliest + 1);
    order.splice(earliest + place, 0, event);
  }
  return order.map((event, index) => ({ ...event, seq: index + 1 }));
}

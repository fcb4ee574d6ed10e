import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pickEvents } from "../../cli/pick-events.ts";
import type { Picked } from "../../cli/select-events.ts";
import type { EventFilter } from "../../store/event-filter.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";

/** A log of so many events, one of three of the agent that is asked about, and some by which its session got another name. */
function logOf(size: number) {
  const all = Array.from({ length: size }, (_, i) => eventAt(i + 1));
  const asked: (number | undefined)[] = [];
  const taken = { count: 0 };
  return {
    all,
    /** The limit of each question that was put to it. */
    asked,
    /** How many events were handed out. */
    taken,
    *events(filter: EventFilter): Generator<StoredEvent> {
      asked.push(filter.limit);
      const { afterSeq = 0, beforeSeq = Number.POSITIVE_INFINITY, limit = Number.POSITIVE_INFINITY } = filter;
      let left = limit;
      for (const event of filter.newestFirst ? all.toReversed() : all) {
        if (left <= 0) return;
        if (event.seq <= afterSeq || event.seq >= beforeSeq || !fits(event, filter)) continue;
        left -= 1;
        taken.count += 1;
        yield event;
      }
    },
  };
}

function eventAt(seq: number): StoredEvent {
  const renamed = seq % 50 === 49;
  return {
    seq,
    agent: renamed ? "other" : seq % 3 === 0 ? "coder0" : "coder1",
    type: renamed ? "tmux.session.renamed" : "heartbeat.received",
    payload: renamed ? { from: seq % 100 === 49 ? "coder0" : "coder1" } : {},
  } as unknown as StoredEvent;
}

const fits = ({ agent, type }: StoredEvent, filter: EventFilter): boolean =>
  (filter.agent === undefined || agent === filter.agent) &&
  (filter.agents === undefined || (agent !== null && filter.agents.includes(agent))) &&
  (filter.types === undefined || filter.types.includes(type));

function ofTheStory({ agent, payload }: StoredEvent, filter: EventFilter): boolean {
  const wanted = filter.agents ?? (filter.agent === undefined ? null : [filter.agent]);
  const { from } = payload as { from?: string };
  return wanted === null || wanted.includes(agent ?? "") || (from !== undefined && wanted.includes(from));
}

/** As anybody would write it who may hold the whole log. */
function naive(all: readonly StoredEvent[], filter: EventFilter, pick: Picked, reverse: boolean): number[] {
  const fitting = all.filter((event) => ofTheStory(event, filter)).map(({ seq }) => seq);
  const picked =
    pick.which === "all"
      ? fitting
      : pick.which === "first"
        ? fitting.slice(0, pick.limit)
        : fitting.slice(Math.max(0, fitting.length - pick.limit));
  return reverse ? picked.toReversed() : picked;
}

describe("picking events", () => {
  test("is what it would be of a log that is held whole, however many are picked and whichever way they are told", () => {
    const log = logOf(5000);
    const limits = fc.oneof(fc.nat(20), fc.integer({ min: 990, max: 1010 }), fc.nat(6000));
    const picks = fc.oneof(
      fc.constant<Picked>({ which: "all" }),
      fc.record({ which: fc.constantFrom("newest" as const, "first" as const), limit: limits }),
    );
    const filters = fc.constantFrom<EventFilter>(
      {},
      { agent: "coder0" },
      { agent: "nobody" },
      { agents: ["coder0", "coder1"] },
    );
    fc.assert(
      fc.property(picks, filters, fc.boolean(), (pick, filter, reverse) => {
        const found = [...pickEvents(log, filter, pick, reverse)].map(({ seq }) => seq);
        expect(found).toEqual(naive(log.all, filter, pick, reverse));
      }),
      { numRuns: 200 },
    );
  });

  test("asks the log for no more than are wanted", () => {
    const log = logOf(500);
    expect([...pickEvents(log, {}, { which: "newest", limit: 1 }, false)].map(({ seq }) => seq)).toEqual([
      500,
    ]);
    expect(log.asked).toEqual([1]);
    expect(log.taken.count).toBe(1);
  });

  test("of very many holds none of them: the first is told before the last is read", () => {
    const log = logOf(10_000);
    const told = pickEvents(log, {}, { which: "newest", limit: 5000 }, false)[Symbol.iterator]();
    expect(told.next().value).toMatchObject({ seq: 5001 });
    // Once to find where they begin; of the second time only the first one or two.
    expect(log.taken.count).toBeLessThanOrEqual(5002);
  });
});

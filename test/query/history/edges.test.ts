import { afterEach, describe, expect, test } from "vitest";
import type { Past } from "../../../query/history/past.ts";
import { pastOf } from "../../../query/history/past-in-memory.ts";
import { type KeptPastInput, keptPast } from "../../../query/history/past-kept.ts";
import type { KeptVerdict, VerdictReader } from "../../../store/chronicle.ts";
import type { StoredEvent } from "../../../store/events/envelope.ts";
import { beatLook, paneSeen, tmuxLook } from "../../support/looks.ts";
import { type KeptLog, keepLog, SMALL } from "./kept-log.ts";
import { createStory, S, T } from "./story.ts";

let kept: KeptLog | null = null;
afterEach(() => {
  kept?.close();
  kept = null;
});

const PAST = { tenantId: "t", host: "h", lapsedAtUs: null, lateUs: SMALL.lateUs };
const keptBy = (log: KeptLog, over: Partial<KeptPastInput> & { nowUs: number }): Past =>
  keptPast({ ...PAST, view: log.view(), verdicts: log.verdicts(), ...over });

/** All that walks through a window. */
function told(past: Past, agent: string, fromUs: number, toUs: number) {
  const window = { fromUs, toUs };
  const states = ["healthy", "stale", "dead", "failed", "stopped", "unobserved", "started", "sent"] as const;
  return {
    intervals: [...past.intervals(agent, window)],
    uptime: past.uptime(agent, window),
    outages: [...past.outages(agent, window)],
    stays: states.map((state) => [state, [...past.occurrences(agent, state, window)]]),
    observed: states.map((state) => [state, [...past.observed(agent, state, window)]]),
  };
}

const sent = (message: string) =>
  ({ type: "message.submitted", agent: "coder0", source: "operator", payload: { message } }) as const;

describe("what nobody has settled is judged a part at a time", () => {
  /** coder0 beats once, and is stale, unwatched for a while, found dead, unwatched, and another life by the next look. */
  function play(): { events: StoredEvent[]; nowUs: number; at: (second: number) => number } {
    const story = createStory();
    const look = (second: number, pid: number, dead = false) =>
      tmuxLook(story.at(second), [paneSeen("coder0", 1, { pid, dead, startedAtUs: story.at(10) })]);
    story.record(15, look(15, 1001));
    story.look(20, beatLook(story.at(20), "coder0", story.at(20)));
    // Of other agents so much is written meanwhile that each stretch of it is a part of its own, or several.
    for (let second = 25; second <= 90; second += 5)
      story.look(second, beatLook(story.at(second), "coder1", story.at(second)));
    story.tell(95, sent("one"));
    story.stop(100);
    story.tell(120, sent("another"));
    story.record(130, look(130, 1001, true));
    for (let second = 140; second <= 160; second += 5)
      story.look(second, beatLook(story.at(second), "coder1", story.at(second)));
    story.stop(170);
    const begun = paneSeen("coder0", 1, { pid: 2002, start: 99, startedAtUs: story.at(185) });
    story.record(200, tmuxLook(story.at(200), [begun]));
    story.look(205, beatLook(story.at(205), "coder0", story.at(205)));
    for (let second = 210; second <= 230; second += 5)
      story.look(second, beatLook(story.at(second), "coder1", story.at(second)));
    return { events: story.log.events as StoredEvent[], nowUs: story.at(240), at: story.at };
  }

  test.each([1, 2, 3, 7, 4096])("of %d events: what goes on over an edge is one", (heldEvents) => {
    const { events, nowUs, at } = play();
    kept = keepLog();
    kept.write(events, events.length);
    const past = keptBy(kept, { nowUs, heldEvents });
    const asked = { fromUs: at(0), toUs: nowUs };
    const parts = [...past.parts({ fromUs: at(25), toUs: at(90) })].length;
    if (heldEvents < 4) expect(parts).toBeGreaterThan(3);
    // One interval, though it is cut by every part: from its own beginning, on the evidence that it stood on then.
    const stale = [...past.intervals("coder0", asked)].filter(({ status }) => status === "stale");
    expect(stale).toMatchObject([{ fromUs: at(65) + 1, toUs: at(100) }]);
    // One outage over both gaps' edges, until the next life, of which the part that began it knew nothing.
    expect([...past.outages("coder0", asked)]).toMatchObject([
      { fromUs: at(65) + 1, kinds: ["stale", "dead"], looksOnly: false },
    ]);
    expect([...past.occurrences("coder0", "started", asked)].map(({ fromUs }) => fromUs)).toEqual([
      at(10),
      at(185),
    ]);
    // Whoever sent wrote it down, also where nobody watched.
    expect([...past.occurrences("coder0", "sent", asked)].map(({ fromUs }) => fromUs)).toEqual([
      at(95),
      at(120),
    ]);
    const whole = pastOf({ ...PAST, events, logSeq: events.length, nowUs });
    for (const fromUs of [at(0), at(30), at(70), at(110), at(150), at(190)])
      for (const toUs of [at(40), at(95), at(120), at(165), at(195), nowUs])
        if (fromUs < toUs)
          for (const agent of ["coder0", "coder1"])
            expect(told(past, agent, fromUs, toUs)).toEqual(told(whole, agent, fromUs, toUs));
  });
});

describe("what is settled is read a page at a time", () => {
  const ROWS = 3000;

  /** The same verdicts as a list, out of which nothing is read in pages. */
  const listed = (verdicts: readonly KeptVerdict[]): VerdictReader => ({
    untilUs: () => verdicts.at(-1)?.toUs ?? -Infinity,
    verdicts: (_agent, fromUs, toUs) => verdicts.filter((one) => one.fromUs < toUs && one.toUs > fromUs),
    notWell: (_agent, fromUs, toUs) =>
      verdicts.filter(
        (one) =>
          one.fromUs < toUs &&
          one.toUs > fromUs &&
          !["healthy", "busy", "starting", "running"].includes(one.status ?? ""),
      ),
    unsettled: () => [],
  });

  test("what goes on over the edge of a page is one, whatever it is", () => {
    const story = createStory();
    story.record(1);
    kept = keepLog();
    kept.write(story.log.events as StoredEvent[], story.log.events.length);
    // Of seven statuses in turns, none of which divides a page: each of them stands on either side of some edge.
    const turns = [
      "healthy",
      "stale",
      "dead",
      "unobserved",
      "dead",
      "busy",
      "stopped",
      "unobserved",
      "waiting",
    ];
    const rows = Array.from({ length: ROWS }, (_, row): KeptVerdict => {
      const status = turns[row % turns.length] as string;
      return {
        ...{ fromUs: T + row * S, toUs: T + (row + 1) * S, status },
        ...{ reason: status === "dead" ? `exit ${row % 3}` : null, why: [row], rules: 1 },
      };
    });
    kept.settle("coder0", rows);
    const nowUs = T + ROWS * S;
    const paged = keptBy(kept, { nowUs });
    const whole = keptBy(kept, { nowUs, verdicts: listed(rows) });
    // An edge lies behind every 1024th row from where a window begins, and behind every 1024th that is not well.
    for (const from of [0, 1, 2, 3, 4, 5, 6, 7, 8, 500])
      expect(told(paged, "coder0", T + from * S, nowUs)).toEqual(told(whole, "coder0", T + from * S, nowUs));
    expect([...paged.outages("coder0", { fromUs: T, toUs: nowUs })]).toHaveLength(
      Math.ceil(ROWS / turns.length),
    );
  });
});

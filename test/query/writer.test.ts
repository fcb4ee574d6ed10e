import { beforeEach, describe, expect, test } from "vitest";
import { beatLook, paneSeen, tmuxLook } from "../support/looks.ts";
import { rowOf, tableOf } from "../support/table.ts";
import { everyTable } from "./history/every-table.ts";
import { createStory, S, type Story, T } from "./history/story.ts";

/** A beat is an answer of the life whose process made it, whatever hour it writes. The interval is 15 s. */
let story: Story;
beforeEach(() => {
  story = createStory();
});

const first = paneSeen("coder0", 1, { startedAtUs: T + 10 * S, pid: 2001, start: 1000 });
const second = paneSeen("coder0", 2, { startedAtUs: T + 20.7 * S, pid: 2002, start: 2070 });
const look = (at: number, ...panes: (typeof first)[]) => story.look(at, tmuxLook(story.at(at), panes));
const beat = (at: number, pane: typeof first, tsUs = story.at(at), precision: "s" | "us" = "us") => {
  const { pid, start } = pane;
  const snapshot = beatLook(story.at(at), "coder0", tsUs, { pid, pidStart: start as number });
  story.look(at, {
    ...snapshot,
    beats: snapshot.beats.map((one) => ({ ...one, beat: one.beat && { ...one.beat, precision } })),
  });
};
/** Status, reason, health of the beat and why, by the present and by each way of asking the past. */
function told(at: number): unknown[] {
  const cells = (table: Parameters<typeof rowOf>[0]) => {
    const { status, status_reason, heartbeat } = rowOf(table, "coder0");
    return [status, status_reason, heartbeat.health, heartbeat.reason];
  };
  const live = cells(tableOf(story.log, story.at(at)));
  for (const table of Object.values(everyTable(story.log.events, story.at(at))))
    expect(cells(table)).toEqual(live);
  return live;
}

describe("a process that outlived its pane and beats on", () => {
  test("answers for no later life, whenever it writes", () => {
    story.record(15, tmuxLook(story.at(15), [first]));
    beat(16, first);
    look(20.5);
    look(20.8, second);
    beat(30, first);
    expect(told(31)).toEqual(["starting", null, "unknown", "previous-incarnation"]);
    beat(70, first);
    expect(told(71)).toEqual(["silent", "never beat", "unknown", "previous-incarnation"]);
    // The life's own beat counts beside it.
    beat(72, second);
    beat(73, first);
    expect(told(74)).toEqual(["healthy", null, "healthy", null]);
    for (const at of [80, 90, 100, 110]) beat(at, first);
    expect(told(118)).toEqual(["stale", "no beat", "stale", null]);
  });

  test("nor while nobody watches the pane", () => {
    story.record(15, tmuxLook(story.at(15), [first]));
    look(20.5);
    look(20.8, second);
    beat(30, first);
    story.stop(31);
    expect(story.statuses(32, 60)).toEqual(["unobserved: no evidence", "unobserved: no evidence"]);
  });
});

test("the last beat of a life is none of the next, though it is of whole seconds and of the second in which that began", () => {
  story.record(15, tmuxLook(story.at(15), [first]));
  beat(20.4, first, T + 20 * S, "s");
  look(20.6);
  look(20.8, second);
  expect(told(21)).toEqual(["starting", null, "unknown", "previous-incarnation"]);
  beat(24.2, second, T + 24 * S, "s");
  expect(told(25)[0]).toBe("healthy");
});

test("what the pane's own process writes is its own, whatever the hour: one that dates its beats back is stale, and has not never beaten", () => {
  story.record(15, tmuxLook(story.at(15), [first]));
  beat(16, first);
  beat(20, first, story.at(20) + 3600 * S);
  expect(told(21)[0]).toBe("unobserved");
  beat(30, first, story.at(30) - 3600 * S);
  expect(told(31)).toEqual(["stale", "no beat", "stale", null]);
  beat(40, first);
  expect(told(41)).toEqual(["healthy", null, "healthy", null]);
});

test("of two processes that write in turn each one's beats go on: since when it is well does not begin anew with every beat", () => {
  story.record(15, tmuxLook(story.at(15), [first]));
  const child = { ...first, pid: 2100, start: 1100 };
  for (let at = 16; at < 60; at += 4) {
    beat(at, first);
    beat(at + 2, child);
  }
  const { status, since } = rowOf(tableOf(story.log, story.at(61)), "coder0");
  expect([status, since]).toEqual(["healthy", new Date(story.at(18) / 1000).toISOString()]);
});

import { expect, test } from "vitest";
import { statusIntervals } from "../../../query/history/sweep.ts";
import type { HookedLife } from "../../../query/planes/documents.ts";
import { withHookedLine } from "../../../query/planes/hooked-life.ts";
import { paneSeen, tmuxLook } from "../../support/looks.ts";
import { rowOf, tableOf } from "../../support/table.ts";
import { createStory, hookLine, S, T } from "./story.ts";

/** A recorder watches until 60 and from 300 on; in between only tmux's hooks tell of a second session, in which somebody made other panes. */
function unwatched() {
  const story = createStory();
  story.record(15, tmuxLook(story.at(15), [paneSeen("coder0", 1, { startedAtUs: T + 10 * S })]));
  story.stop(60);
  const told = (second: number, hook: string, over: Parameters<typeof hookLine>[2]) =>
    story.tell(299, hookLine(story.at(second), hook, { session: "$2", ...over }));
  const statuses = (fromSecond: number, toSecond: number) =>
    statusIntervals(story.history(), "coder0", {
      fromUs: story.at(fromSecond),
      toUs: story.at(toSecond),
    }).map(({ fromUs, status, reason }) => [
      (fromUs - T) / S,
      reason === null ? status : `${status}: ${reason}`,
    ]);
  story.tell(299, hookLine(story.at(100), "session-closed", { session: "$1" }));
  told(110, "session-created", {});
  return { story, told, statuses };
}

test("the end of a pane that somebody split off, unseen, is not the agent's", () => {
  const { story, told, statuses } = unwatched();
  told(120, "after-split-window", { pane: "%7" });
  told(130, "pane-died", { pane: "%7", status: 7 });
  told(140, "after-new-window", { pane: "%8" });
  told(150, "pane-died", { pane: "%8", status: 8 });
  told(160, "session-closed", {});
  story.record(300, tmuxLook(story.at(300), []));
  // Down since its session closed, and of how it ended nobody told.
  expect(statuses(119, 400)).toEqual([
    [119, "unobserved: no evidence"],
    [160, "dead: pane missing"],
  ]);
  expect(rowOf(tableOf(story.log, story.at(400)), "coder0")).toMatchObject({
    status: "dead",
    pane: { state: "missing", exit_status: null },
  });
});

test("and its own end is, whichever of them ended first, and whatever order their lines came in", () => {
  const lines = (["split first", "died first"] as const).map((order) => {
    const { story, told, statuses } = unwatched();
    const split = () => told(120, "after-split-window", { pane: "%7" });
    const died = () => told(130, "pane-died", { pane: "%7", status: 7 });
    for (const tell of order === "split first" ? [split, died] : [died, split]) tell();
    told(140, "pane-died", { pane: "%2", status: 12 });
    story.record(300, tmuxLook(story.at(300), []));
    expect(rowOf(tableOf(story.log, story.at(400)), "coder0")).toMatchObject({
      status: "failed",
      pane: { exit_status: 12 },
    });
    return statuses(119, 400);
  });
  expect(lines[0]).toEqual([
    [119, "unobserved: no evidence"],
    [140, "failed: exit 12"],
  ]);
  expect(lines[1]).toEqual(lines[0]);
});

test("of a session that a look had seen, the end of a pane beside the agent's dates nothing", () => {
  const story = createStory();
  story.record(15, tmuxLook(story.at(15), [paneSeen("coder0", 1, { startedAtUs: T + 10 * S })]));
  story.stop(60);
  story.tell(299, hookLine(story.at(100), "pane-died", { session: "$1", pane: "%7", status: 7 }));
  const lost = { dead: true, status: 3, start: null, startedAtUs: null } as const;
  story.record(300, tmuxLook(story.at(300), [paneSeen("coder0", 1, lost)]));
  const since = () => rowOf(tableOf(story.log, story.at(400)), "coder0").since;
  expect(since()).toBe(new Date(story.at(300) / 1000).toISOString());
  story.tell(301, hookLine(story.at(200), "pane-died", { session: "$1", pane: "%1", status: 3 }));
  expect(since()).toBe(new Date(story.at(200) / 1000).toISOString());
});

test("lines of several panes leave the same life in any order", () => {
  const line = (over: Partial<HookedLife>, seq: number): HookedLife => ({
    ...{ socket: "/s", server: 1, session: "$2", seq, recordedAtUs: seq },
    ...{ created: null, died: null, closed: null, beside: null, ...over },
  });
  const died = (pane: string, atUs: number, seq: number) =>
    line({ died: { atUs, status: 1, signal: null, byUs: atUs, pane, seq } }, seq);
  const lines = [
    line({ created: { atUs: 1, withinUs: 1, seq: 1 } }, 1),
    line({ beside: { pane: "%9", atUs: 2 } }, 2),
    line({ beside: { pane: "%4", atUs: 3 } }, 3),
    died("%4", 4, 4),
    died("%9", 5, 5),
    died("%3", 6, 6),
  ];
  const orders = (rest: readonly HookedLife[]): HookedLife[][] =>
    rest.length === 0
      ? [[]]
      : rest.flatMap((first) =>
          orders(rest.filter((other) => other !== first)).map((tail) => [first, ...tail]),
        );
  for (const order of orders(lines)) {
    const life = order.reduce<HookedLife | undefined>(withHookedLine, undefined);
    expect(life).toMatchObject({ died: { pane: "%3" }, beside: { pane: "%4" } });
  }
  for (const order of orders(lines.slice(0, 5)))
    expect(order.reduce<HookedLife | undefined>(withHookedLine, undefined)?.died).toBeNull();
});

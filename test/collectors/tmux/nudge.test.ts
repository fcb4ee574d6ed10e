import { expect, test } from "vitest";
import { createNudges, nudgeServer } from "../../../collectors/tmux/nudge.ts";
import type { LostPane } from "../../../collectors/tmux/panes.ts";

const lost = (tmuxSays: LostPane["tmuxSays"], pane = "%1", pid = 10): LostPane => ({
  pane,
  pid,
  name: "coder0",
  tmuxSays,
});

function clocked(mayNudge: boolean) {
  let nowMs = 1000;
  const nudges = createNudges({ clock: { monotonicUs: () => nowMs * 1000 }, mayNudge });
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { nudges, pass };
}

test("a pane that tmux calls dead without a status is nudged at once, and looked at again soon", () => {
  const { nudges } = clocked(true);
  const { due, lookAgainMs } = nudges.consider([lost("dead")]);
  expect(due).toHaveLength(1);
  expect(lookAgainMs).toBeLessThanOrEqual(30);
});

test("a zombie that tmux may be about to notice is given time first", () => {
  const { nudges, pass } = clocked(true);
  expect(nudges.consider([lost("alive")])).toEqual({ due: [], lookAgainMs: 100 });
  pass(100);
  expect(nudges.consider([lost("alive")]).due).toHaveLength(1);
});

test("nudging ends after three times, and the kernel's word is taken", () => {
  const { nudges, pass } = clocked(true);
  let nudged = 0;
  for (let ms = 0; ms < 5000; ms += 10) {
    nudged += nudges.consider([lost("alive")]).due.length;
    pass(10);
  }
  expect(nudged).toBe(3);
  expect(nudges.isLongDead(10)).toBe(true);
  expect(nudges.consider([lost("alive")])).toEqual({ due: [], lookAgainMs: null });
});

test("a pane that recovered is forgotten: the next loss is nudged anew", () => {
  const { nudges, pass } = clocked(true);
  nudges.consider([lost("dead")]);
  pass(10);
  expect(nudges.consider([])).toEqual({ due: [], lookAgainMs: null });
  expect(nudges.isLongDead(10)).toBe(false);
  expect(nudges.consider([lost("dead")]).due).toHaveLength(1);
});

test("a server that carries no hooks of ours is never nudged, and its zombies are dead in the end", () => {
  const { nudges, pass } = clocked(false);
  expect(nudges.consider([lost("alive"), lost("dead", "%2", 11)]).due).toEqual([]);
  pass(1000);
  expect(nudges.isLongDead(10)).toBe(true);
});

test("a signal goes only to the very process that was looked at", () => {
  expect(nudgeServer({ pid: process.pid, startTicks: 1 }, "/proc")).toBe(false);
  expect(nudgeServer({ pid: process.pid, startTicks: null }, "/proc")).toBe(false);
  expect(nudgeServer({ pid: 2 ** 22 + 1, startTicks: 1 }, "/proc")).toBe(false);
});

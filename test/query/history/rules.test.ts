import { expect, test } from "vitest";
import { factsAt } from "../../../query/history/evidence-at.ts";
import type { RuleBook, Rules } from "../../../query/history/rules.ts";
import { rulesInForce } from "../../../query/history/rules.ts";
import { statusIntervals } from "../../../query/history/sweep.ts";
import type { Verdict } from "../../../query/verdict.ts";
import { beatLook, paneSeen, tmuxLook } from "../../support/looks.ts";
import { createStory } from "./story.ts";

test("each moment is judged by the rules in force at it, and a change of rules rewrites nothing before it", () => {
  const story = createStory();
  story.record(15, tmuxLook(story.at(15), [paneSeen("coder0", 1, { startedAtUs: story.at(10) })]));
  story.look(20, beatLook(story.at(20), "coder0", story.at(20)));
  const old = rulesInForce.at(0);
  /** A later version that grants a beat one interval less, with deadlines of its own. */
  const strict: Rules = {
    version: 2,
    judge: (evidence): Verdict => {
      const verdict = old.judge(evidence);
      const lateUs = (evidence.beat.freshUntilUs ?? Infinity) - evidence.intervalSeconds * 1e6;
      return evidence.nowUs > lateUs ? { ...verdict, status: "stale", reason: "late" } : verdict;
    },
    turns: ({ evidence }) => [(evidence.beat.freshUntilUs ?? 0) - evidence.intervalSeconds * 1e6 + 1],
  };
  const book: RuleBook = {
    at: (atUs) => (atUs < story.at(40) ? old : strict),
    changesUs: [story.at(40)],
  };
  const history = story.history();
  const of = (rules: RuleBook) =>
    statusIntervals(history, "coder0", { fromUs: story.at(20), toUs: story.at(100) }, rules).map(
      ({ fromUs, status, reason, rules: version }) => [(fromUs - story.at(0)) / 1e6, status, reason, version],
    );
  expect(of(rulesInForce)).toEqual([
    [20, "healthy", null, 1],
    [65.000001, "stale", "no beat", 1],
  ]);
  expect(of(book)).toEqual([
    [20, "healthy", null, 1],
    [40, "healthy", null, 2],
    [50.000001, "stale", "late", 2],
  ]);
});

test("a verdict never changes between the deadlines that its rules name", () => {
  const story = createStory();
  story.record(15, tmuxLook(story.at(15), [paneSeen("coder0", 1, { startedAtUs: story.at(10) })]));
  story.look(20, beatLook(story.at(20), "coder0", story.at(80)));
  const history = story.history();
  const rules = rulesInForce.at(0);
  const statusAt = (atUs: number) => rules.judge(factsAt(history, "coder0", atUs).evidence).status;
  const turns = rules.turns(factsAt(history, "coder0", story.at(20)), null);
  const changes: number[] = [];
  for (let atUs = story.at(20); atUs < story.at(200); atUs += 500_000) {
    if (statusAt(atUs) !== statusAt(atUs + 500_000)) changes.push(atUs);
  }
  expect(changes).toHaveLength(2);
  for (const atUs of changes) expect(turns.some((turn) => atUs < turn && turn <= atUs + 500_000)).toBe(true);
});

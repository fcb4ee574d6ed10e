import { beforeEach, expect, test } from "vitest";
import { factsAt } from "../../../query/history/evidence-at.ts";
import { statusIntervals } from "../../../query/history/sweep.ts";
import { exactUsOf } from "../../../query/instant.ts";
import { judge } from "../../../query/verdict.ts";
import { paneSeen, systemdLook, tmuxLook } from "../../support/looks.ts";
import { rowOf, tableOf } from "../../support/table.ts";
import type { Story } from "./story.ts";
import { createStory, hookLine, journalLine, S, T } from "./story.ts";

/**
 * Since when something is so: the present and each past moment say what history tells of its beginning. coder0 runs since 10; the recorder
 * watches from 15 to 60, and again from 300 on.
 */
let story: Story;
const UNIT = "mosaic-agent@coder0.service";
const alive = (second: number) =>
  tmuxLook(story.at(second), [paneSeen("coder0", 1, { startedAtUs: T + 10 * S })]);
const nobody = (second: number) => tmuxLook(story.at(second), []);
const closedAt = (second: number) => hookLine(story.at(second), "session-closed", { session: "$1" });
const stop = (second: number) =>
  story.tell(second, {
    ...{ type: "operator.stop.requested", agent: "coder0", source: "operator" },
    payload: { verb: "agent stop", user: "alice", pid: 1, unit: UNIT },
  });

beforeEach(() => {
  story = createStory();
  story.record(15, alive(15));
  story.stop(60);
});

/** In seconds: by the present, by the past as of then, and by the interval that it is in. */
function sinces(second: number): (string | number | null)[] {
  const row = rowOf(tableOf(story.log, story.at(second)), "coder0");
  const history = story.history();
  const verdict = judge(factsAt(history, "coder0", story.at(second)).evidence);
  const stay = statusIntervals(history, "coder0", { fromUs: T, toUs: story.at(second) }).findLast(
    ({ status }, at, all) => status === row.status && all[at - 1]?.status !== status,
  );
  const seconds = (us: number | null) => us && (us - T) / S;
  expect([verdict.status, verdict.reason]).toEqual([row.status, row.status_reason]);
  const present = row.since === null ? null : exactUsOf(row.since);
  return [row.status, seconds(present), seconds(verdict.sinceUs), seconds(stay?.fromUs ?? null)];
}

test("one that a hook saw go in a gap is down since then, and not since a look found that, whenever the line is read", () => {
  story.tell(299, closedAt(100));
  story.record(300, nobody(300));
  expect(sinces(400)).toEqual(["dead", 100, 100, 100]);
});

test("nor where the line is read after the look", () => {
  story.record(300, nobody(300));
  expect(sinces(399)).toEqual(["dead", 300, 300, 300]);
  story.tell(400, closedAt(100));
  expect(sinces(401)).toEqual(["dead", 100, 100, 100]);
});

test("one that was stopped in a gap is stopped since its session closed", () => {
  stop(99.4);
  story.tell(299, closedAt(100));
  story.record(300, nobody(300));
  expect(sinces(400)).toEqual(["stopped", 100, 100, 100]);
});

test("one whose process a hook saw end first is stopped since that", () => {
  stop(99.4);
  story.tell(298, hookLine(story.at(100), "pane-died", { session: "$1", pane: "%1", status: 0 }));
  story.tell(299, closedAt(103));
  story.record(300, nobody(300));
  expect(sinces(400)).toEqual(["stopped", 100, 100, 100]);
});

test("a hook's second that began while somebody watched counts from where the watching ended", () => {
  story.tell(299, closedAt(59.5));
  story.record(300, nobody(300));
  expect(sinces(400)).toEqual(["dead", 60, 60, 60]);
});

test("what a look saw go is down since that look, whatever hooks wrote a moment before", () => {
  story.record(300, alive(300));
  story.tell(350.2, closedAt(350));
  story.look(350.4, nobody(350.4));
  expect(sinces(400)).toEqual(["dead", 350.4, 350.4, 350.4]);
});

test("a line about another session, or another life of it, dates nothing", () => {
  story.tell(298, hookLine(story.at(100), "session-closed", { session: "$7" }));
  story.tell(299, hookLine(story.at(9), "session-closed", { session: "$1" }));
  story.record(300, nobody(300));
  expect(sinces(400)).toEqual(["dead", 300, 300, 300]);
});

test("what went with the machine in a gap is down since the boot", () => {
  const rebooted = systemdLook(
    story.at(300),
    { [UNIT]: { active: "inactive", invocationId: null } },
    { bootId: "2222", bootedAtUs: story.at(200) },
  );
  story.record(300, tmuxLook(story.at(300), [], { server: null, goneReason: "no-socket" }), rebooted);
  expect(sinces(400)).toEqual(["dead", 200, 200, 200]);
});

test("one that is stopped once more was stopped before: the stop job that the first stop made says since when", () => {
  story.record(300, alive(300));
  stop(310);
  story.tell(310.2, journalLine(story.at(310.1), "stopping", "stop"));
  story.look(311, nobody(311));
  stop(350);
  expect(sinces(400)).toEqual(["stopped", 311, 311, 311]);
});

test("one whose process ended, and whose pane went later, is stopped since its process ended", () => {
  story.record(300, alive(300));
  stop(310);
  const dead = paneSeen("coder0", 1, {
    startedAtUs: T + 10 * S,
    dead: true,
    status: 0,
    diedAtUs: story.at(311),
  });
  story.look(312, tmuxLook(story.at(312), [dead]));
  story.look(320, nobody(320));
  expect(sinces(400)).toEqual(["stopped", 311, 311, 311]);
});

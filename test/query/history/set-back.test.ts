import { beforeEach, describe, expect, test } from "vitest";
import { derive } from "../../../query/planes/all.ts";
import type { Snapshot } from "../../../store/events/snapshot.ts";
import { beatLook, operatorVerb, paneSeen, tmuxLook } from "../../support/looks.ts";
import { rowOf, tableOf } from "../../support/table.ts";
import type { Story } from "./story.ts";
import { createStory } from "./story.ts";

/**
 * A machine whose clock is two hours ahead when it boots (a hardware clock that is kept in local time), until somebody sets it right:
 * whatever began before that is dated later than all that comes for the next two hours.
 */
const AHEAD = 7200;
let story: Story;
const alive = (second: number) =>
  tmuxLook(story.at(second), [paneSeen("coder0", 1, { startedAtUs: story.at(AHEAD + 5) })]);
const nobody = (second: number) => tmuxLook(story.at(second), []);
const beat = (second: number) => beatLook(story.at(second), "coder0", story.at(second));
const row = (second: number) => rowOf(tableOf(story.log, story.at(second)), "coder0");
/** As the store does: what a look by the new time finds is never taken for older than what was recorded before. */
const look = (second: number, snapshot: Snapshot) => {
  story.log.nowUs = story.at(second);
  const context = { nowUs: story.log.clockUs(), begunUs: Number.MAX_SAFE_INTEGER };
  story.log.append(...derive(story.log.documents, snapshot, context));
};
const setBack = (second: number) =>
  story.tell(second, { type: "recorder.clock.stepped", payload: { byMs: -AHEAD * 1000 } });

beforeEach(() => {
  story = createStory();
  story.record(AHEAD + 1, nobody(AHEAD + 1));
  look(AHEAD + 6, alive(AHEAD + 6));
});

describe("an agent that started before the clock was set back", () => {
  test("is as old as it is by the clock of now: silent when it has not beaten in three intervals", () => {
    setBack(10);
    expect(story.statuses(11, 55, 56)).toEqual(["starting", "starting", "silent: never beat"]);
    expect(row(56)).toMatchObject({ status: "silent" });
  });

  test("answers by what it beats since", () => {
    setBack(10);
    look(20, beat(20));
    expect(story.statuses(19, 20, 65, 66)).toEqual(["starting", "healthy", "healthy", "stale: no beat"]);
    expect(row(30)).toMatchObject({ status: "healthy", heartbeat: { health: "healthy" } });
  });

  test("also where it had beaten before", () => {
    look(AHEAD + 8, beat(AHEAD + 8));
    setBack(10);
    look(20, beat(20));
    expect(story.statuses(20, 65, 66)).toEqual(["healthy", "healthy", "stale: no beat"]);
    expect(row(30)).toMatchObject({ status: "healthy", heartbeat: { health: "healthy" } });
  });

  test("is stopped by whoever stops it since", () => {
    setBack(10);
    look(20, beat(20));
    story.tell(30, operatorVerb("stop", "coder0", story.at(30)));
    look(31, nobody(31));
    expect(story.statuses(29, 32)).toEqual(["healthy", "stopped: stopped by operator"]);
    expect(row(32)).toMatchObject({ status: "stopped" });
  });

  test("is missed when it goes, and was not stopped by what was wanted before it began", () => {
    story.tell(AHEAD + 7, operatorVerb("stop", "coder0", story.at(AHEAD + 4)));
    setBack(10);
    look(20, nobody(20));
    expect(story.statuses(20)).toEqual(["dead: pane missing"]);
    expect(row(20)).toMatchObject({ status: "dead" });
  });
});

test("one that was declared, and stopped, before the clock was set back, and ran after that, has run and is missed", () => {
  story.tell(AHEAD + 7, operatorVerb("stop", "coder0", story.at(AHEAD + 7)));
  look(AHEAD + 8, nobody(AHEAD + 8));
  setBack(10);
  look(15, tmuxLook(story.at(15), [paneSeen("coder0", 2, { startedAtUs: story.at(14) })]));
  look(20, nobody(20));
  expect(story.statuses(20)).toEqual(["dead: pane missing"]);
});

test("a writer whose clock is ahead for a while, and then behind, takes back nothing that it had beaten before by the right hour", () => {
  story = createStory();
  story.record(0, tmuxLook(story.at(0), [paneSeen("coder0", 1, { startedAtUs: story.at(0) })]));
  const read = (second: number, ts: number) =>
    look(second, beatLook(story.at(second), "coder0", story.at(ts)));
  for (const second of [101, 102, 103]) read(second, second);
  for (const second of [104, 105, 106]) read(second, second + 30);
  for (const second of [107, 108, 109]) read(second, second - 100);
  // Seen in the sandbox: 8 s of a clock that was 100 s behind made 14 beats that had been read in time unheard.
  expect(story.statuses(101, 103.9)).toEqual(["healthy", "healthy"]);
  expect(story.log.events.filter(({ payload }) => JSON.stringify(payload).includes("afterSetBack"))).toEqual(
    [],
  );
  expect(row(110)).toMatchObject({ status: "stale" });
});

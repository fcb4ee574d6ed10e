import { expect, test } from "vitest";
import { incidentsDocument } from "../../../query/incidents.ts";
import { paneSeen, systemdLook, tmuxLook } from "../../support/looks.ts";
import { tableOf } from "../../support/table.ts";
import { whole } from "../../support/whole.ts";
import { createStory, createWatchedStory, hookLine, journalLine, type Story } from "../history/story.ts";

const UNIT = "mosaic-agent@coder0.service";

/** The table that a recorder's log answers for then; whose last look was a while ago. */
function tableAt(story: Story, second: number): string {
  const nowUs = story.at(second);
  const row = tableOf(story.log, nowUs, {
    observer: { state: "recording", sinceUs: story.at(15) },
  }).agents.find(({ name }) => name === "coder0");
  return [row?.status, row?.status_reason].filter(Boolean).join(": ");
}

/** As it was captured: `systemctl stop`, two seconds, `systemctl start`; the line of the hook was read 2 ms before the process began, the pane 20 ms later. */
function stoppedAndStarted(): Story {
  const story = createWatchedStory();
  story.look(25.922, tmuxLook(story.at(25.922), []));
  story.tell(26.173, journalLine(story.at(25.851), "stopping", "stop"));
  story.log.append(journalLine(story.at(25.914), "stopped", "stop"));
  story.look(27.982, systemdLook(story.at(27.95), { [UNIT]: { active: "active" } }));
  story.log.nowUs = story.at(27.989);
  story.log.append(hookLine(story.at(27), "session-created", { session: "$77" }));
  return story;
}

test("one that was stopped is on its way back when a hook tells of its session, and not missing until a look has seen its pane", () => {
  const story = stoppedAndStarted();
  const stopped = "stopped: stop job";
  for (const second of [27.99, 28, 28.011]) expect(tableAt(story, second)).toBe(stopped);
  const pane = paneSeen("coder0", 77, { startedAtUs: story.at(27.991) });
  story.look(28.012, tmuxLook(story.at(28.012), [pane]));
  expect(story.statuses(26, 27.989, 27.99, 27.9905, 27.991, 28.1)).toEqual([
    ...Array(4).fill(stopped),
    ...Array(2).fill("starting"),
  ]);
  const past = story.past(40);
  const window = { fromUs: story.at(20), toUs: story.at(29) };
  const events = { event: () => null, between: () => [] };
  const asked = { entries: past.roster(window), window, atUs: story.at(29), events };
  expect(whole(incidentsDocument(past, asked)).incidents).toEqual([]);
});

test("one that never ran has not died when a hook tells of its first session", () => {
  const story = createStory();
  story.record(15, tmuxLook(story.at(15), []));
  story.tell(16.956, hookLine(story.at(16), "session-created", { session: "$50" }));
  expect(tableAt(story, 16.99)).toBe("absent: never-ran");
  story.look(17.002, tmuxLook(story.at(17.002), [paneSeen("coder0", 50, { startedAtUs: story.at(16.821) })]));
  expect(story.statuses(16.8, 16.957, 17.1)).toEqual(["absent: never-ran", "starting", "starting"]);
});

test("one whose session came and went while it was watched is missing, at once where a hook tells that it went, else ten seconds later", () => {
  const story = createWatchedStory();
  story.look(25, tmuxLook(story.at(25), []));
  story.tell(30.5, hookLine(story.at(30), "session-created", { session: "$77" }));
  const before = story.statuses(29)[0];
  expect(story.statuses(31, 39.9, 41)).toEqual([before, before, "dead: pane missing"]);
  const born = story.past(60).explain("coder0", story.at(41)).facts.pane.own;
  expect(born?.session).toBe("$77");
  story.tell(32, hookLine(story.at(31), "session-closed", { session: "$77" }));
  expect(story.past(60).explain("coder0", story.at(33)).facts.pane.own?.session).toBe("$77");
});

test("what a recorder did not find when it began to watch is gone, though its session was made a moment before", () => {
  const story = createWatchedStory();
  story.stop(20);
  story.record(40, tmuxLook(story.at(40), []));
  story.tell(41, hookLine(story.at(38), "session-created", { session: "$77" }));
  expect(story.past(60).explain("coder0", story.at(42)).facts.pane.own?.session).toBe("$77");
});

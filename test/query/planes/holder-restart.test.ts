import { expect, test } from "vitest";
import type { NewEvent } from "../../../store/events/envelope.ts";
import { declaration, paneSeen, rosterLook, tmuxLook } from "../../support/looks.ts";
import { tableOf } from "../../support/table.ts";
import { createWatchedStory, hookLine, journalLine, type Story } from "../history/story.ts";

const HOLDER = "mosaic-tmux-holder.service";

/** A line about the unit of the tmux server, as systemd 252 writes it. */
function ofHolder(atUs: number, what: string, jobType: string | null = null): NewEvent {
  const line = journalLine(atUs, what, jobType);
  return { ...line, agent: "_holder", payload: { ...line.payload, unit: HOLDER } };
}

type Line = readonly [second: number, what: string, jobType: string | null, of?: "holder"];

/** coder0 runs, and so does the tmux server that a unit holds; the lines lie so many seconds after T. */
function storyOf(...told: readonly Line[]): Story {
  const story = createWatchedStory();
  const role = "holder" as const;
  const holder = declaration({ unit: HOLDER, role, class: role, heartbeat: "not-expected" });
  story.look(16, rosterLook(story.at(16), { coder0: {}, _holder: holder }));
  for (const [second, what, jobType, holder] of told)
    story.tell(
      second,
      holder === undefined
        ? journalLine(story.at(second), what, jobType)
        : ofHolder(story.at(second), what, jobType),
    );
  return story;
}

const GONE = { server: null, goneReason: "refused" } as const;
const tableAt = (story: Story, second: number) => {
  const row = tableOf(story.log, story.at(second)).agents.find(({ name }) => name === "coder0");
  return [row?.status, row?.status_reason].filter(Boolean).join(": ");
};

/** `kill -9` of the tmux server, as it was captured: the launcher had not seen the end yet when systemd stopped it to restart the server. */
const KILLED: readonly Line[] = [
  [20.162, "process-exited", null, "holder"],
  [20.163, "failed", null, "holder"],
  [20.663, "restart-scheduled", null, "holder"],
  [20.671, "stopping", "stop"],
  [20.728, "stopped", "restart"],
  [20.729, "stopped", "restart", "holder"],
  [20.739, "starting", "start", "holder"],
];

test("what systemd stops because the tmux server under it is started again was wanted by nobody", () => {
  const story = storyOf(...KILLED);
  story.look(20.2, tmuxLook(story.at(20.2), [], GONE));
  const dead = "dead: tmux server gone";
  expect(story.statuses(20.3, 20.67, 20.7, 20.75, 25, 60)).toEqual(Array(6).fill(dead));
  for (const second of [20.8, 25, 60]) expect(tableAt(story, second)).toBe(dead);
});

test("nor was it where nobody watched, and the next look finds another server and another life", () => {
  const story = createWatchedStory();
  const role = "holder" as const;
  const holder = declaration({ unit: HOLDER, role, class: role, heartbeat: "not-expected" });
  story.look(16, rosterLook(story.at(16), { coder0: {}, _holder: holder }));
  story.stop(18);
  const server = { pid: 901, start: 900, version: "3.3a" };
  const panes = [
    paneSeen("_holder", 0, { pid: 76, start: 76, startedAtUs: story.at(20.75) }),
    paneSeen("coder0", 6, { pid: 77, start: 77, startedAtUs: story.at(21.2) }),
  ];
  story.record(30, tmuxLook(story.at(30), panes, { server }));
  for (const [second, what, jobType, ofIt] of [...KILLED, [20.9, "starting", "start"] as Line])
    story.log.append(
      ofIt === "holder"
        ? ofHolder(story.at(second), what, jobType)
        : journalLine(story.at(second), what, jobType),
    );
  expect(story.statuses(20.8, 21)).toEqual(Array(2).fill("dead: tmux server gone"));
});

test("an end that is told in the second of such a stop was not its doing", () => {
  const story = storyOf(...KILLED);
  story.log.append(hookLine(story.at(20), "pane-died", { session: "$1", pane: "%1", status: 3 }));
  const dead = { dead: true, status: 3, diedAtUs: story.at(20), start: null, startedAtUs: null };
  story.look(20.9, tmuxLook(story.at(20.9), [paneSeen("coder0", 1, dead)]));
  expect(story.statuses(20.5, 20.7, 25)).toEqual(Array(3).fill("failed: exit 3"));
});

test("what somebody stops before or after that, or with the server, is stopped", () => {
  const stopped = "stopped: stop job";
  const isStopped = (...told: readonly Line[]) => {
    const story = storyOf(...told);
    story.look(40, tmuxLook(story.at(40), []));
    return [...story.statuses(41), tableAt(story, 41)];
  };
  // A second after the server was there again, and half a second after it had failed.
  expect(isStopped(...KILLED, [20.9, "started", "start"], [22, "stopped", "stop"])).toEqual([
    stopped,
    stopped,
  ]);
  expect(isStopped([20.163, "failed", null, "holder"], [20.5, "stopping", "stop"])).toEqual([
    stopped,
    stopped,
  ]);
  // `systemctl stop` of the server's unit, by whoever wants all of it down.
  expect(isStopped([20, "stopping", "stop"], [20.1, "stopping", "stop", "holder"])).toEqual([
    stopped,
    stopped,
  ]);
});

test("another agent that systemd starts again takes nobody with it", () => {
  const story = createWatchedStory();
  const other = journalLine(story.at(20), "restart-scheduled", null);
  story.log.append({ ...other, agent: "coder1" }, journalLine(story.at(20.1), "stopping", "stop"));
  story.look(21, tmuxLook(story.at(21), []));
  expect(story.statuses(22)).toEqual(["stopped: stop job"]);
});

import { expect, test } from "vitest";
import type { PayloadOf } from "../../../store/events/catalogue.ts";
import { paneSeen, systemdLook, tmuxLook } from "../../support/looks.ts";
import { tableOf } from "../../support/table.ts";
import { createWatchedStory, journalLine, type Story } from "../history/story.ts";

const UNIT = "mosaic-agent@coder0.service";
const STOPPED = "stopped: stop job";
const ENDED = "dead: ended";

const inactive = { active: "inactive", sub: "dead", serviceType: "exec", mainPid: null, execCode: 1 };
const stopping = { ...inactive, active: "deactivating", sub: "stop-sigterm", mainPid: 18932, execCode: 0 };

/** As it was captured with `LogLevelMax=warning`: `systemctl stop`, of which the journal has no line; the unit is seen while that goes on. */
function stoppedInSilence(over: Partial<PayloadOf<"systemd.unit.changed">> = {}, end = tmuxLook): Story {
  const story = createWatchedStory();
  const unit = (second: number, state: Partial<PayloadOf<"systemd.unit.changed">>) =>
    story.look(
      second + 0.04,
      systemdLook(story.at(second + 0.04), { [UNIT]: { ...state, sinceUs: story.at(second) } }),
    );
  unit(16, { active: "active", sub: "running", serviceType: "exec", mainPid: 18932 });
  unit(31.824, { ...stopping, ...over });
  story.look(31.937, end(story.at(31.937), []));
  unit(31.9, { ...inactive, result: over.result ?? "success" });
  return story;
}

const rowAt = (story: Story, second: number): string => {
  const row = tableOf(story.log, story.at(second)).agents.find(({ name }) => name === "coder0");
  return [row?.status, row?.status_reason].filter(Boolean).join(": ");
};

test("a unit that is stopped while its main process runs is stopped by a job, also where the journal tells of none", () => {
  const story = stoppedInSilence();
  expect(story.statuses(31.9, 32, 60)).toEqual(["healthy", STOPPED, STOPPED]);
  expect(rowAt(story, 60)).toBe(STOPPED);
});

test("so is one whose end tmux dates by the second in which that began", () => {
  const story = createWatchedStory();
  const died = { dead: true, status: 0, diedAtUs: story.at(31), start: null, startedAtUs: null };
  const at = (second: number) =>
    systemdLook(story.at(second), { [UNIT]: { ...stopping, sinceUs: story.at(31.824) } });
  story.look(31.863, at(31.863));
  story.look(31.9, tmuxLook(story.at(31.9), [paneSeen("coder0", 1, died)]));
  expect(story.statuses(31.5, 31.83, 32)).not.toContain("dead: exit 0");
  expect(story.statuses(31.83, 32)).toEqual([STOPPED, STOPPED]);
});

test("one that ends by itself, or is ended by systemd for a reason of its own, or may say itself that it stops, is not", () => {
  for (const over of [
    { mainPid: null, execCode: 1 },
    { result: "timeout" },
    { result: "oom-kill" },
    { sub: "stop-watchdog", result: "watchdog" },
    { serviceType: "notify" },
    { serviceType: "oneshot", remainAfterExit: false, mainPid: null },
  ])
    expect(stoppedInSilence(over).statuses(60)).toEqual([ENDED]);
});

test("nor one that went with its whole server", () => {
  const gone: typeof tmuxLook = (atUs) => tmuxLook(atUs, [], { server: null, goneReason: "refused" });
  expect(stoppedInSilence({}, gone).statuses(32, 60)).toEqual(Array(2).fill("dead: tmux server gone"));
});

test("a oneshot launcher that remains active has no main process, and ends by nothing but a job", () => {
  const over = { serviceType: "oneshot", remainAfterExit: true, mainPid: null };
  expect(stoppedInSilence(over).statuses(60)).toEqual([STOPPED]);
});

test("one that is up again, and whose pane does not come, is missed when a start has had its time", () => {
  const story = stoppedInSilence();
  story.look(
    33.04,
    systemdLook(story.at(33.04), { [UNIT]: { active: "active", sub: "running", sinceUs: story.at(33) } }),
  );
  expect(story.statuses(34, 42.9, 43.1)).toEqual([STOPPED, STOPPED, "dead: pane missing"]);
});

test("where the journal tells of the job it is believed: a restart is no stop", () => {
  const story = stoppedInSilence();
  story.tell(32.2, journalLine(story.at(31.82403), "stopping", "restart"));
  story.log.append(journalLine(story.at(31.91), "stopped", "restart"));
  expect(story.statuses(32, 41.8, 42)).toEqual([STOPPED, STOPPED, ENDED]);
});

test("after a reboot it is no wish any longer", () => {
  const story = stoppedInSilence();
  story.tell(40, { type: "systemd.manager.changed", source: "systemd", payload: BOOTED });
  expect(rowAt(story, 60)).not.toBe(STOPPED);
});

const BOOTED = { bootId: "2".repeat(32), bootedAtUs: 1_800_000_039_000_000, linger: "yes", version: "252" };

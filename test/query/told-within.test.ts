import { beforeEach, expect, test } from "vitest";
import { plain } from "../../cli/render/colour.ts";
import { formatIncidents } from "../../cli/render/incidents.ts";
import { formatStory } from "../../cli/render/story.ts";
import { formatWhen } from "../../cli/render/when.ts";
import { historyDocument } from "../../query/history-document.ts";
import { incidentsDocument } from "../../query/incidents.ts";
import type { AgentStatus } from "../../query/row.ts";
import { storyOf } from "../../query/story.ts";
import { whenDocument } from "../../query/when.ts";
import { beatLook, paneSeen, systemdLook, tmuxLook } from "../support/looks.ts";
import { whole } from "../support/whole.ts";
import { createWatchedStory, hookLine, type Story } from "./history/story.ts";

/** An end that was dated in whole seconds is told as no more than that. coder0 runs since 10, and the recorder watches from 15 to 60. */
let story: Story;
beforeEach(() => {
  story = createWatchedStory();
});

function asked(state: AgentStatus) {
  const past = story.past(400);
  const window = { fromUs: story.at(16), toUs: story.at(400) };
  const entries = past.roster(window);
  const input = { entries, window, atUs: story.at(400) };
  const look = { width: null, paint: plain };
  const text = (lines: Iterable<string>) => [...lines].join("\n");
  const when = whole(whenDocument(past, { name: "coder0", state, window, atUs: input.atUs }));
  const events = { event: () => null, between: () => [] };
  const incidents = whole(incidentsDocument(past, { ...input, events }));
  const [history] = whole(historyDocument(past, input)).agents;
  const said = { which: "all", said: { since: true, until: true } } as const;
  return {
    /** In when, incidents and history. */
    within: [
      when.first?.within_seconds,
      incidents.incidents[0]?.deaths[0]?.within_seconds,
      [...(history?.intervals ?? [])].find(({ status }) => status === state)?.within_seconds,
    ],
    when: text(formatWhen(when, { ...look, ...said })),
    incidents: text(formatIncidents(incidents, look)),
    history: text(
      formatStory(storyOf(past, { ...input, whole: true }), input, { ...look, atUs: input.atUs }),
    ),
  };
}

const again = (second: number) =>
  story.look(second, tmuxLook(story.at(second), [paneSeen("coder0", 3, { startedAtUs: story.at(second) })]));
const dead = (second: number, diedAt: number) =>
  story.look(
    second,
    tmuxLook(story.at(second), [
      paneSeen("coder0", 1, {
        ...{ startedAtUs: story.at(10), dead: true, status: 3, diedAtUs: story.at(diedAt) },
      }),
    ]),
  );

test("a hook's line in a gap: it was within that second", () => {
  story.stop(60);
  story.tell(299, hookLine(story.at(100), "session-closed", { session: "$1" }));
  story.record(300, tmuxLook(story.at(300), []));
  expect(asked("dead").within).toEqual([1, 1, 1]);
});

test("tmux's own word on a death", () => {
  dead(40.25, 40);
  again(41.5);
  const { within, when, incidents, history } = asked("failed");
  expect(within).toEqual([1, 1, 1]);
  // It may have been down for less.
  expect(when).toContain("coder0 failed at 2027-01-15 08:00:40 (");
  for (const text of [when, incidents, history]) expect(text).toContain("for at most 1.5 s");
});

test("what lasted long is told in whole seconds, of which that is one at most", () => {
  dead(40.25, 40);
  again(55);
  const { when, incidents, history } = asked("failed");
  for (const text of [when, incidents, history]) expect(text).toContain("for 15 s");
});

test("what a look found, and nobody dated, is not within anything; nor is what a beat's reach ended", () => {
  story.look(40.000001, tmuxLook(story.at(40.000001), []));
  expect(asked("dead").within).toEqual([null, null, null]);
  again(41.5);
  expect(asked("dead").when).toContain("for 1.5 s");
  expect(asked("silent").within[0]).toBe(null);
});

test("a boot: the kernel states it in whole seconds", () => {
  story.look(40, systemdLook(story.at(40), {}));
  story.stop(60);
  const booted = systemdLook(story.at(300), {}, { bootId: "boot-two", bootedAtUs: story.at(100) });
  story.record(300, tmuxLook(story.at(300), [], { server: null, goneReason: "no-socket" }), booted);
  expect(asked("dead").within).toEqual([1, 1, 1]);
});

test("tmux's own word on a death in the second of its last beat: it was within the rest of that second", () => {
  story.look(40.371_489, beatLook(story.at(40.371_489), "coder0", story.at(40.371_489)));
  dead(40.8, 40);
  again(43.1);
  const { within, when, incidents, history } = asked("failed");
  const rest = 0.4285;
  for (const seconds of within) expect(seconds).toBeCloseTo(rest, 3);
  for (const text of [when, incidents, history]) expect(text).toContain("for at most 2.7 s");
  expect(incidents).toContain("last beat at most 0.4 s before");
});

test("of what nobody saw begin it is not said that it lasted no longer", () => {
  story.look(40, systemdLook(story.at(40), {}));
  story.stop(60);
  const booted = systemdLook(story.at(300), {}, { bootId: "boot-two", bootedAtUs: story.at(100) });
  const server = { server: { pid: 901, start: 6, version: "3.3a" } };
  const lives = [paneSeen("coder0", 1, { pid: 3001, start: 90, startedAtUs: story.at(100.5) })];
  story.record(300, tmuxLook(story.at(300), lives, server), booted);
  const { within, when, incidents, history } = asked("dead");
  expect(within).toEqual([1, 1, 1]);
  for (const text of [when, incidents, history]) {
    expect(text).toContain("for at least 0.5 s");
    expect(text).not.toContain("at most");
  }
});

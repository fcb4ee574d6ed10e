import { beforeEach, expect, test } from "vitest";
import { plain } from "../../cli/render/colour.ts";
import { formatIncidents } from "../../cli/render/incidents.ts";
import { formatStory } from "../../cli/render/story.ts";
import { formatWhen } from "../../cli/render/when.ts";
import { incidentsDocument } from "../../query/incidents.ts";
import type { AgentStatus } from "../../query/row.ts";
import { storyOf } from "../../query/story.ts";
import { whenDocument } from "../../query/when.ts";
import { beatLook, paneSeen, systemdLook, tmuxLook } from "../support/looks.ts";
import { whole } from "../support/whole.ts";
import { createWatchedStory, hookLine, type Story } from "./history/story.ts";

/** What is known of no more than a moment: coder0 runs since 10; the recorder watches from 15 to 60, and nobody from then on. */
let story: Story;
beforeEach(() => {
  story = createWatchedStory();
  story.stop(60);
});

function said(state: AgentStatus, untilSecond = 400): { when: string; history: string; incidents: string } {
  const past = story.past(400);
  const window = { fromUs: story.at(16), toUs: story.at(untilSecond) };
  const entries = past.roster(window);
  const input = { entries, window, atUs: story.at(400) };
  const look = { width: null, paint: plain };
  const when = whole(whenDocument(past, { name: "coder0", state, window, atUs: input.atUs }));
  const asked = { which: "all", said: { since: true, until: true } } as const;
  const events = { event: () => null, between: () => [] };
  const text = (lines: Iterable<string>) => [...lines].join("\n");
  return {
    when: text(formatWhen(when, { ...look, ...asked })),
    history: text(
      formatStory(storyOf(past, { ...input, whole: true }), input, { ...look, atUs: input.atUs }),
    ),
    incidents: text(formatIncidents(whole(incidentsDocument(past, { ...input, events })), look)),
  };
}

/** A process that had not beaten before: of the time between the end and that nobody knows. */
const laterBeat = () => beatLook(story.at(300), "coder0", story.at(150), { pid: 4242, alive: false });

test("an end that a hook's line told, and of whose aftermath nothing is known, was seen by no look", () => {
  // Of its second all but the last 10 ms were watched.
  story.tell(299, hookLine(story.at(59.01), "session-closed", { session: "$1" }));
  story.record(300, tmuxLook(story.at(300), []), laterBeat());
  const { when, history } = said("dead", 200);
  for (const text of [when, history]) expect(text).toContain("known of that moment only");
  for (const text of [when, history]) expect(text).not.toContain("look");
});

test("nor was one that the boot of the machine told", () => {
  const booted = systemdLook(story.at(300), {}, { bootId: "boot-two", bootedAtUs: story.at(100) });
  story.record(
    300,
    tmuxLook(story.at(300), [], { server: null, goneReason: "no-socket" }),
    booted,
    laterBeat(),
  );
  const { when, history, incidents } = said("dead", 149);
  for (const text of [when, history, incidents]) expect(text).toContain("known of that moment only");
});

test("nor was a beat whose process was gone when it was read", () => {
  story.record(
    300,
    tmuxLook(story.at(300), []),
    beatLook(story.at(300), "coder0", story.at(150), { pid: 4242, alive: false }),
  );
  const { when, history } = said("healthy");
  for (const text of [when, history]) expect(text).toContain("known of that moment only");
});

test("one look is one look", () => {
  story.sample(300, tmuxLook(story.at(300), []));
  const { when, history, incidents } = said("dead");
  expect(when).toContain("seen by a single look");
  expect(history).toContain("dead, seen by a single look");
  expect(incidents).toContain("seen by one look only");
});

test("what was watched to begin as watching ended was seen by no single look", () => {
  story.record(70, tmuxLook(story.at(70), [paneSeen("coder0", 1, { startedAtUs: story.at(10) })]));
  story.look(89.99, tmuxLook(story.at(89.99), []));
  story.stop(90);
  expect(said("dead").when).toContain("for at least 10 ms, until watching ended");
  expect(said("dead").history).not.toContain("look");
});

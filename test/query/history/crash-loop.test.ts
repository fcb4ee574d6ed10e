import { beforeEach, expect, test } from "vitest";
import { plain } from "../../../cli/render/colour.ts";
import { formatStory } from "../../../cli/render/story.ts";
import type { State } from "../../../query/history/past.ts";
import { historyDocument } from "../../../query/history-document.ts";
import { incidentsDocument } from "../../../query/incidents.ts";
import { storyOf } from "../../../query/story.ts";
import { whenDocument } from "../../../query/when.ts";
import { paneSeen, tmuxLook } from "../../support/looks.ts";
import { whole } from "../../support/whole.ts";
import { createStory, type Story } from "./story.ts";

/** Lives that start and end within one second, of whose ends tmux tells no more than that second. */
let story: Story;
beforeEach(() => {
  story = createStory();
});

const BEGINS = 10.31;
const LIVES = 14;
/** Each lives for so long, and is started again so much after the start before it. */
const LIVES_FOR = 0.23;
const APART = 0.57;

const looked = (second: number, number: number, dead: { second: number } | null) =>
  tmuxLook(story.at(second), [
    paneSeen(
      "coder0",
      number,
      dead === null
        ? { startedAtUs: story.at(second - 0.02) }
        : { dead: true, status: 127, diedAtUs: story.at(Math.floor(dead.second)) },
    ),
  ]);

function crashes(): void {
  story.record(10, tmuxLook(story.at(10), []));
  for (let life = 0; life < LIVES; life++) {
    const second = BEGINS + life * APART;
    story.look(second + 0.02, looked(second + 0.02, life + 1, null));
    const diedAt = second + LIVES_FOR;
    story.look(diedAt + 0.03, looked(diedAt + 0.03, life + 1, { second: diedAt }));
  }
}

function asked() {
  const past = story.past(30);
  const window = { fromUs: story.at(0), toUs: story.at(30) };
  const entries = past.roster(window);
  const input = { entries, window, atUs: story.at(30) };
  const events = { event: () => null, between: () => [] };
  const { incidents } = whole(incidentsDocument(past, { ...input, events }));
  const when = (state: State) =>
    whole(whenDocument(past, { name: "coder0", state, window, atUs: input.atUs }));
  return {
    deaths: incidents.flatMap(({ deaths }) => deaths),
    when,
    outages: past.uptime("coder0", window).outages,
    history: whole(historyDocument(past, input)).agents.flatMap(({ intervals }) => [...intervals]),
    text: [
      ...formatStory(storyOf(past, { ...input, whole: false }), input, {
        ...{ width: null, paint: plain, atUs: input.atUs },
      }),
    ].join("\n"),
  };
}

test("each of them counts, wherever in its second it lived", () => {
  crashes();
  const { deaths, when, outages, history } = asked();
  expect([when("started").count, when("failed").count, deaths.length, outages.count]).toEqual([
    14, 14, 14, 14,
  ]);
  expect(history.filter(({ status }) => status === "failed")).toHaveLength(LIVES);
});

test("none is told to have ended before it began, nor more exactly than is known", () => {
  crashes();
  const { deaths } = asked();
  for (const [life, { began_at, within_seconds, witnessed, pane }] of deaths.entries()) {
    const bornUs = story.at(BEGINS + life * APART);
    const beganUs = Date.parse(began_at) * 1000;
    const diedUs = bornUs + LIVES_FOR * 1e6;
    expect(witnessed).toBe(true);
    expect(pane?.exit_status).toBe(127);
    expect(beganUs).toBeGreaterThanOrEqual(bornUs - 1000);
    expect(beganUs).toBeLessThanOrEqual(diedUs);
    expect(beganUs + (within_seconds ?? 0) * 1e6).toBeGreaterThanOrEqual(diedUs - 1000);
    expect(within_seconds).toBeLessThanOrEqual(1);
  }
});

test("what was seen to live when the log begins had not died before that", () => {
  const lives = { startedAtUs: story.at(10.1) };
  story.record(10.4, tmuxLook(story.at(10.4), [paneSeen("coder0", 1, lives)]));
  const dead = { dead: true, status: 127, diedAtUs: story.at(10) };
  story.look(10.8, tmuxLook(story.at(10.8), [paneSeen("coder0", 1, dead)]));
  const { deaths, when } = asked();
  expect(when("dead").count).toBe(0);
  expect(deaths).toMatchObject([{ witnessed: true, began_before: false, pane: { exit_status: 127 } }]);
  expect(Date.parse(deaths[0]?.began_at ?? "") * 1000).toBeGreaterThanOrEqual(story.at(10.4) - 1000);
});

test("how long it lived is told as no more than is known", () => {
  crashes();
  const { text } = asked();
  // From its start to the second's end, or to the look.
  expect(text).toMatch(/coder0 {2}starting, for at most 250 ms|coder0 {2}starting, for at most 0\.2 s/);
  expect(text).not.toMatch(/for 0\.0 s/);
});

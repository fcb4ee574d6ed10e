import { beforeEach, expect, test } from "vitest";
import { plain } from "../../cli/render/colour.ts";
import { formatIncidents } from "../../cli/render/incidents.ts";
import type { Death } from "../../query/certificate.ts";
import { incidentsDocument } from "../../query/incidents.ts";
import { exactIsoOf } from "../../query/instant.ts";
import { beatLook, operatorVerb, paneSeen, tmuxLook } from "../support/looks.ts";
import { whole } from "../support/whole.ts";
import { createStory, hookLine, type Story } from "./history/story.ts";

/** A certificate's last beat is of the life that died. coder0's first life beats until 90 and is respawned at 100, in the same pane. */
let story: Story;
const first = { pid: 1001, start: 11, incarnation: "b-1001-11" } as const;
const second = { pid: 2002, start: 22, incarnation: "b-2002-22" } as const;
const pane = (at: number, over: Parameters<typeof paneSeen>[2]) =>
  story.look(at, tmuxLook(story.at(at), [paneSeen("coder0", 1, over)]));
const beat = (at: number, pid: number, ts = at) =>
  story.look(at, beatLook(story.at(at), "coder0", story.at(ts), { pid }));

beforeEach(() => {
  story = createStory();
  story.record(15, tmuxLook(story.at(15), [paneSeen("coder0", 1, { ...first, startedAtUs: story.at(10) })]));
  for (let at = 30; at <= 90; at += 15) beat(at, first.pid);
});

const respawned = () => pane(100, { ...second, startedAtUs: story.at(100) });
const crashed = (at: number, over: Parameters<typeof paneSeen>[2] = {}) =>
  pane(at, {
    ...{ ...second, startedAtUs: story.at(100), dead: true, status: 1, diedAtUs: story.at(at) },
    ...over,
  });

function told(): { deaths: Death[]; text: string } {
  const past = story.past(400);
  const window = { fromUs: story.at(16), toUs: story.at(400) };
  const events = { event: () => null, between: () => [] };
  const document = whole(
    incidentsDocument(past, { entries: past.roster(window), window, atUs: story.at(400), events }),
  );
  const text = [...formatIncidents(document, { width: null, paint: plain })].join("\n");
  return { deaths: document.incidents.flatMap(({ deaths }) => deaths), text };
}

const EARLIER = () => ({ at: exactIsoOf(story.at(90)), status: "ok", pid: first.pid, whose: "earlier-life" });

test("of a life that crashed before it beat it is said that it never did, and whose the newest beat is", () => {
  respawned();
  crashed(110);
  const { deaths, text } = told();
  expect(deaths).toMatchObject([
    { course: [{ status: "failed" }], last_beat: null, beat_of_another: EARLIER() },
  ]);
  expect(text).toContain(
    "this life never beat (the last under its name, 20 s before, was of a life before it)",
  );
});

test("so it is of a silent one", () => {
  respawned();
  const { deaths } = told();
  expect(deaths).toMatchObject([
    { course: [{ status: "silent" }], last_beat: null, beat_of_another: EARLIER() },
  ]);
});

test("what the process of before goes on to write is not the life's own either", () => {
  respawned();
  story.look(
    105,
    beatLook(story.at(105), "coder0", story.at(105), { pid: first.pid, pidStart: first.start }),
  );
  crashed(110);
  const { deaths } = told();
  const of = { at: exactIsoOf(story.at(105)), pid: first.pid, whose: "earlier-life" };
  expect(deaths).toMatchObject([{ course: [{ status: "failed" }], last_beat: null, beat_of_another: of }]);
});

test("what the life itself beat is its own", () => {
  respawned();
  beat(105, 2010);
  crashed(110);
  const { deaths, text } = told();
  const own = { at: exactIsoOf(story.at(105)), status: "ok", pid: 2010, of_this_life: true };
  expect(deaths).toMatchObject([{ last_beat: own, beat_of_another: null }]);
  expect(text).toContain("last beat at most 6.0 s before;");
});

test("where nobody knows when the life began, the beat may be of one before it, unless its own process made it", () => {
  // Gone from /proc before anybody looked.
  const unknown = { start: null, startedAtUs: null, incarnation: null } as const;
  crashed(110, unknown);
  const { deaths, text } = told();
  expect(deaths).toMatchObject([
    { last_beat: { pid: first.pid, of_this_life: null }, beat_of_another: null },
  ]);
  expect(text).toContain("last beat 20 s before, of this life or of one before it;");
});

test("its own process's beat is its own, also where its start is not known", () => {
  beat(105, second.pid);
  crashed(110, { start: null, startedAtUs: null, incarnation: null });
  expect(told().deaths).toMatchObject([{ last_beat: { pid: second.pid, of_this_life: true } }]);
});

test("a beat of this life that was not read before the gap ended is its own, too", () => {
  story.stop(95);
  story.record(
    300,
    tmuxLook(story.at(300), [
      paneSeen("coder0", 1, {
        ...{ ...second, startedAtUs: story.at(200), dead: true, status: 1, diedAtUs: story.at(250) },
      }),
    ]),
    beatLook(story.at(300), "coder0", story.at(240), { pid: 2010, alive: false }),
  );
  expect(told().deaths.at(-1)).toMatchObject({ last_beat: { pid: 2010, of_this_life: true } });
});

/** It was stopped, and started again while nobody looked: hooks told of a life from 120 to 130. */
function unseenLife(): void {
  story.tell(94, operatorVerb("stop", "coder0", story.at(94)));
  story.stop(95);
  story.tell(118, operatorVerb("start", "coder0", story.at(118)));
  const hook = (at: number, what: string, over: Parameters<typeof hookLine>[2]) =>
    story.tell(299, hookLine(story.at(at), what, over));
  hook(100, "session-closed", { session: "$1" });
  hook(120, "session-created", { session: "$2" });
  hook(130, "pane-died", { session: "$2", pane: "%2", status: 7 });
}

test("a life of which hooks alone told never beat, where its file is found as it was before", () => {
  unseenLife();
  story.record(300, tmuxLook(story.at(300), []));
  const { deaths, text } = told();
  expect(deaths).toMatchObject([{ last_beat: null, beat_of_another: EARLIER() }]);
  expect(text).toContain(
    "this life never beat (the last under its name, 40 s before, was of a life before it)",
  );
});

test("and nobody knows whether it did, where another beat is found", () => {
  unseenLife();
  const third = paneSeen("coder0", 3, { pid: 3003, start: 33, startedAtUs: story.at(280) });
  story.record(
    300,
    tmuxLook(story.at(300), [third]),
    beatLook(story.at(300), "coder0", story.at(290), { pid: 3003 }),
  );
  const { deaths, text } = told();
  expect(deaths[0]).toMatchObject({ last_beat: null, beat_of_another: EARLIER() });
  expect(text).toMatch(
    /no beat of this life was seen: nobody read its beats after \S+ \(the last under its name, 40 s/,
  );
});

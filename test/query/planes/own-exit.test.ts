import { expect, test } from "vitest";
import { incidentsDocument } from "../../../query/incidents.ts";
import { beatLook, paneSeen, rosterLook, tmuxLook } from "../../support/looks.ts";
import { whole } from "../../support/whole.ts";
import { createStory } from "../history/story.ts";

/** The process of the pane is the one that beats: pid 4000, which started at tick 7000. */
const its = { pid: 4000, start: 7000 };
const gone = { pid: 4000, start: null, startedAtUs: null, incarnation: null };

/** It lives from 10 on, beats at 20.2, is read to be gone at 20.917, and its pane is told to be so at 21.03. */
function ended(lifecycle: "always" | "ephemeral", over: Parameters<typeof paneSeen>[2] | null, pid = 4000) {
  const story = createStory();
  story.look(1, rosterLook(story.at(1), { coder0: { lifecycle } }));
  story.record(
    15,
    tmuxLook(story.at(15), [paneSeen("coder0", 1, { ...its, startedAtUs: story.at(10) })]),
    beatLook(story.at(15), "coder0", story.at(15), { pid }),
  );
  story.look(20.21, beatLook(story.at(20.21), "coder0", story.at(20.2), { pid }));
  story.look(20.917, beatLook(story.at(20.917), "coder0", story.at(20.2), { pid, alive: false }));
  const panes = over === null ? [] : [paneSeen("coder0", 1, { ...gone, ...over })];
  story.look(21.03, tmuxLook(story.at(21.03), panes));
  const past = story.past(30);
  const window = { fromUs: story.at(16), toUs: story.at(30) };
  const events = { event: () => null, between: () => [] };
  const asked = { entries: past.roster(window), window, atUs: story.at(30), events };
  const { incidents } = whole(incidentsDocument(past, asked));
  return {
    statuses: story.statuses(20.5, 20.91, 20.95, 21.5),
    deaths: incidents.flatMap(({ deaths }) => deaths),
    since: past.table(story.at(25), false).agents[0]?.since,
    outages: past.uptime("coder0", window).outages.count,
  };
}

const diedAt = 1_800_000_021_000_000;

test("an ephemeral worker that ends with 0 has had no outage, though its process was gone before tmux told", () => {
  const { statuses, outages, deaths } = ended("ephemeral", { dead: true, status: 0, diedAtUs: diedAt });
  expect(statuses).toEqual(["healthy", "healthy", "finished", "finished"]);
  expect([outages, deaths]).toEqual([0, []]);
});

test("of one that should always run it is one end, since its process was gone", () => {
  const { statuses, deaths, since } = ended("always", { dead: true, status: 3, diedAtUs: diedAt });
  expect(statuses).toEqual(["healthy", "healthy", "failed: exit 3", "failed: exit 3"]);
  expect(deaths.map(({ course }) => course.map(({ status }) => status))).toEqual([["failed"]]);
  expect(since).toBe("2027-01-15T08:00:20.917Z");
});

test("also where tmux kept no time of it, and where the pane does not remain", () => {
  expect(ended("always", { dead: true, status: 3, diedAtUs: null }).statuses[2]).toBe("failed: exit 3");
  const closed = ended("always", null);
  expect(closed.statuses).toEqual(["healthy", "healthy", "dead: pane missing", "dead: pane missing"]);
  expect(closed.deaths.map(({ course }) => course.length)).toEqual([1]);
});

test("another process that beat and is gone is not the pane's: until tmux tells, the agent is stale", () => {
  const { statuses } = ended("always", { dead: true, status: 3, diedAtUs: diedAt }, 4001);
  expect(statuses).toEqual(["healthy", "healthy", "stale: pid-gone", "failed: exit 3"]);
});

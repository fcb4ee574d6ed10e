import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { documentOf } from "../../../query/planes/documents.ts";
import { createFoldedLog } from "../../support/fold.ts";
import { beatLook, paneSeen, rosterLook, SOCKET, tmuxLook } from "../../support/looks.ts";
import { rowOf, tableOf } from "../../support/table.ts";
import { everyTable } from "../history/every-table.ts";
import type { Story } from "../history/story.ts";
import { createStory, hookLine, T } from "../history/story.ts";

/** Several sessions get each other's names in one look, which tells its renames one by one. */
const AGENTS = ["coder0", "coder1", "coder2"] as const;
const RUNS = { numRuns: Number(process.env.PROPERTY_RUNS ?? 200) };
let story: Story;

/** A look that finds sessions $1, $2 ... under these names, each with its one pane. */
const named = (second: number, ...names: string[]) =>
  tmuxLook(
    story.at(second),
    names.map((name, index) => paneSeen(name, index + 1, { startedAtUs: T + 10e6 })),
  );
const beats = (second: number) => {
  for (const agent of AGENTS) story.look(second, beatLook(story.at(second), agent, story.at(second)));
};
/** Status, reason and pane of each at that second: as the present says it, the past, the kept past, a rebuilt one, and as it was recorded. */
function told(second: number): Record<string, unknown[]> {
  const cells = (table: Parameters<typeof rowOf>[0]) =>
    AGENTS.map((agent) => {
      const { status, status_reason, pane } = rowOf(table, agent);
      return [status, status_reason, pane.state, pane.pid];
    });
  const { past, kept, rebuilt, recorded } = everyTable(story.log.events, story.at(second));
  return {
    live: cells(tableOf(story.log, story.at(second))),
    past: cells(past),
    kept: cells(kept),
    rebuilt: cells(rebuilt),
    recorded: cells(recorded),
  };
}
const everywhere = (cells: unknown[]) => ({
  live: cells,
  past: cells,
  kept: cells,
  rebuilt: cells,
  recorded: cells,
});
const healthy = (number: number) => ["healthy", null, "alive", 1000 + number];

beforeEach(() => {
  story = createStory();
  story.look(1, rosterLook(story.at(1), { coder0: {}, coder1: {}, coder2: {} }));
});

test("an agent is the session that has its name, though its own is told to lose it only after that", () => {
  story.record(15, named(15, "coder0-new", "coder0", "coder1", "coder2"));
  story.look(20, named(20, "coder0", "coder0-old", "coder1", "coder2"));
  beats(20);
  const renames = story.log.events.filter(({ type }) => type === "tmux.session.renamed");
  expect(renames.map(({ payload }) => (payload as { from: string }).from)).toEqual(["coder0-new", "coder0"]);
  expect(told(21)).toEqual(everywhere([healthy(1), healthy(3), healthy(4)]));
  // What becomes of the pane that was its own is none of its business, and how its new one ends is.
  story.look(22, named(22, "coder0", "coder0-old", "coder1", "coder2"));
  const ended = (number: number, status: number) =>
    paneSeen(number === 1 ? "coder0" : "coder0-old", number, { dead: true, status, startedAtUs: T + 10e6 });
  const others = [
    paneSeen("coder1", 3, { startedAtUs: T + 10e6 }),
    paneSeen("coder2", 4, { startedAtUs: T + 10e6 }),
  ];
  story.look(
    23,
    tmuxLook(story.at(23), [paneSeen("coder0", 1, { startedAtUs: T + 10e6 }), ended(2, 2), ...others]),
  );
  expect(told(24)).toEqual(everywhere([healthy(1), healthy(3), healthy(4)]));
  story.look(25, tmuxLook(story.at(25), [ended(1, 3), ended(2, 2), ...others]));
  expect(told(26)).toEqual(everywhere([["failed", "exit 3", "dead", 1001], healthy(3), healthy(4)]));
});

test("what was renamed goes on to write the heartbeat of its old name: that is no answer of the session that has this name now", () => {
  const own = (number: number) => ({ pid: 1000 + number, pidStart: 10 + number });
  const beat = (second: number, number: number) =>
    story.look(second, beatLook(story.at(second), "coder0", story.at(second), own(number)));
  const cells = (second: number) => {
    const { live, ...rest } = told(second);
    for (const cell of Object.values(rest)) expect(cell).toEqual(live);
    return live?.[0];
  };
  story.record(15, named(15, "coder0", "coder1", "coder2"));
  beat(16, 1);
  story.look(17, named(17, "scratch", "coder1", "coder2"));
  beat(18, 1);
  const made = (second: number, ...more: string[]) =>
    story.look(
      second,
      tmuxLook(story.at(second), [
        ...["scratch", "coder1", "coder2"].map((name, index) =>
          paneSeen(name, index + 1, { startedAtUs: T + 10e6 }),
        ),
        ...more.map((name) => paneSeen(name, 4, { startedAtUs: T + 19e6 })),
      ]),
    );
  made(20, "coder0");
  beat(40, 1);
  expect(cells(41)).toEqual(["starting", null, "alive", 1004]);
  beat(80, 1);
  expect(cells(81)).toEqual(["silent", "never beat", "alive", 1004]);
  beat(82, 4);
  expect(cells(83)).toEqual(healthy(4));
  // The renamed one gets its name back, when the other one has gone: it is the agent again.
  made(84);
  story.look(85, named(85, "coder0", "coder1", "coder2"));
  beat(86, 1);
  expect(cells(87)).toEqual(healthy(1));
});

test("two that swap their names, and swap them back, are each well all the time", () => {
  story.record(15, named(15, "coder0", "coder1", "coder2"));
  story.look(20, named(20, "coder1", "coder0", "coder2"));
  beats(20);
  expect(told(21)).toEqual(everywhere([healthy(2), healthy(1), healthy(3)]));
  story.look(22, named(22, "coder0", "coder1", "coder2"));
  expect(told(23)).toEqual(everywhere([healthy(1), healthy(2), healthy(3)]));
});

test.each([
  [
    ["coder1", "coder2", "coder0"],
    [3, 1, 2],
  ],
  [
    ["coder2", "coder0", "coder1"],
    [2, 3, 1],
  ],
])("three that pass their names round are each the session that has theirs: %s", (names, numbers) => {
  story.record(15, named(15, ...AGENTS));
  story.look(20, named(20, ...names));
  beats(20);
  expect(told(21)).toEqual(everywhere(numbers.map(healthy)));
});

test("two whose panes are swapped are each the pane in the session of their name", () => {
  const swapped = (second: number, session0: string, session1: string) =>
    tmuxLook(
      story.at(second),
      [
        paneSeen("coder0", 1, { startedAtUs: T + 10e6 }),
        paneSeen("coder1", 2, { startedAtUs: T + 10e6 }),
        paneSeen("coder2", 3, { startedAtUs: T + 10e6 }),
      ].map((pane) => {
        if (pane.session === "$3") return pane;
        const session = pane.session === "$1" ? session0 : session1;
        return { ...pane, session, name: session === "$1" ? "coder0" : "coder1" };
      }),
    );
  story.record(15, swapped(15, "$1", "$2"));
  story.look(20, swapped(20, "$2", "$1"));
  beats(20);
  expect(told(21)).toEqual(everywhere([healthy(2), healthy(1), healthy(3)]));
});

test("a pane that was beside the own one is not taken for it when that moves away", () => {
  const others = [paneSeen("coder1", 2), paneSeen("coder2", 3)];
  const beside = paneSeen("coder0", 4, { session: "$1" });
  story.record(15, tmuxLook(story.at(15), [paneSeen("coder0", 1), beside, ...others]));
  story.look(20, tmuxLook(story.at(20), [paneSeen("coder1", 1, { session: "$2" }), beside, ...others]));
  expect(told(21).live?.[0]).toEqual(["dead", "pane moved to session coder1", "missing", null]);
});

describe("a session whose name another one has taken over since", () => {
  test("is no later life of that name, whatever its number and whatever hooks told of its beginning", () => {
    story.record(15, named(15, "coder0-new", "coder1", "coder2"));
    const made = hookLine(story.at(17), "session-created", { session: "$4" });
    story.tell(17.2, made);
    const all = ["coder0-new", "coder1", "coder2", "coder0"];
    story.look(18, named(18, ...all));
    story.look(20, named(20, "coder0", "coder1", "coder2", "coder0-old"));
    beats(20);
    const last = named(25, "coder0", "coder1", "coder2", "coder0-old");
    story.look(25, { ...last, panes: last.panes.slice(1) });
    expect(told(26)).toEqual(everywhere([["dead", "pane missing", "missing", null], healthy(2), healthy(3)]));
    expect(rowOf(tableOf(story.log, story.at(26)), "coder0").since).toBe(
      new Date(story.at(25) / 1000).toISOString(),
    );
  });
});

/** Five sessions of one pane each, of which some are there under any names; or all are, and their panes are swapped as well. */
const NAMES = ["coder0", "coder1", "coder2", "a", "b"];
const NUMBERS = [1, 2, 3, 4, 5];
const anyNames = fc.shuffledSubarray(NAMES, { minLength: 5 });
const anyFleet = fc
  .tuple(fc.shuffledSubarray(NUMBERS), anyNames)
  .map(([sessions, names]) =>
    sessions.map((number, at) => paneSeen(names[at] as string, number, { session: `$${number}` })),
  );
const anyWholeFleet = fc
  .tuple(fc.shuffledSubarray(NUMBERS, { minLength: 5 }), anyNames)
  .map(([panes, names]) =>
    panes.map((pane, at) => paneSeen(names[at] as string, pane, { session: `$${at + 1}` })),
  );

test("after any look the own pane of a name is the pane of the session that is called so", () => {
  const anyFleets = (any: typeof anyFleet) => fc.array(any, { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(fc.oneof(anyFleets(anyFleet), anyFleets(anyWholeFleet)), (fleets) => {
      const log = createFoldedLog(T);
      for (const [at, panes] of fleets.entries()) {
        log.nowUs = T + at * 1_000_000;
        log.look(tmuxLook(log.nowUs, panes));
        const own = NAMES.map((name) => {
          const found = documentOf(log.documents, "agent", name)?.panes[SOCKET];
          const isThere = found !== undefined && found.state !== "closed";
          return [name, isThere ? [found.session, found.pane, found.pid, found.state] : null];
        });
        const there = NAMES.map((name) => {
          const found = panes.find((pane) => pane.name === name);
          return [name, found ? [found.session, found.pane, found.pid, "alive"] : null];
        });
        expect({ at, own }).toEqual({ at, own: there });
      }
    }),
    RUNS,
  );
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { derive } from "../../../query/planes/all.ts";
import { documentsOf } from "../../../query/planes/documents.ts";
import type { NewEvent, Source } from "../../../store/events/envelope.ts";
import type { Snapshot, TmuxPaneSeen } from "../../../store/events/snapshot.ts";
import type { FoldedLog } from "../../support/fold.ts";
import { createFoldedLog } from "../../support/fold.ts";
import { beatLook, paneSeen, processLook, rosterLook, systemdLook, tmuxLook } from "../../support/looks.ts";
import { tableOf } from "../../support/table.ts";

const T = 1_800_000_000_000_000;
const NAMES = ["coder0", "coder1", "reviewer", "a b|c"] as const;

/** One pane of a random fleet: which session, which pane number, which process, and how it fares. */
const anyPane = fc
  .record({
    name: fc.constantFrom(...NAMES),
    number: fc.integer({ min: 1, max: 6 }),
    life: fc.integer({ min: 0, max: 2 }),
    dead: fc.boolean(),
    signal: fc.constantFrom(null, 9),
  })
  .map(({ name, number, life, dead, signal }) =>
    paneSeen(name, number, {
      session: `$${NAMES.indexOf(name)}`,
      pid: 1000 + number * 10 + life,
      dead,
      signal: dead ? signal : null,
      status: dead && signal === null ? 1 : null,
    }),
  );
const anyPanes = fc.uniqueArray(anyPane, { selector: (pane) => pane.pane, maxLength: 6 });
const anyServer = fc.option(fc.constantFrom(900, 901), { nil: null, freq: 5 });

type Step = (atUs: number) => Snapshot;
const tmuxStep: fc.Arbitrary<Step> = fc.record({ panes: anyPanes, server: anyServer }).map(
  ({ panes, server }) =>
    (atUs: number) =>
      server === null
        ? tmuxLook(atUs, [], { server: null, goneReason: "refused" })
        : tmuxLook(atUs, panes, { server: { pid: server, start: 1, version: "3.3a" } }),
);
const beatStep: fc.Arbitrary<Step> = fc
  .record({
    name: fc.constantFrom(...NAMES),
    status: fc.constantFrom("ok", "busy", "waiting"),
    alive: fc.constantFrom(true, false, null),
  })
  .map(
    ({ name, status, alive }) =>
      (atUs: number) =>
        beatLook(atUs, name, atUs - 5, { status, alive }),
  );
const systemdStep: fc.Arbitrary<Step> = fc
  .record({
    active: fc.constantFrom("active", "inactive", "failed"),
    linger: fc.constantFrom("yes" as const, "no" as const),
  })
  .map(
    ({ active, linger }) =>
      (atUs: number) =>
        systemdLook(atUs, { "mosaic-agent@coder0.service": { active } }, { linger, bootedAtUs: T - 1 }),
  );
const rosterStep: fc.Arbitrary<Step> = fc
  .subarray([...NAMES.slice(0, 3)])
  .map((names) => (atUs: number) => rosterLook(atUs, Object.fromEntries(names.map((name) => [name, {}]))));
const processStep: fc.Arbitrary<Step> = fc
  .constantFrom("pi", "node")
  .map((name) => (atUs: number) => processLook(atUs, [{ agent: "coder0", pane: "%1", panePid: 1010, name }]));
const anyStep = fc.oneof(tmuxStep, tmuxStep, beatStep, systemdStep, rosterStep, processStep);
const anyStory = fc.array(anyStep, { minLength: 1, maxLength: 25 });

function play(
  story: readonly Step[],
  between: (log: FoldedLog, snapshot: Snapshot) => void = () => {},
): FoldedLog {
  const log = createFoldedLog(T);
  for (const [index, step] of story.entries()) {
    log.nowUs = T + (index + 1) * 1_000_000;
    const snapshot = step(log.nowUs);
    log.look(snapshot);
    between(log, snapshot);
  }
  return log;
}

describe("derive and fold are each other's inverse", () => {
  test("a look that the log has already taken in means nothing new", () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        play(story, (log, snapshot) => {
          const later = { nowUs: log.nowUs + 1000, begunUs: log.nowUs + 1000 };
          expect(derive(log.documents, snapshot, later)).toEqual([]);
        });
      }),
    );
  });

  test("after a look at tmux the panes of the log are the panes that were seen", () => {
    fc.assert(
      fc.property(fc.array(tmuxStep, { minLength: 1, maxLength: 20 }), (story) => {
        play(story, (log, snapshot) => {
          if (snapshot.source !== "tmux") return;
          const known = [...documentsOf(log.documents, "pane")].map(([, pane]) => stateOf(pane)).sort();
          expect(known).toEqual(snapshot.panes.map(stateOf).sort());
        });
      }),
    );
  });

  test("a look begun before another writer's newest word about the scope is dropped", () => {
    fc.assert(
      fc.property(anyPanes, anyPanes, (first, second) => {
        const log = createFoldedLog(T);
        log.nowUs = T + 10;
        const told = log.look(tmuxLook(T + 10, first)).length > 0;
        const before = log.events.length;
        log.look(tmuxLook(T + 5, second));
        if (told) expect(log.events.length).toBe(before);
      }),
    );
  });
});

describe("the folds", () => {
  test("replaying the log from its first event leaves the same documents, and twice the same", () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        const live = play(story);
        for (let round = 0; round < 2; round++) {
          const again = createFoldedLog(T);
          for (const event of live.events) {
            again.nowUs = event.recordedAtUs;
            again.append({ ...event, source: event.source as Source });
          }
          expect(again.dump()).toEqual(live.dump());
        }
      }),
    );
  });

  test("planes that are told of by different sources may arrive in any interleaving: the same rows", () => {
    fc.assert(
      fc.property(anyStory, fc.array(fc.nat(), { minLength: 400, maxLength: 400 }), (story, dice) => {
        const live = play(story);
        const shuffled = createFoldedLog(T);
        for (const event of interleave(
          live.events.map((event) => ({ ...event, source: event.source as Source })),
          dice,
        )) {
          // Late evidence keeps the source's time; only the moment of its arrival differs.
          shuffled.nowUs = T + 3600e6;
          shuffled.append(event);
        }
        const nowUs = T + 3601e6;
        expect(rows(shuffled, nowUs)).toEqual(rows(live, nowUs));
      }),
    );
  });

  test("an event of a newer version or an unknown type is left alone", () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        const live = play(story);
        const before = live.dump();
        const strange = {
          agent: "coder0",
          source: "tmux",
          occurredAtUs: live.nowUs,
          precision: "us",
          payload: { a: 1 },
        } as const;
        live.append(
          { ...strange, type: "tmux.pane.created", schemaVersion: 2 },
          { ...strange, type: "comet.tail.seen" },
        );
        expect(live.dump()).toEqual(before);
      }),
    );
  });
});

/** Keeps the order within heartbeat + process + tmux + roster + systemd each (each is serialised by its own derivation). */
function interleave(events: readonly NewEvent[], dice: readonly number[]): NewEvent[] {
  const lanes = new Map<string, NewEvent[]>();
  for (const event of events) {
    // A process is told of only where its pane is known, so those two planes are one lane.
    const lane = event.source === "process" ? "tmux" : event.source;
    lanes.set(lane, [...(lanes.get(lane) ?? []), event]);
  }
  const waiting = [...lanes.values()];
  const order: NewEvent[] = [];
  for (let turn = 0; waiting.length > 0; turn++) {
    const lane = (dice[turn % dice.length] ?? 0) % waiting.length;
    const next = waiting[lane]?.shift();
    if (next) order.push(next);
    else waiting.splice(lane, 1);
  }
  return order;
}

/** The rows but for what names the arrival itself. */
function rows(log: FoldedLog, nowUs: number): unknown {
  const { agents } = tableOf(log, nowUs, { all: true });
  return agents.map((row) => ({ ...row, since: null })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function stateOf(
  pane: Pick<TmuxPaneSeen, "pane" | "name" | "session" | "pid" | "dead" | "status" | "signal">,
): string {
  return JSON.stringify([pane.pane, pane.name, pane.session, pane.pid, pane.dead, pane.status, pane.signal]);
}

import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { historyOf } from "../../../query/history/history.ts";
import { intervalAt } from "../../../query/history/intervals.ts";
import { statusIntervals } from "../../../query/history/sweep.ts";
import { when } from "../../../query/history/when.ts";
import { beatLook, paneSeen, processLook, systemdLook, tmuxLook } from "../../support/looks.ts";
import type { Story } from "./story.ts";
import { createStory, T } from "./story.ts";
import { AGENTS, anyStoryWithSteps, BEGIN_US, play } from "./world.ts";

let story: Story;
const window = (from: number, to: number) => ({ fromUs: story.at(from), toUs: story.at(to) });
const ask = (state: Parameters<typeof when>[2], from: number, to: number) => {
  const found = when(story.history(), "coder0", state, window(from, to));
  const seconds = (us: number | null) => (us === null ? null : Math.floor((us - T) / 1e6));
  return { ...found, spans: found.occurrences.map(({ fromUs, toUs }) => [seconds(fromUs), seconds(toUs)]) };
};
const alive = (second: number) =>
  tmuxLook(story.at(second), [paneSeen("coder0", 1, { startedAtUs: story.at(10) })]);
const beat = (second: number) => beatLook(story.at(second), "coder0", story.at(second));

/** Beats at 20, 30 and 200: stale from 75 to 200 and from 245 on. The recorder watches from 15. */
beforeEach(() => {
  story = createStory();
  story.record(15, alive(15));
  for (const second of [20, 30, 200]) story.look(second, beat(second));
});

describe("when", () => {
  test("names each stay in a status, how often, the first and the last", () => {
    const stale = ask("stale", 0, 400);
    expect(stale.spans).toEqual([
      [75, 200],
      [245, null],
    ]);
    expect(stale).toMatchObject({
      count: 2,
      first: { reason: "no beat", beganBefore: false },
      last: { toUs: null },
    });
    const [first] = stale.first?.why ?? [];
    expect(story.log.events[(first ?? 0) - 1]).toMatchObject({
      type: "heartbeat.received",
      occurredAtUs: story.at(30),
    });
  });

  test("a stay that was under way when the window began is told as such; one that ends with it goes on", () => {
    expect(ask("stale", 100, 150)).toMatchObject({
      count: 1,
      first: { fromUs: story.at(100), toUs: null, beganBefore: true },
    });
  });

  test("what never happened is only said of the part that was watched", () => {
    const never = ask("dead", 0, 100);
    expect(never).toMatchObject({ count: 0, first: null, last: null });
    expect(never.observedUs).toBe(85e6);
    expect(never.observedShare).toBeCloseTo(0.85, 9);
  });

  test("started: each life by its own start, whoever saw it first", () => {
    story.look(
      300,
      tmuxLook(story.at(300), [paneSeen("coder0", 1, { pid: 2000, start: 9, startedAtUs: story.at(290) })]),
    );
    expect(ask("started", 0, 400).spans).toEqual([
      [10, 10],
      [290, 290],
    ]);
    expect(ask("started", 11, 290).count).toBe(0);
  });

  test("drifted: while the program in the pane is not the roster's, as far as the pane was alive and watched", () => {
    story = createStory();
    story.record(15, alive(15));
    const runs = (second: number, name: string) =>
      story.look(
        second,
        processLook(story.at(second), [{ agent: "coder0", pane: "%1", panePid: 1001, name }]),
      );
    runs(20, "pi");
    // A launcher on its way to the program is read first: it is not what the drift was.
    runs(40, "pyenv-exec");
    runs(41, "dogfood-agent.py");
    runs(60, "pi");
    runs(90, "bash");
    story.stop(95);
    const drifted = ask("drifted", 0, 200);
    expect(drifted.spans).toEqual([
      [40, 60],
      [90, 95],
    ]);
    expect(drifted.occurrences.map(({ reason }) => reason)).toEqual(["dogfood-agent.py", "bash"]);
    expect(drifted.observedUs).toBe(75e6);
  });

  test("attached: from a client's coming to its going", () => {
    story = createStory();
    story.record(15, alive(15));
    const client = {
      client: "/dev/pts/3",
      session: "$1",
      name: "coder0",
      pid: 77,
      readOnly: true,
      control: false,
    };
    const panes = [paneSeen("coder0", 1, { startedAtUs: story.at(10) })];
    story.look(50, tmuxLook(story.at(50), panes, { clients: [client] }));
    story.look(80, tmuxLook(story.at(80), panes));
    expect(ask("attached", 0, 100)).toMatchObject({ spans: [[50, 80]], first: { reason: "read-only" } });
    expect(ask("attached", 60, 70)).toMatchObject({ spans: [[60, null]], first: { beganBefore: true } });
  });

  test("rebooted: at the hour of the boot; the boot in which the log began is none", () => {
    story.look(15, systemdLook(story.at(15), {}));
    story.look(300, systemdLook(story.at(300), {}, { bootId: "2222", bootedAtUs: story.at(250) }));
    story.look(310, systemdLook(story.at(310), {}, { bootId: "2222", bootedAtUs: story.at(250.5) }));
    expect(ask("rebooted", -4000, 400)).toMatchObject({
      spans: [[250, 250]],
      first: { reason: "boot 2222" },
    });
  });

  test("the stays in all statuses together are the intervals", () => {
    fc.assert(
      fc.property(anyStoryWithSteps, fc.integer({ min: 1, max: 60_000 }), (played, length) => {
        const { events, lapsedAtUs } = play(played);
        const history = historyOf({ events, lapsedAtUs });
        const asked = { fromUs: BEGIN_US + 5000, toUs: BEGIN_US + 5000 + length };
        for (const agent of AGENTS) {
          const intervals = statusIntervals(history, agent, { fromUs: asked.fromUs - 1, toUs: asked.toUs });
          for (const status of new Set(intervals.map((interval) => interval.status))) {
            if (status === null) continue;
            const { occurrences } = when(history, agent, status, asked);
            const inside = (us: number) =>
              occurrences.some(({ fromUs, toUs }) => fromUs <= us && us < (toUs ?? Infinity));
            for (let atUs = asked.fromUs; atUs < asked.toUs; atUs += 500)
              expect(inside(atUs)).toBe(intervalAt(intervals, atUs)?.status === status);
            for (const [index, { fromUs, toUs, beganBefore }] of occurrences.entries()) {
              expect(beganBefore).toBe(
                fromUs === asked.fromUs && intervalAt(intervals, fromUs - 1)?.status === status,
              );
              if (toUs !== null) expect(toUs).toBeLessThan(occurrences[index + 1]?.fromUs ?? Infinity);
            }
          }
        }
      }),
    );
  });
});

import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { historyOf } from "../../../query/history/history.ts";
import { intervalAt } from "../../../query/history/intervals.ts";
import { livesWithin } from "../../../query/history/lives.ts";
import { lastsUnseen } from "../../../query/history/stays.ts";
import { statusIntervals } from "../../../query/history/sweep.ts";
import { when } from "../../../query/history/when.ts";
import type { AgentStatus } from "../../../query/row.ts";
import { beatLook, paneSeen, processLook, systemdLook, tmuxLook } from "../../support/looks.ts";
import { AGENTS, anyStoryWithSteps } from "./stories.ts";
import type { Story } from "./story.ts";
import { createStory, T } from "./story.ts";
import { BEGIN_US, play } from "./world.ts";

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
    // The one was seen to end, the other only until watching ended.
    expect(drifted.occurrences.map(({ endUnseen }) => endUnseen)).toEqual([false, true]);
    expect(drifted.observedUs).toBe(75e6);
  });

  test("drifted: what a life that was still starting ran on its way to the roster's program is none, what held is", () => {
    story = createStory();
    const pane = (pid: number, born: number) =>
      paneSeen("coder0", 1, { pid, start: pid, startedAtUs: story.at(born) });
    const runs = (second: number, panePid: number, name: string) =>
      story.look(second, processLook(story.at(second), [{ agent: "coder0", pane: "%1", panePid, name }]));
    const lives = (second: number, pid: number) =>
      story.look(second, tmuxLook(story.at(second), [pane(pid, second)]));
    story.record(15, tmuxLook(story.at(15), [pane(1001, 15)]));
    // A shim that execs the runtime, read in between.
    runs(16, 1001, "pyenv-exec");
    runs(18, 1001, "pi");
    // Another life that is found in its shell, and never becomes the program.
    lives(100, 1002);
    runs(101, 1002, "bash");
    // The next one does, but when it was long no start any more.
    lives(200, 1003);
    runs(201, 1003, "bash");
    runs(260, 1003, "pi");
    // And one that was over before anybody could know what it was on its way to.
    lives(300, 1004);
    runs(301, 1004, "pyenv-exec");
    lives(310, 1005);
    runs(311, 1005, "pi");
    const drifted = ask("drifted", 0, 400);
    expect(drifted.spans).toEqual([
      [101, 200],
      [201, 260],
      [301, 310],
    ]);
    expect(drifted.occurrences.map(({ reason }) => reason)).toEqual(["bash", "bash", "pyenv-exec"]);
    // Each of them was seen to end: with its life, or by becoming the program.
    expect(drifted.occurrences.map(({ endUnseen }) => endUnseen)).toEqual([false, false, false]);
    // While nothing else has been read yet it is what it is, as `ps` says then.
    expect(ask("drifted", 0, 17).spans).toEqual([[16, null]]);
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
      first: { reason: "boot 2222", withinUs: 1_000_000 },
    });
  });

  test("found the same again it is the same stay, with the unwatched time told; a new life in between makes it two", () => {
    story = createStory();
    const look = (second: number, ...panes: ReturnType<typeof paneSeen>[]) =>
      story.sample(second, tmuxLook(story.at(second), panes));
    for (const second of [10, 20, 30]) look(second);
    expect(ask("absent", 0, 100)).toMatchObject({ count: 1, spans: [[10, 30]] });
    expect(ask("absent", 0, 100).first).toMatchObject({ found: 3, unseenUs: 20e6 - 2, beganBefore: false });
    const dead = { dead: true, status: 1, startedAtUs: story.at(35) };
    for (const second of [40, 50]) look(second, paneSeen("coder0", 1, dead));
    const again = { dead: true, status: 1, pid: 2000, start: 9, startedAtUs: story.at(55) };
    for (const second of [60, 70]) look(second, paneSeen("coder0", 1, again));
    expect(ask("failed", 0, 100).spans).toEqual([
      [40, 50],
      [60, 70],
    ]);
    // That its pane has gone since changes nothing about how it ended.
    for (const second of [80, 90]) look(second);
    const failed = ask("failed", 0, 100);
    expect(failed.spans).toEqual([
      [40, 50],
      [60, 90],
    ]);
    expect(failed.last).toMatchObject({ found: 3, unseenUs: 20e6 - 2 });
    expect(ask("dead", 0, 100).count).toBe(0);
    // What was last seen so before a window, and is found so in it, began before it.
    expect(ask("failed", 85, 100)).toMatchObject({
      count: 1,
      first: { fromUs: story.at(85), beganBefore: true, found: 1, unseenUs: 5e6 },
    });
    expect(ask("failed", 52, 65)).toMatchObject({ count: 1, first: { beganBefore: false } });
    // Nor does it end with a window that ends where nobody watched, if the next look found it so again.
    expect(ask("failed", 75, 85)).toMatchObject({
      first: { toUs: null, unseenUs: 10e6 - 1, endUnseen: false },
    });
    expect(ask("failed", 75, 95)).toMatchObject({ first: { found: 2, unseenUs: 15e6 - 1, endUnseen: true } });
    expect(ask("failed", 35, 55)).toMatchObject({ first: { endUnseen: true, unseenUs: 0 } });
    // Of time that nobody watched each stretch is its own.
    expect(ask("unobserved", 0, 40).count).toBe(4);
  });

  test("the stays in all statuses together are the intervals", () => {
    fc.assert(
      fc.property(anyStoryWithSteps, fc.integer({ min: 1, max: 60_000 }), (played, length) => {
        const { events, lapsedAtUs } = play(played);
        const history = historyOf({ events, lapsedAtUs });
        const asked = { fromUs: BEGIN_US + 5000, toUs: BEGIN_US + 5000 + length };
        for (const agent of AGENTS) {
          const intervals = statusIntervals(history, agent, ALWAYS);
          const startsUs = livesWithin(history, agent, ALWAYS).map(({ fromUs }) => fromUs);
          const livedAnew = (fromUs: number, toUs: number) =>
            fromUs < toUs && startsUs.some((us) => us >= fromUs && us <= toUs);
          for (const status of new Set(intervals.map((interval) => interval.status))) {
            if (status === null) continue;
            const { occurrences } = when(history, agent, status, asked);
            const passesOver = (at: AgentStatus | null | undefined) =>
              at === "unobserved" && lastsUnseen(status);
            for (let atUs = asked.fromUs; atUs < asked.toUs; atUs += 500) {
              const at = intervalAt(intervals, atUs)?.status;
              const inside = occurrences.some(
                ({ fromUs, toUs }) => fromUs <= atUs && atUs < (toUs ?? Infinity),
              );
              if (!passesOver(at)) expect(inside).toBe(at === status);
            }
            for (const [index, { fromUs, toUs, beganBefore, unseenUs }] of occurrences.entries()) {
              const endUs = toUs ?? asked.toUs;
              const within = intervals.filter((one) => one.fromUs < endUs && (one.toUs ?? Infinity) > fromUs);
              expect(within.every((one) => one.status === status || passesOver(one.status))).toBe(true);
              const unseen = within.filter((one) => passesOver(one.status));
              const lengths = unseen.map(
                (one) => Math.min(one.toUs ?? Infinity, endUs) - Math.max(one.fromUs, fromUs),
              );
              expect(unseenUs).toBe(lengths.reduce((sum, us) => sum + us, 0));
              const before = intervals.findLast((one) => one.fromUs < fromUs && !passesOver(one.status));
              const seenUs = Math.min(before?.toUs ?? Infinity, fromUs);
              const found = within.find((one) => one.status === status);
              const foundUs = Math.max(found?.fromUs ?? 0, asked.fromUs);
              const isSame = before?.status === status && !livedAnew(seenUs, foundUs);
              // Between two stays something else was seen, or the agent lived anew; what went on from before the window says so.
              expect(beganBefore).toBe(index === 0 && fromUs === asked.fromUs && isSame);
              if (index > 0) expect(isSame).toBe(false);
              if (index < occurrences.length - 1 || toUs === null) continue;
              // And after the last one: where nobody saw it end, it says so.
              const next = intervals.find((one) => one.fromUs >= toUs && !passesOver(one.status));
              const isFoundAgain = next?.status === status && !livedAnew(toUs, next.fromUs);
              if (lastsUnseen(status)) expect(isFoundAgain).toBe(false);
              expect(occurrences[index]?.endUnseen).toBe(
                status !== "unobserved" &&
                  intervalAt(intervals, toUs)?.status === "unobserved" &&
                  // What the beginning of another life ended was not left unseen.
                  !(lastsUnseen(status) && startsUs.includes(toUs)),
              );
            }
          }
        }
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 100) },
    );
  });
});

const ALWAYS = { fromUs: -Infinity, toUs: Infinity };

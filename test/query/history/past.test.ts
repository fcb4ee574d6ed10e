import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { BEFORE_THE_LOG } from "../../../query/history/before-the-log.ts";
import { historyOf } from "../../../query/history/history.ts";
import type { Past, State } from "../../../query/history/past.ts";
import { pastOf } from "../../../query/history/past-in-memory.ts";
import { statusIntervals } from "../../../query/history/sweep.ts";
import { cutIntervals } from "../../../query/history-document.ts";
import type { Snapshot } from "../../../store/events/snapshot.ts";
import { createFoldedLog } from "../../support/fold.ts";
import { beatLook, paneSeen, rosterLook, systemdLook, tmuxLook } from "../../support/looks.ts";
import { AGENTS, anyStoryWithSteps } from "./stories.ts";
import type { Story } from "./story.ts";
import { createStory, TMUX } from "./story.ts";
import { BEGIN_US, play } from "./world.ts";

let story: Story;
const pastAt = (second: number, lapsedAt: number | null = null): Past => {
  const events = story.log.events.filter(({ recordedAtUs }) => recordedAtUs <= story.at(second));
  return pastOf({
    tenantId: "t",
    host: "h",
    logSeq: events.length,
    events,
    lapsedAtUs: lapsedAt === null ? null : story.at(lapsedAt),
    nowUs: story.at(second),
  });
};
const window = (from: number, to: number) => ({ fromUs: story.at(from), toUs: story.at(to) });
const seconds = (us: number | null) => (us === null ? null : (us - story.at(0)) / 1e6);

/** The recorder watches from 15 to 100 and from 160 on; coder0 beats at 20 and 30 and is stale from 75 on. */
beforeEach(() => {
  story = createStory();
  const alive = (second: number) =>
    tmuxLook(story.at(second), [paneSeen("coder0", 1, { startedAtUs: story.at(10) })]);
  story.record(15, alive(15));
  for (const second of [20, 30]) story.look(second, beatLook(story.at(second), "coder0", story.at(second)));
  story.stop(100);
  story.record(160, alive(160));
});

describe("the past", () => {
  test("an interval is told whole, and what goes on now has no end", () => {
    const told = [...pastAt(200).intervals("coder0", window(80, 90))];
    expect(told.map(({ fromUs, toUs, status }) => [seconds(fromUs), seconds(toUs), status])).toEqual([
      [75.000001, null, "stale"],
    ]);
    const fresh = [...pastAt(40).intervals("coder0", window(35, 40))];
    expect(fresh.map(({ toUs, status }) => [toUs, status])).toEqual([[null, "healthy"]]);
  });

  test("says who was on the roster, with the declaration that was in force last", () => {
    story.look(250, rosterLook(story.at(250), { coder0: { class: "tester" }, reviewer: {} }));
    story.look(270, rosterLook(story.at(270), { reviewer: {} }));
    const roster = (from: number, to: number) =>
      pastAt(300)
        .roster(window(from, to))
        .map(({ name, declaration, stays }) => [
          name,
          declaration.class,
          ...stays.map(({ fromUs, toUs }) => [seconds(fromUs), seconds(toUs)]),
        ]);
    expect(roster(0, 260)).toEqual([
      ["coder0", "tester", [0, 260]],
      ["reviewer", "implementer", [250, 260]],
    ]);
    expect(roster(0, 245)).toEqual([["coder0", "implementer", [0, 245]]]);
    expect(roster(270, 290)).toEqual([["reviewer", "implementer", [270, 290]]]);
    expect(pastAt(300).names()).toEqual(["coder0", "reviewer"]);
  });

  test("names the time without a recorder, and why there was none", () => {
    const gaps = (past: Past, from: number, to: number) =>
      [...past.gaps(window(from, to))].map(({ fromUs, toUs, cause }) => [
        seconds(fromUs),
        seconds(toUs),
        cause,
      ]);
    expect(gaps(pastAt(200), 0, 200)).toEqual([
      [-Infinity, 15, "never-started"],
      [100, 160, "stopped"],
    ]);
    expect(gaps(pastAt(130), 90, 130)).toEqual([[100, null, "stopped"]]);
    expect(gaps(pastAt(200, 170), 165, 200)).toEqual([[170, null, "lapsed"]]);
    story.tell(180, { type: "recorder.suspended", payload: { fromUs: story.at(165), toUs: story.at(180) } });
    expect(gaps(pastAt(200), 150, 200)).toEqual([
      [100, 160, "stopped"],
      [165, 180, "suspended"],
    ]);
  });

  test("a gap of a recorder that had only stood still is told so, as soon as the log knew it", () => {
    const lease = { pid: 1, pidStart: 1, bootId: "b", version: "1" };
    story.tell(210, { type: "recorder.lapsed", payload: { pid: 1, lastAliveUs: story.at(190) } });
    story.tell(211, {
      type: "recorder.started",
      payload: { ...lease, silentSinceUs: story.at(190) },
    });
    story.tell(260, { type: "recorder.lapsed", payload: { pid: 1, lastAliveUs: story.at(250) } });
    story.tell(261, { type: "recorder.started", payload: lease });
    const gaps = (second: number) =>
      [...pastAt(second).gaps(window(170, second))].map(({ fromUs, cause }) => [seconds(fromUs), cause]);
    expect(gaps(300)).toEqual([
      [190, "starved"],
      [250, "lapsed"],
    ]);
    expect(gaps(210)).toEqual([[190, "lapsed"]]);
  });

  test("counts the messages that were sent to an agent", () => {
    const message = (second: number, agent: string) =>
      story.tell(second, { type: "message.submitted", agent, source: "operator", payload: {} });
    message(110, "coder0");
    message(120, "reviewer");
    const past = pastAt(200);
    expect(
      [...past.occurrences("coder0", "sent", window(0, 200))].map(({ fromUs }) => seconds(fromUs)),
    ).toEqual([110]);
    expect([...past.observed("coder0", "sent", window(0, 150))]).toEqual([window(0, 150)]);
  });

  test("until the roster was first read nobody knew who was wanted: the table of such a moment says of each what its history says", () => {
    const log = createFoldedLog(story.at(0));
    const look = (second: number, snapshot: Snapshot) => {
      log.nowUs = story.at(second);
      log.look(snapshot);
    };
    const panes = [paneSeen("coder0", 1), paneSeen("other", 2)];
    look(0, tmuxLook(story.at(0), panes));
    log.append({
      ...{ type: "recorder.source.started", agent: null, source: "recorder", payload: TMUX },
      ...{ occurredAtUs: story.at(0), precision: "us" },
    });
    const past = () =>
      pastOf({
        ...{ tenantId: "t", host: "h", logSeq: log.events.length, events: log.events },
        ...{ lapsedAtUs: null, nowUs: log.nowUs },
      });
    const rows = (second: number) =>
      past()
        .table(story.at(second), true)
        .agents.map(({ name, status, status_reason, class: of, unrostered }) => {
          const [then] = past().intervals(name, window(second, second + 0.001));
          expect([name, status, status_reason]).toEqual([name, then?.status, then?.reason]);
          const { verdict, row } = past().explain(name, story.at(second));
          expect([verdict.status, row.status, row.class]).toEqual([status, status, of]);
          return `${name} ${status} ${of} ${unrostered}`;
        });
    log.nowUs = story.at(1);
    // As long as nobody has read one no roster names anybody, as far as anybody can tell.
    expect(rows(0.5)).toEqual(["coder0 running unrostered true", "other running unrostered true"]);
    look(1, rosterLook(story.at(1), { coder0: {} }));
    log.nowUs = story.at(2);
    expect(rows(0.5)).toEqual(["coder0 unobserved unknown false", "other unobserved unknown false"]);
    expect(rows(1)).toEqual(["coder0 unobserved implementer false", "other running unrostered true"]);
    // However it was judged until then, of all that time one thing is said.
    const said = [...cutIntervals(past(), "other", window(-9, 2))];
    expect(said.map(({ seconds: lasted, status, reason }) => [lasted, status, reason])).toEqual([
      [10, "unobserved", BEFORE_THE_LOG],
      [1, "running", null],
    ]);
  });

  test("off the roster only time in which somebody watched the roster is observed: a line of it may have come and gone; it stays planned", () => {
    const own = createStory();
    const watchRoster = (second: number) =>
      own.tell(second, { type: "recorder.source.started", payload: { source: "roster", scope: "" } });
    own.look(10, rosterLook(own.at(10), {}));
    own.record(15, tmuxLook(own.at(15), []));
    watchRoster(16);
    own.stop(100);
    own.record(160, tmuxLook(own.at(160), []));
    watchRoster(161);
    const past = own.past(200);
    const observed = (state: State) =>
      [...past.observed("coder0", state, window(0, 200))].map((span) => [
        ...[seconds(span.fromUs), seconds(span.toUs)],
      ]);
    const watched = [
      [16, 100],
      [161, 200],
    ];
    expect([observed("healthy"), observed("absent")]).toEqual([watched, watched]);
    expect(observed("unobserved")).toEqual([[0, 200]]);
    expect(past.uptime("coder0", window(0, 200)).plannedUs).toBe(190e6);
  });

  test("nothing is observed before the log begins, nor after now", () => {
    const past = pastAt(200);
    expect([...past.observed("coder0", "unobserved", window(-500, 900))]).toEqual([window(0, 200)]);
    expect(
      [...past.observed("coder0", "dead", window(-500, 900))].map(({ toUs }) => seconds(toUs)).at(-1),
    ).toBe(200);
    expect(past.beginsUs).toBe(story.at(0));
  });

  test("a boot is told at its own hour, but for the one in which the log began", () => {
    story.look(160, systemdLook(story.at(160), {}));
    story.look(300, systemdLook(story.at(300), {}, { bootId: "2222", bootedAtUs: story.at(250) }));
    expect([...pastAt(400).boots(window(-9000, 400))].map(({ atUs }) => seconds(atUs))).toEqual([250]);
    expect([...pastAt(400).boots(window(251, 400))]).toEqual([]);
  });

  test("one verdict: table, row, interval and occurrence agree at every moment of generated histories", () => {
    fc.assert(
      fc.property(anyStoryWithSteps, fc.integer({ min: 0, max: 60_000 }), (played, offset) => {
        const { events, lapsedAtUs } = play(played);
        const nowUs = Math.max(BEGIN_US, ...events.map(({ recordedAtUs }) => recordedAtUs));
        const past = pastOf({ tenantId: "t", host: "h", logSeq: events.length, events, lapsedAtUs, nowUs });
        const atUs = Math.min(BEGIN_US + offset, nowUs - 1);
        const history = historyOf({ events, lapsedAtUs, nowUs });
        for (const agent of AGENTS) {
          const at = { fromUs: atUs, toUs: atUs + 1 };
          const [told, ...others] = past.intervals(agent, at);
          expect(others).toEqual([]);
          const shown = past.table(atUs, true).agents.find(({ name }) => name === agent);
          if (past.isStray(agent)) {
            // A session that no roster ever named is shown while it is there.
            if (shown) expect([shown.status, shown.status_reason]).toEqual([told?.status, told?.reason]);
            else expect([null, "unobserved"]).toContain(told?.status);
            continue;
          }
          // Before the roster was first read nobody was on it, and nobody is said not to have been.
          if (shown && told?.reason === BEFORE_THE_LOG)
            expect(shown).toMatchObject({
              ...{ status: "unobserved", status_reason: BEFORE_THE_LOG, unrostered: false },
            });
          const interval = told?.reason === BEFORE_THE_LOG ? { ...told, status: null } : told;
          expect(interval?.status).toBe(statusIntervals(history, agent, at)[0]?.status);
          const row = past
            .table(atUs, false)
            .agents.find(({ name, class: of }) => name === agent && of !== "unrostered" && of !== "unknown");
          expect(row?.status ?? null).toBe(interval?.status ?? null);
          if (!row) continue;
          expect(past.explain(agent, atUs).row).toEqual(row);
          const gaps = past.bootGaps(agent, { fromUs: atUs - 1000, toUs: atUs + 1 });
          const gap = gaps.find(({ fromUs, toUs }) => fromUs <= atUs && atUs < (toUs ?? Infinity));
          expect(gap?.reasons ?? []).toEqual(row.boot.state === "yes" ? row.boot.reasons : []);
          expect([...past.occurrences(agent, row.status, at)]).toHaveLength(1);
        }
      }),
    );
  });
});

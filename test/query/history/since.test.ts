import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { factsAt } from "../../../query/history/evidence-at.ts";
import { statusIntervals } from "../../../query/history/sweep.ts";
import { exactUsOf } from "../../../query/instant.ts";
import { judge } from "../../../query/verdict.ts";
import { beatLook, paneSeen, rosterLook, systemdLook, tmuxLook } from "../../support/looks.ts";
import { rowOf, tableOf } from "../../support/table.ts";
import type { Story } from "./story.ts";
import { createStory, hookLine, journalLine, S, T } from "./story.ts";

/**
 * Since when something is so: the present and each past moment say what history tells of its beginning. coder0 runs since 10; the recorder
 * watches from 15 to 60, and again from 300 on.
 */
let story: Story;
const UNIT = "mosaic-agent@coder0.service";
const alive = (second: number) =>
  tmuxLook(story.at(second), [paneSeen("coder0", 1, { startedAtUs: T + 10 * S })]);
const nobody = (second: number) => tmuxLook(story.at(second), []);
const closedAt = (second: number) => hookLine(story.at(second), "session-closed", { session: "$1" });
const stop = (second: number) =>
  story.tell(second, {
    ...{ type: "operator.stop.requested", agent: "coder0", source: "operator" },
    payload: { verb: "agent stop", user: "alice", pid: 1, unit: UNIT },
  });

beforeEach(() => {
  story = createStory();
  story.record(15, alive(15));
  story.stop(60);
});

/** In seconds: by the present, by the past as of then, and by the interval that it is in. */
function sinces(second: number): (string | number | null)[] {
  const row = rowOf(tableOf(story.log, story.at(second)), "coder0");
  const history = story.history();
  const verdict = judge(factsAt(history, "coder0", story.at(second)).evidence);
  const stay = statusIntervals(history, "coder0", { fromUs: T, toUs: story.at(second) }).findLast(
    ({ status }, at, all) => status === row.status && all[at - 1]?.status !== status,
  );
  const seconds = (us: number | null) => us && (us - T) / S;
  expect([verdict.status, verdict.reason]).toEqual([row.status, row.status_reason]);
  const present = row.since === null ? null : exactUsOf(row.since);
  return [row.status, seconds(present), seconds(verdict.sinceUs), seconds(stay?.fromUs ?? null)];
}

test("one that a hook saw go in a gap is down since then, and not since a look found that, whenever the line is read", () => {
  story.tell(299, closedAt(100));
  story.record(300, nobody(300));
  expect(sinces(400)).toEqual(["dead", 100, 100, 100]);
});

test("nor where the line is read after the look", () => {
  story.record(300, nobody(300));
  expect(sinces(399)).toEqual(["dead", 300, 300, 300]);
  story.tell(400, closedAt(100));
  expect(sinces(401)).toEqual(["dead", 100, 100, 100]);
});

test("one that was stopped in a gap is stopped since its session closed", () => {
  stop(99.4);
  story.tell(299, closedAt(100));
  story.record(300, nobody(300));
  expect(sinces(400)).toEqual(["stopped", 100, 100, 100]);
});

test("one whose process a hook saw end first is stopped since that", () => {
  stop(99.4);
  story.tell(298, hookLine(story.at(100), "pane-died", { session: "$1", pane: "%1", status: 0 }));
  story.tell(299, closedAt(103));
  story.record(300, nobody(300));
  expect(sinces(400)).toEqual(["stopped", 100, 100, 100]);
});

test("a hook's second that began while somebody watched counts from where the watching ended", () => {
  story.tell(299, closedAt(59.5));
  story.record(300, nobody(300));
  expect(sinces(400)).toEqual(["dead", 60, 60, 60]);
});

test("what a look saw go is down since that look, whatever hooks wrote a moment before", () => {
  story.record(300, alive(300));
  story.tell(350.2, closedAt(350));
  story.look(350.4, nobody(350.4));
  expect(sinces(400)).toEqual(["dead", 350.4, 350.4, 350.4]);
});

test("a line about another session, or another life of it, dates nothing", () => {
  story.tell(298, hookLine(story.at(100), "session-closed", { session: "$7" }));
  story.tell(299, hookLine(story.at(9), "session-closed", { session: "$1" }));
  story.record(300, nobody(300));
  expect(sinces(400)).toEqual(["dead", 300, 300, 300]);
});

test("what went with the machine in a gap is down since the boot", () => {
  const rebooted = systemdLook(
    story.at(300),
    { [UNIT]: { active: "inactive", invocationId: null } },
    { bootId: "2222", bootedAtUs: story.at(200) },
  );
  story.record(300, tmuxLook(story.at(300), [], { server: null, goneReason: "no-socket" }), rebooted);
  expect(sinces(400)).toEqual(["dead", 200, 200, 200]);
});

test("one that is stopped once more was stopped before: the stop job that the first stop made says since when", () => {
  story.record(300, alive(300));
  stop(310);
  story.tell(310.2, journalLine(story.at(310.1), "stopping", "stop"));
  story.look(311, nobody(311));
  stop(350);
  expect(sinces(400)).toEqual(["stopped", 311, 311, 311]);
});

test("one whose process ended, and whose pane went later, is stopped since its process ended", () => {
  story.record(300, alive(300));
  stop(310);
  const dead = paneSeen("coder0", 1, {
    startedAtUs: T + 10 * S,
    dead: true,
    status: 0,
    diedAtUs: story.at(311),
  });
  story.look(312, tmuxLook(story.at(312), [dead]));
  story.look(320, nobody(320));
  expect(sinces(400)).toEqual(["stopped", 311, 311, 311]);
});

/** It was seen to go at 40, and beats once more at 100, while nobody watches. */
const beatenAlone = () => {
  story = createStory();
  story.record(15, alive(15));
  story.look(40, nobody(40));
  story.stop(60);
  const beat = beatLook(story.at(300), "coder0", story.at(100));
  return [nobody(300), beat] as const;
};

test("one that was seen to go, and beat again while nobody watched, is down since the look that found nothing of that life", () => {
  const looks = beatenAlone();
  story.record(300, ...looks);
  expect(sinces(400)).toEqual(["dead", 300, 300, 300]);
  // Also when the recorder has been started anew since.
  story.stop(410);
  story.record(420, nobody(420));
  expect(sinces(430)).toEqual(["dead", 300, 300, 420]);
});

test("and so is one whose unit had failed before that beat", () => {
  const looks = beatenAlone();
  const failed = systemdLook(story.at(300), {
    [UNIT]: { active: "failed", result: "exit-code", sinceUs: story.at(42) },
  });
  story.record(300, ...looks, failed);
  expect(sinces(400)).toEqual(["failed", 300, 300, 300]);
});

test("where only the look of now has found that, it is down since the beat vouches for it no longer", () => {
  const looks = beatenAlone();
  story.sample(300, ...looks);
  expect(sinces(300).slice(0, 3)).toEqual(["dead", 145, 145]);
  story.look(301, beatLook(story.at(301), "coder0", story.at(290)));
  story.sample(302, nobody(302));
  // And never since later than now.
  expect(sinces(302).slice(0, 3)).toEqual(["dead", 302, 302]);
});

test("also after a look in between that found it gone, and whose end is dated by the boot before", () => {
  const rebooted = { bootId: "2222", bootedAtUs: story.at(200) };
  const gone = { server: null, goneReason: "no-socket" } as const;
  story.sample(300, tmuxLook(story.at(300), [], gone), systemdLook(story.at(300), {}, rebooted));
  story.record(400, tmuxLook(story.at(400), [], gone), beatLook(story.at(400), "coder0", story.at(310)));
  expect(sinces(500)).toEqual(["dead", 400, 400, 400]);
});

test("what beats on while its pane is seen to be gone is no other life", () => {
  story.record(70, alive(70), beatLook(story.at(70), "coder0", story.at(70)));
  story.look(80, nobody(80));
  for (const second of [85, 100, 115])
    story.look(second, beatLook(story.at(second), "coder0", story.at(second)));
  expect(sinces(120)).toEqual(["dead", 80, 80, 80]);
  story.stop(200);
  story.record(300, nobody(300));
  expect(sinces(400)).toEqual(["dead", 80, 80, 300]);
});

/** Another interval on the roster: what it makes of an agent begins with it, since until then the one before was in force. */
const interval = (second: number, intervalSeconds: number) =>
  story.look(second, rosterLook(story.at(second), { coder0: { intervalSeconds } }));
const watched = (intervalSeconds: number, ...beats: readonly number[]) => {
  story = createStory();
  interval(1, intervalSeconds);
  story.record(15, alive(15));
  for (const second of beats) story.look(second, beatLook(story.at(second), "coder0", story.at(second)));
};

test("one that a longer interval makes healthy is so since then", () => {
  watched(10, 20, 40, 60);
  expect(sinces(95)).toEqual(["stale", 90, 90, 90.000001]);
  interval(100, 60);
  expect(sinces(150)).toEqual(["healthy", 100, 100, 100]);
  // Whatever it beats, and whatever the interval is afterwards.
  story.look(160, beatLook(story.at(160), "coder0", story.at(160)));
  expect(sinces(170)).toEqual(["healthy", 100, 100, 100]);
  interval(180, 70);
  expect(sinces(190)).toEqual(["healthy", 100, 100, 100]);
});

test("one that a shorter interval makes stale is so since then", () => {
  watched(60, 20, 40, 60);
  interval(120, 10);
  expect(sinces(130)).toEqual(["stale", 120, 120, 120]);
  interval(140, 5);
  expect(sinces(150)).toEqual(["stale", 120, 120, 120]);
});

test("one that the roster makes silent, or starting again, is so since then", () => {
  watched(60);
  // The log begins to watch at 15.
  expect(sinces(100)).toEqual(["starting", 10, 10, 15]);
  interval(120, 10);
  expect(sinces(130)).toEqual(["silent", 120, 120, 120]);
  interval(140, 60);
  expect(sinces(150)).toEqual(["starting", 140, 140, 140]);
});

test("a shorter interval that is declared in the instant of a beat silenced nobody before it", () => {
  watched(34, 247);
  interval(349, 1);
  story.look(349, beatLook(story.at(349), "coder0", story.at(349)));
  expect(sinces(350)).toEqual(["healthy", 247, 247, 247]);
});

test("whatever the roster declares between whatever beats, present and past say since when as history does", () => {
  const second = fc.integer({ min: 16, max: 400 });
  const told = fc.record({ second, seconds: fc.integer({ min: 1, max: 40 }), declares: fc.boolean() });
  fc.assert(
    fc.property(fc.array(told, { minLength: 1, maxLength: 9 }), second, (all, asked) => {
      watched(15);
      const inOrder = [...all].sort((a, b) => a.second - b.second).filter((one) => one.second < asked);
      for (const one of inOrder) {
        if (one.declares) interval(one.second, one.seconds);
        else story.look(one.second, beatLook(story.at(one.second), "coder0", story.at(one.second)));
      }
      const [, present, past, history] = sinces(asked).map((value) =>
        Math.max(15, Math.floor(Number(value))),
      );
      expect([present, past]).toEqual([history, history]);
    }),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 300) },
  );
});

describe("what was shown as something else meanwhile is so since that is over", () => {
  test("where its session had another name", () => {
    story.record(300, alive(300), beatLook(story.at(300), "coder0", story.at(299)));
    story.look(305, tmuxLook(story.at(305), [paneSeen("elsewhere", 1, { startedAtUs: T + 10 * S })]));
    expect(sinces(306)[0]).toBe("dead");
    story.look(306, beatLook(story.at(306), "coder0", story.at(306)));
    story.look(310, alive(310));
    story.look(310, beatLook(story.at(310), "coder0", story.at(310)));
    expect(sinces(311)).toEqual(["healthy", 310, 310, 310]);
    story.stop(312);
    // Nobody watches its pane, and its beat still reaches.
    const { evidence } = factsAt(story.history(), "coder0", story.at(315));
    expect(judge(evidence)).toMatchObject({ status: "healthy", sinceUs: story.at(310) });
  });

  test("where it was expected to beat, and is no longer", () => {
    story.record(300, alive(300));
    expect(sinces(301)[0]).toBe("silent");
    story.look(305, rosterLook(story.at(305), { coder0: { heartbeat: "not-expected" } }));
    expect(sinces(306)).toEqual(["running", 305, 305, 305]);
    story.look(310, rosterLook(story.at(310), { coder0: { heartbeat: "expected" } }));
    expect(sinces(311)).toEqual(["silent", 310, 310, 310]);
  });

  test("where the roster did not name it for a while", () => {
    story.record(300, alive(300), beatLook(story.at(300), "coder0", story.at(299)));
    story.look(305, rosterLook(story.at(305), {}));
    story.look(306, beatLook(story.at(306), "coder0", story.at(306)));
    story.look(310, rosterLook(story.at(310), { coder0: {} }));
    expect(sinces(311)).toEqual(["healthy", 310, 310, 310]);
  });

  test("where a shutdown's stop jobs had taken it down, until the machine had booted", () => {
    story.look(40, systemdLook(story.at(40), {}));
    story.tell(299, journalLine(story.at(99.9), "stopping", "stop", "11111111222233334444555555555555"));
    story.tell(299, closedAt(100));
    const booted = systemdLook(story.at(300), {}, { bootId: "boot-two", bootedAtUs: story.at(200) });
    story.record(300, booted, tmuxLook(story.at(300), [], { server: null, goneReason: "no-socket" }));
    const told = statusIntervals(story.history(), "coder0", { fromUs: story.at(90), toUs: story.at(301) });
    expect(told.map(({ fromUs, status }) => [(fromUs - T) / S, status])).toContainEqual([100, "stopped"]);
    expect(sinces(301)).toEqual(["dead", 200, 200, 200]);
  });
});

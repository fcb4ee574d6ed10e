import { beforeEach, describe, expect, test } from "vitest";
import { statusIntervals } from "../../../query/history/sweep.ts";
import { incidentsDocument } from "../../../query/incidents.ts";
import { exactUsOf } from "../../../query/instant.ts";
import { whenDocument } from "../../../query/when.ts";
import { whyDocument } from "../../../query/why.ts";
import { beatLook, operatorVerb, paneSeen, systemdLook, tmuxLook } from "../../support/looks.ts";
import { rowOf, tableOf } from "../../support/table.ts";
import { whole } from "../../support/whole.ts";
import type { Story } from "./story.ts";
import { createStory, hookLine, journalLine, S, T } from "./story.ts";

/**
 * Crashes and restarts that follow one another while nobody watches: the recorder watches from 15 to 60 and from 300 on. Of each life something
 * was written down: tmux's hooks, its beats, what somebody wanted.
 */
let story: Story;
const alive = (second: number) =>
  tmuxLook(story.at(second), [paneSeen("coder0", 1, { startedAtUs: T + 10 * S })]);
/** As tmux shows a pane whose process is gone from /proc: when it started nobody can say. */
const dead = (second: number, over: Parameters<typeof paneSeen>[2]) =>
  tmuxLook(story.at(second), [
    paneSeen("coder0", 3, { dead: true, start: null, startedAtUs: null, incarnation: null, ...over }),
  ]);
const made = (second: number, session: string) =>
  story.tell(299, hookLine(story.at(second), "session-created", { session }));
const closed = (second: number, session: string) =>
  story.tell(299, hookLine(story.at(second), "session-closed", { session }));
const died = (second: number, session: string, pane: string, status: number) =>
  story.tell(299, hookLine(story.at(second), "pane-died", { session, pane, status }));
const wanted = (second: number, what: string, jobType: string) =>
  story.tell(299, journalLine(story.at(second), what, jobType));
const told = (fromSecond: number, toSecond: number) =>
  statusIntervals(story.history(), "coder0", { fromUs: story.at(fromSecond), toUs: story.at(toSecond) }).map(
    ({ fromUs, status, reason }) => [(fromUs - T) / S, reason === null ? status : `${status}: ${reason}`],
  );

/** The certificates of all that failed. */
const deaths = () => incidents().flatMap((incident) => incident.deaths);
const incidents = () => {
  const past = story.past(400);
  const window = { fromUs: story.at(50), toUs: story.at(400) };
  const events = { event: () => null, between: () => [] };
  const asked = { entries: past.roster(window), window, atUs: story.at(400), events };
  return whole(incidentsDocument(past, asked)).incidents;
};

beforeEach(() => {
  story = createStory();
  story.record(15, alive(15));
  story.look(50, beatLook(story.at(50), "coder0", story.at(50)));
  story.stop(60);
});

test("a life that came and went between two others ended as its own hook says, and not as the one before it had", () => {
  died(100, "$1", "%1", 11);
  wanted(110.4, "stopping", "restart");
  closed(110, "$1");
  made(110, "$2");
  died(120, "$2", "%2", 12);
  wanted(130.6, "stopping", "restart");
  closed(130, "$2");
  made(130, "$3");
  story.record(300, dead(300, { status: 13, diedAtUs: story.at(140) }));
  expect(told(99, 299)).toEqual([
    [99, "unobserved: no evidence"],
    [100, "failed: exit 11"],
    [111, "unobserved: no evidence"],
    [120, "failed: exit 12"],
    [131, "unobserved: no evidence"],
    [140, "failed: exit 13"],
  ]);
  const { occurrences } = whole(
    whenDocument(story.past(400), {
      ...{ name: "coder0", state: "failed", atUs: story.at(400) },
      window: { fromUs: story.at(99), toUs: story.at(400) },
    }),
  );
  expect(occurrences.map(({ reason }) => reason)).toEqual(["exit 11", "exit 12", "exit 13"]);
});

describe("of a life that only hooks told of, whose process had died and whose session nobody had closed", () => {
  const paneAt = (second: number) => rowOf(story.past(400).table(story.at(second), false), "coder0").pane;
  const ended = (state: string) => ({ state, exit_status: 12, signal: null, source: "tmux-hook" });
  beforeEach(() => {
    closed(100, "$1");
    made(110, "$2");
    died(120, "$2", "%2", 12);
  });

  test("the pane was dead until its session closed, and is missing from then on", () => {
    wanted(99.9, "stopping", "stop");
    closed(130, "$2");
    story.record(300, tmuxLook(story.at(300), []));
    expect(paneAt(119)).toMatchObject({ state: "unknown" });
    expect(paneAt(120)).toMatchObject(ended("dead"));
    expect(paneAt(129)).toMatchObject(ended("dead"));
    expect(paneAt(130)).toMatchObject(ended("missing"));
    expect(paneAt(350)).toMatchObject(ended("missing"));
    // It is one failure all the same.
    expect(told(119, 400)).toEqual([
      [119, "unobserved: no evidence"],
      [120, "failed: exit 12"],
    ]);
    const at = new Date(story.at(120) / 1000).toISOString();
    expect(deaths()).toMatchObject([{ at, pane: { ...ended("dead"), at } }]);
  });

  test("until the look that found nothing of it, and not again when nobody looks later", () => {
    story.record(300, tmuxLook(story.at(300), []));
    story.stop(310);
    story.record(350, tmuxLook(story.at(350), []));
    expect(paneAt(299)).toMatchObject(ended("dead"));
    expect(paneAt(300)).toMatchObject(ended("missing"));
    expect(paneAt(320)).toMatchObject({ state: "unknown" });
    expect(paneAt(399)).toMatchObject(ended("missing"));
    expect(rowOf(tableOf(story.log, story.at(400)), "coder0").pane).toMatchObject(ended("missing"));
  });

  test("as long as nobody has looked again nothing is claimed", () => {
    expect(paneAt(125)).toMatchObject({ state: "unknown" });
  });

  test("until the machine booted", () => {
    const booted = systemdLook(story.at(300), {}, { bootId: "boot-two", bootedAtUs: story.at(200) });
    story.record(300, booted, tmuxLook(story.at(300), [], { server: null, goneReason: "no-socket" }));
    expect(paneAt(199)).toMatchObject(ended("dead"));
    expect(paneAt(200)).toMatchObject(ended("missing"));
    expect(told(120, 400)).toEqual([[120, "failed: exit 12"]]);
  });

  test("until another server came on its socket, as the first process in it says", () => {
    const other = [paneSeen("reviewer", 1, { pid: 77, startedAtUs: story.at(210) })];
    story.record(300, tmuxLook(story.at(300), other, { server: { pid: 4243, start: 99, version: "3.3a" } }));
    expect(paneAt(209)).toMatchObject(ended("dead"));
    expect(paneAt(210)).toMatchObject(ended("missing"));
    expect(told(120, 400)).toEqual([[120, "failed: exit 12"]]);
  });

  test("also where no look ever saw its server", () => {
    story.tell(299, hookLine(story.at(140), "session-created", { session: "$0", server: 4243 }));
    story.tell(299, hookLine(story.at(150), "pane-died", { session: "$0", server: 4243, status: 13 }));
    const booted = systemdLook(story.at(300), {}, { bootId: "boot-two", bootedAtUs: story.at(200) });
    story.record(300, booted, tmuxLook(story.at(300), [], { server: null, goneReason: "no-socket" }));
    expect(paneAt(139)).toMatchObject(ended("dead"));
    expect(paneAt(150)).toMatchObject({ ...ended("dead"), exit_status: 13 });
    expect(paneAt(199)).toMatchObject({ ...ended("dead"), exit_status: 13 });
    expect(paneAt(200)).toMatchObject({ ...ended("missing"), exit_status: 13 });
  });
});

test("two stops with a life between them are two, though nobody saw that life", () => {
  wanted(99.9, "stopping", "stop");
  closed(100, "$1");
  made(105, "$2");
  wanted(119.9, "stopping", "stop");
  closed(120, "$2");
  story.record(300, tmuxLook(story.at(300), []));
  const { occurrences } = whole(
    whenDocument(story.past(400), {
      ...{ name: "coder0", state: "stopped", atUs: story.at(400) },
      window: { fromUs: story.at(99), toUs: story.at(400) },
    }),
  );
  expect(occurrences.map(({ from, to }) => [from, to])).toEqual([
    [new Date(story.at(100) / 1000).toISOString(), new Date(story.at(106) / 1000).toISOString()],
    [new Date(story.at(120) / 1000).toISOString(), null],
  ]);
});

test("what crashes right after a start was not stopped by the stop before that start", () => {
  story.tell(100, operatorVerb("stop", "coder0", story.at(100)));
  story.tell(103, operatorVerb("start", "coder0", story.at(103)));
  closed(101, "$1");
  // What beat was the process that the start brought.
  story.record(
    106,
    dead(106, { status: 9, diedAtUs: story.at(105) }),
    beatLook(story.at(106), "coder0", story.at(104), { pid: 4242, alive: false }),
  );
  expect(told(100, 108)).toEqual([
    [100, "unobserved: no evidence"],
    [101, "stopped: stopped by operator"],
    [103, "unobserved: no evidence"],
    [105, "failed: exit 9"],
  ]);
  expect(rowOf(tableOf(story.log, story.at(107)), "coder0")).toMatchObject({
    ...{ status: "failed", status_reason: "exit 9" },
    since: new Date(story.at(105) / 1000).toISOString(),
  });
});

test("nor where it never beat, and a hook told that its session was made", () => {
  story.tell(100, operatorVerb("restart", "coder0", story.at(100.5)));
  closed(100, "$1");
  made(100, "$3");
  story.record(106, dead(106, { session: "$3", status: 9, diedAtUs: story.at(102) }));
  expect(rowOf(tableOf(story.log, story.at(107)), "coder0")).toMatchObject({ status: "failed" });
  expect(story.statuses(103, 107)).toEqual(["failed: exit 9", "failed: exit 9"]);
});

test("a restart whose new life has not come stays wanted, whatever the old process beat after the wish", () => {
  story.record(90, alive(90), beatLook(story.at(90), "coder0", story.at(90)));
  story.tell(100, operatorVerb("restart", "coder0", story.at(100)));
  story.look(101, beatLook(story.at(101), "coder0", story.at(101)));
  story.look(102, tmuxLook(story.at(102), []));
  expect(story.statuses(102, 109)).toEqual(["stopped: stopped by operator", "stopped: stopped by operator"]);
  expect(story.statuses(110)).toEqual(["dead: pane missing"]);
});

test("a death that a look found, and of which tmux kept no time, is not told as of that moment, but from a hook's line on", () => {
  const failed = () =>
    whenDocument(story.past(400), {
      ...{ name: "coder0", state: "failed", atUs: story.at(400) },
      window: { fromUs: story.at(50), toUs: story.at(400) },
    }).occurrences;
  const lost = { dead: true, status: 3, start: null, startedAtUs: null } as const;
  story.record(300, tmuxLook(story.at(300), [paneSeen("coder0", 1, lost)]));
  expect(failed()).toMatchObject([
    { from: new Date(story.at(300) / 1000).toISOString(), witnessed: false, reason: "exit 3" },
  ]);
  expect(deaths()).toMatchObject([{ witnessed: false, pane: { id: "%1", exit_status: 3, at: null } }]);
  story.tell(301, hookLine(story.at(100), "pane-died", { session: "$1", pane: "%1", status: 3 }));
  expect(failed()).toMatchObject([{ from: new Date(story.at(100) / 1000).toISOString(), witnessed: true }]);
  expect(rowOf(tableOf(story.log, story.at(302)), "coder0").since).toBe(
    new Date(story.at(100) / 1000).toISOString(),
  );
});

test("a hook that tmux ran only when it was told of an end that it had lost dates no end", () => {
  const lost = { dead: true, signal: 9, start: null, startedAtUs: null } as const;
  story.record(300.2, tmuxLook(story.at(300.2), [paneSeen("coder0", 1, lost)]));
  // Seen in the sandbox: killed ten seconds before the recorder came, found as a zombie, and told as killed in the second in which it came.
  const line = hookLine(story.at(300), "pane-died", { session: "$1", pane: "%1" });
  story.tell(300.7, { ...line, payload: { ...line.payload, signal: 9, nudged: true } });
  expect(deaths()).toMatchObject([
    {
      witnessed: false,
      not_before: new Date(story.at(60) / 1000).toISOString(),
      pane: { id: "%1", at: null },
    },
  ]);
});

test("how a life ended is not told of the one after it, of which nobody but its beats told", () => {
  story.tell(99, operatorVerb("stop", "coder0", story.at(99)));
  closed(100, "$1");
  story.tell(294, operatorVerb("start", "coder0", story.at(294)));
  // It has come, and is gone before anybody looks.
  const beat = beatLook(story.at(300), "coder0", story.at(296), { pid: 4242, alive: false });
  story.record(300, tmuxLook(story.at(300), []), beat);
  expect(deaths()).toMatchObject([
    { at: new Date(story.at(300) / 1000).toISOString(), last_beat: { pid: 4242 }, pane: null },
  ]);
});

describe("an end in a gap says that nothing is there up to the next look", () => {
  const nobody = (second: number) => tmuxLook(story.at(second), []);
  const beatOf = (pid: number, ts: number) =>
    beatLook(story.at(300), "coder0", story.at(ts), { pid, alive: false });
  const booted = () => systemdLook(story.at(300), {}, { bootId: "boot-two", bootedAtUs: story.at(100) });
  const noServer = () => tmuxLook(story.at(300), [], { server: null, goneReason: "no-socket" });

  test("but only of its own second where a process has beaten since that had not beaten before", () => {
    closed(100, "$1");
    // Seen in the sandbox: it was started by hand after the reboot, beat, and was killed before a recorder was there.
    story.record(300, nobody(300), beatOf(4242, 150));
    expect(told(99, 400)).toEqual([
      [99, "unobserved: no evidence"],
      [100, "dead: pane missing"],
      [101, "unobserved: no evidence"],
      [150, "healthy"],
      [150.000001, "unobserved: no evidence"],
      [300, "dead: pane missing"],
    ]);
    expect(deaths()).toHaveLength(2);
  });

  test("nor does the boot of the machine say more then", () => {
    story.look(40, systemdLook(story.at(40), {}));
    story.record(300, noServer(), booted(), beatOf(4242, 150));
    expect(told(100, 301).map(([, status]) => status)).toEqual([
      "dead: tmux server gone",
      "unobserved: no evidence",
      "healthy",
      "unobserved: no evidence",
      "dead: tmux server gone",
    ]);
    // The life that beat had begun after that boot: it was not ended by it.
    expect(incidents().map(({ cause }) => cause?.kind)).toEqual(["reboot", "unwatched"]);
  });

  test("up to a start that somebody wanted, where no look finds what came of it", () => {
    closed(100, "$1");
    wanted(130, "starting", "start");
    story.record(300, nobody(300));
    expect(told(100, 400)).toEqual([
      [100, "dead: pane missing"],
      [130, "unobserved: no evidence"],
      [300, "dead: pane missing"],
    ]);
  });

  describe("and where one is found alive, up to its process's start", () => {
    const foundAlive = () =>
      story.record(300, tmuxLook(story.at(300), [paneSeen("coder0", 3, { startedAtUs: story.at(200) })]));
    beforeEach(() => closed(100, "$1"));
    const starts = (second: number) => {
      wanted(second, "starting", "start");
      wanted(second + 0.5, "started", "start");
    };

    test("over the start that brought it", () => {
      starts(199);
      foundAlive();
      expect(told(100, 300).slice(0, 2)).toEqual([
        [100, "dead: pane missing"],
        [200, "starting"],
      ]);
    });

    // Seen in the sandbox: a unit that never beats was started, ended and was started again, on a server without hooks.
    test("but not over one that another start follows", () => {
      starts(130);
      starts(199);
      foundAlive();
      expect(told(100, 300).slice(0, 3)).toEqual([
        [100, "dead: pane missing"],
        [130, "unobserved: no evidence"],
        [200, "starting"],
      ]);
    });

    test("nor over one whose life was stopped", () => {
      story.tell(299, operatorVerb("start", "coder0", story.at(130)));
      wanted(140, "stopping", "stop");
      foundAlive();
      expect(told(100, 300).slice(0, 3)).toEqual([
        [100, "dead: pane missing"],
        [130, "unobserved: no evidence"],
        [200, "starting"],
      ]);
    });
  });

  test("and whatever what had beaten before beats after it, nobody else is there", () => {
    closed(100, "$1");
    story.record(300, nobody(300), beatOf(4000, 150));
    expect(told(100, 400)).toEqual([[100, "dead: pane missing"]]);
  });

  test("and so does a death whose pane is found dead by that look, whoever else beats", () => {
    died(100, "$1", "%1", 3);
    const found = { dead: true, status: 3, start: null, startedAtUs: null } as const;
    story.record(300, tmuxLook(story.at(300), [paneSeen("coder0", 1, found)]), beatOf(4242, 150));
    expect(told(100, 400)).toEqual([[100, "failed: exit 3"]]);
  });

  test("and nobody knows from a start on where a life that was found dead had come of it, though its last beat came after tmux's whole second", () => {
    closed(100, "$1");
    wanted(110, "stopping", "restart");
    wanted(110.05, "starting", "start");
    // Seen in the sandbox: it beat at 49.12 and was killed at 49.14, which tmux tells as 49.
    story.record(300, dead(300, { signal: 9, diedAtUs: story.at(150) }), beatOf(4242, 150.1));
    expect(told(100, 151)).toEqual([
      [100, "dead: pane missing"],
      [110, "unobserved: no evidence"],
      [150, "failed: signal 9"],
    ]);
  });

  test("a stop is of before a life that came after it without a word: what is gone then was not stopped, and not since that stop", () => {
    wanted(59, "stopped", "stop");
    closed(59, "$1");
    story.record(61, nobody(61));
    story.stop(70);
    story.record(300, nobody(300), beatOf(4242, 150));
    expect(told(65, 400)).toEqual([
      [65, "stopped: stop job"],
      [70, "unobserved: no evidence"],
      [150, "healthy"],
      [150.000001, "unobserved: no evidence"],
      [300, "dead: pane missing"],
    ]);
    const row = rowOf(tableOf(story.log, story.at(310)), "coder0");
    expect([row.status, row.since]).toEqual(["dead", new Date(story.at(300) / 1000).toISOString()]);
  });

  test("a beat reaches over no boot", () => {
    closed(60, "$1");
    story.look(40, systemdLook(story.at(40), {}));
    // Its process is not known to be gone when the file is read: a pid may have been given out again.
    const beat = beatLook(story.at(300), "coder0", story.at(90), { pid: 4242, alive: null });
    story.record(300, noServer(), booted(), beat);
    expect(told(89, 301)).toEqual([
      [89, "unobserved: no evidence"],
      [90, "healthy"],
      [100, "unobserved: no evidence"],
      [300, "dead: tmux server gone"],
    ]);
  });
});

describe("when a life began of which no process tells its start", () => {
  const started = () =>
    whole(
      whenDocument(story.past(400), {
        ...{ name: "coder0", state: "started", atUs: story.at(400) },
        window: { fromUs: story.at(99), toUs: story.at(400) },
      }),
    ).occurrences.map(({ from, reason, why }) => {
      const told = story.log.events[(why[0] ?? 0) - 1];
      const hook = told?.type === "tmux.hook.fired" ? ` ${(told.payload as { hook: string }).hook}` : "";
      return [Math.floor((exactUsOf(from) - T) / S), reason, `${told?.type}${hook}`];
    });

  test("is what its session's hook says, once, and not when it was found to have died", () => {
    closed(110, "$1");
    made(110, "$3");
    died(140, "$3", "%3", 0);
    story.record(300, dead(300, { status: 0, diedAtUs: story.at(140) }));
    expect(started()).toEqual([[110, "told by a hook", "tmux.hook.fired session-created"]]);
  });

  test("is the same of a process that lives; of another one that came into its pane later it is not", () => {
    const there = () => tmuxLook(story.at(300), [paneSeen("coder0", 3, { start: null })]);
    closed(110, "$1");
    made(110, "$3");
    story.record(300, there());
    expect(started()).toEqual([[110, "told by a hook", "tmux.hook.fired session-created"]]);
    story.stop(310);
    died(140, "$3", "%3", 0);
    expect(started()).toEqual([
      [110, "told by a hook", "tmux.hook.fired session-created"],
      [300, "first seen then", "tmux.pane.created"],
    ]);
  });

  test("is told by the line that it was made by also where its end is told in the same second, as `why` has it", () => {
    closed(100, "$1");
    made(110, "$2");
    closed(110, "$2");
    story.record(300, tmuxLook(story.at(300), []));
    expect(started()).toEqual([[110, "told by a hook", "tmux.hook.fired session-created"]]);
    const past = story.past(400);
    const explained = past.explain("coder0", story.at(120));
    const born = story.log.events[(explained.facts.pane.own?.bornSeq ?? 0) - 1];
    const lookup = { event: (seq: number) => story.log.events[seq - 1] ?? null, recent: () => [] };
    const asked = { tenantId: "t", host: "h", nowUs: story.at(120), logSeq: 1, name: "coder0", lookup };
    const pane = whyDocument(explained, asked).cells.find(({ plane }) => plane === "pane");
    expect(pane?.evidence.map(({ summary }) => summary)).toEqual([
      "tmux said session-closed",
      "tmux said session-created",
    ]);
    expect(born?.payload).toMatchObject({ hook: "session-created" });
  });

  test("is not known where no hook told of it: by its death it had begun", () => {
    story.record(300, dead(300, { status: 0, diedAtUs: story.at(140) }));
    expect(started()).toEqual([[140, "by then: it was found dead", "tmux.pane.created"]]);
  });
});

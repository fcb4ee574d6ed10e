import { beforeEach, describe, expect, test } from "vitest";
import { factsAt } from "../../../query/history/evidence-at.ts";
import { statusIntervals } from "../../../query/history/sweep.ts";
import { occurrencesWithin } from "../../../query/history/when.ts";
import { summaryOf } from "../../../query/summary.ts";
import { beatLook, operatorVerb, paneSeen, systemdLook, tmuxLook } from "../../support/looks.ts";
import { rowOf, tableOf } from "../../support/table.ts";
import type { Story } from "./story.ts";
import { createStory, HEARTBEATS, hookLine, journalLine, S, SYSTEMD, T, TMUX } from "./story.ts";

const UNIT = "mosaic-agent@coder0.service";
const EVER = { fromUs: T - 1000 * S, toUs: T + 10_000 * S };
let story: Story;
const alive = (second: number, over: Parameters<typeof paneSeen>[2] = {}) =>
  tmuxLook(story.at(second), [paneSeen("coder0", 1, { startedAtUs: T + 10 * S, ...over })]);
const row = (second: number) => rowOf(tableOf(story.log, story.at(second)), "coder0");
const nobody = (second: number) => tmuxLook(story.at(second), []);
const beat = (second: number, tsSecond: number) => beatLook(story.at(second), "coder0", story.at(tsSecond));

/** coder0 runs since 10 and beats at 20; the recorder watches from 15 to 60. */
beforeEach(() => {
  story = createStory();
  story.record(15, alive(15));
  story.look(20, beat(20, 20));
});

describe("while somebody watches", () => {
  test("staleness begins at the last beat + 3 x 15 s, to the microsecond, though nothing happened then", () => {
    expect(story.statuses(20, 65)).toEqual(["healthy", "healthy"]);
    const stale = statusIntervals(story.history(), "coder0", { fromUs: T, toUs: Infinity }).at(-1);
    expect(stale).toMatchObject({ status: "stale", reason: "no beat", fromUs: story.at(65) + 1, toUs: null });
  });

  test("a beat of a process that is not there makes nobody well, not even until it is read", () => {
    const forged = (second: number, tsSecond: number) =>
      beatLook(story.at(second), "coder0", story.at(tsSecond), { pid: 999, alive: false });
    story.look(70.4, forged(70.4, 70));
    story.look(71, beat(71, 20));
    expect(story.statuses(66, 69.9, 70, 70.2, 70.5)).toEqual([
      "stale: no beat",
      "stale: no beat",
      "stale: pid-gone",
      "stale: pid-gone",
      "stale: pid-gone",
    ]);
    // Its end is told as what is known of it: after the beat, and by the look that read it.
    const exited = story.log.events.filter(({ type }) => type === "heartbeat.writer.exited").at(-1);
    expect(exited).toMatchObject({
      occurredAtUs: story.at(70),
      payload: { pid: 999, goneByUs: story.at(70.4) },
    });
    expect(exited && summaryOf(exited)).toMatch(
      /^process 999, which beat, was gone when its beat was read: it ended between then and .*10\.400Z$/,
    );
    // Found long after it was made it was good for its reach, as far as anybody knows: its process may have gone since.
    story.look(80, forged(80, 75));
    expect(story.statuses(75, 79, 80)).toEqual(["healthy", "healthy", "stale: pid-gone"]);
  });

  test("before its declaration an agent has no status; a start is known from its own time on, before the first look", () => {
    expect(story.statuses(-1, 5, 10, 14, 15)).toEqual([
      "off the roster",
      "unobserved: no evidence",
      // Whether it had beaten by then nobody can say: its file was not read before 15.
      "unobserved: no evidence",
      "unobserved: no evidence",
      "starting",
    ]);
  });

  test("after its removal it has none either, and a new declaration begins anew", () => {
    story.tell(30, { type: "roster.agent.removed", agent: "coder0", source: "roster", payload: {} });
    expect(story.statuses(29, 30, 100)).toEqual(["healthy", "off the roster", "off the roster"]);
  });

  test("a source that does not answer makes its plane unknown, not dead, and the bracket closes when it answers again", () => {
    story.tell(30, { type: "recorder.source.unavailable", payload: { ...TMUX, reason: "no answer" } });
    story.look(70, alive(70));
    expect(story.statuses(66)).toEqual(["unobserved: no evidence"]);
    story.tell(70, { type: "recorder.source.recovered", payload: TMUX });
    expect(story.statuses(66)).toEqual(["stale: no beat"]);
  });
});

describe("across a gap", () => {
  beforeEach(() => story.stop(60));

  test("a beat keeps its promise to its end, and nothing is said after it", () => {
    expect(story.statuses(65, 66)).toEqual(["healthy", "unobserved: no evidence"]);
  });

  test("the same life at both ends lived throughout; the file that is found proves health to its reach and staleness to the finding", () => {
    story.look(300, beat(300, 100));
    story.record(300, alive(300));
    expect(story.statuses(66, 99, 100, 145, 146, 299, 300)).toEqual([
      // Between the beat of 20 and that of 100 others may have been written over.
      "unobserved: no evidence",
      "unobserved: no evidence",
      "healthy",
      "healthy",
      "stale: no beat",
      "stale: no beat",
      "stale: no beat",
    ]);
  });

  test("a file that is found anew only after it was said to be watched again was not as before until then", () => {
    story.record(300, alive(300));
    story.look(300.03, beat(300.03, 299));
    expect(story.statuses(65, 66, 298, 299, 300)).toEqual([
      "healthy",
      "unobserved: no evidence",
      "unobserved: no evidence",
      "healthy",
      "healthy",
    ]);
  });

  test("the very same beat at both ends: none was made in between", () => {
    story.record(300, alive(300), beat(300, 20));
    expect(story.statuses(66, 299)).toEqual(["stale: no beat", "stale: no beat"]);
  });

  test("tmux's own time of death: alive until then, dead from then on", () => {
    const dead = { dead: true, signal: 9, startedAtUs: null, start: null, diedAtUs: story.at(63) };
    story.record(300, alive(300, dead));
    expect(story.statuses(62, 63, 299, 300)).toEqual([
      "healthy",
      "failed: signal 9",
      "failed: signal 9",
      "failed: signal 9",
    ]);
  });

  test("a hook that saw the death a second before tmux dates it ends the life then, and the time before stays known", () => {
    story.record(
      300,
      alive(300, { dead: true, status: 3, start: null, startedAtUs: null, diedAtUs: story.at(70) }),
    );
    story.tell(400, hookLine(story.at(69), "pane-died", { pane: "%1", status: 3 }));
    expect(factsAt(story.history(), "coder0", story.at(68)).evidence.pane).toMatchObject({ state: "alive" });
    expect(story.statuses(68, 69, 70, 299)).toEqual([
      "stale: no beat",
      "failed: exit 3",
      "failed: exit 3",
      "failed: exit 3",
    ]);
  });

  test("an exit status that tmux tells late is that of the death, from its first moment on", () => {
    const dead = { dead: true, start: null, startedAtUs: null };
    story.record(300, alive(300, { ...dead, diedAtUs: story.at(63) }));
    story.look(310, alive(310, { ...dead, status: 4 }));
    expect(story.statuses(62, 63, 299, 310)).toEqual([
      "healthy",
      "failed: exit 4",
      "failed: exit 4",
      "failed: exit 4",
    ]);
  });

  test("a heartbeat file that is gone after the gap may have told more before it went", () => {
    const gone = { ...beat(300, 20), beats: [], complete: true };
    story.record(300, alive(300), gone);
    expect(story.statuses(65, 66, 299)).toEqual([
      "healthy",
      "unobserved: no evidence",
      "unobserved: no evidence",
    ]);
  });

  test("a unit is known by the same run at both ends, or from its own time of change, if the look that ends the gap finds it so", () => {
    const unitAt = (second: number) => factsAt(story.history(), "coder0", story.at(second)).evidence.unit;
    const unit = (second: number, over: object) =>
      systemdLook(story.at(second), { [UNIT]: { sinceUs: story.at(9), ...over } });
    story.record(350, unit(350, {}));
    story.stop(360);
    expect(unitAt(400)).toEqual({ known: false });
    story.record(500, unit(500, {}));
    expect(unitAt(400)).toMatchObject({ known: true, active: "active" });
    story.stop(510);
    story.record(700, unit(700, { active: "failed", result: "exit-code", sinceUs: story.at(600) }));
    expect(unitAt(599)).toEqual({ known: false });
    expect(unitAt(600)).toMatchObject({ known: true, active: "failed" });
    story.stop(710);
    // Dated, but seen by nobody after: by the end of the gap it may be anything.
    story.look(800, unit(800, { active: "active", sinceUs: story.at(790) }));
    expect(unitAt(795)).toEqual({ known: false });
  });

  test("a death that tmux does not date is unknown until the look that finds it", () => {
    story.record(300, alive(300, { dead: true, status: 3, startedAtUs: null, start: null }));
    expect(story.statuses(66, 299, 300)).toEqual([
      "unobserved: no evidence",
      "unobserved: no evidence",
      "failed: exit 3",
    ]);
    expect(factsAt(story.history(), "coder0", story.at(61)).evidence.pane.known).toBe(false);
  });

  test("the time of death of a process that was put into the pane meanwhile says nothing of the one before it", () => {
    // Its process is gone from /proc, so when it started nobody can say.
    const other = { pid: 2000, start: null, startedAtUs: null, incarnation: null };
    story.record(300, alive(300, { ...other, dead: true, status: 3, diedAtUs: story.at(200) }));
    expect(story.statuses(66, 199, 200, 299)).toEqual([
      "unobserved: no evidence",
      "unobserved: no evidence",
      "failed: exit 3",
      "failed: exit 3",
    ]);
    expect(factsAt(story.history(), "coder0", story.at(61)).evidence.pane.known).toBe(false);
  });

  test("a closed pane is unknown until the first look after the gap", () => {
    story.record(300, nobody(300));
    // It had beaten a moment before the gap; but by its end it was gone, so that beat says nothing of the gap.
    expect(story.statuses(59.999, 60, 61, 66, 299, 300)).toEqual([
      "healthy",
      "unobserved: no evidence",
      "unobserved: no evidence",
      "unobserved: no evidence",
      "unobserved: no evidence",
      "dead: pane missing",
    ]);
  });

  test("a life that ended unseen was alive when it beat last, and is not known to have been a moment later", () => {
    story.record(300, nobody(300), beat(300, 70));
    expect(story.statuses(60, 65, 69, 70, 70.001, 80, 299, 300)).toEqual([
      "healthy",
      "healthy",
      "unobserved: no evidence",
      "healthy",
      "unobserved: no evidence",
      "unobserved: no evidence",
      "unobserved: no evidence",
      "dead: pane missing",
    ]);
  });

  test("a life that another has replaced unseen has ended: it is dead when that one begins, at the latest", () => {
    story.record(64, alive(64, { pid: 2000, start: 99, startedAtUs: story.at(63) }), beat(64, 64));
    const intervals = statusIntervals(story.history(), "coder0", { fromUs: story.at(60), toUs: Infinity });
    expect(
      intervals.map(({ fromUs, status, reason }) => [(fromUs - story.at(0)) / 1e6, status, reason]),
    ).toEqual([
      [60, "unobserved", "no evidence"],
      [62.999999, "dead", "replaced"],
      [63, "unobserved", "no evidence"],
      [64, "healthy", null],
      [109.000001, "stale", "no beat"],
    ]);
  });

  test.each([
    ["session-closed", { session: "$1" }],
    ["pane-exited", { pane: "%1" }],
  ] as const)(
    "a %s line that arrives late says from when on it is gone, and corrects what was unobserved",
    (hook, ids) => {
      story.record(300, nobody(300));
      expect(story.statuses(120, 299)).toEqual(["unobserved: no evidence", "unobserved: no evidence"]);
      story.tell(400, hookLine(story.at(100), hook, ids));
      expect(story.statuses(99, 100, 299)).toEqual([
        "unobserved: no evidence",
        "dead: pane missing",
        "dead: pane missing",
      ]);
    },
  );

  test("a hook's second that began while tmux was still watched counts from where the watching ended", () => {
    story.record(300, nobody(300));
    story.tell(400, hookLine(story.at(59.5), "session-closed", { session: "$1" }));
    expect(story.statuses(59.9, 60)).toEqual(["healthy", "dead: pane missing"]);
  });

  test("a life that a look finds alive after the gap is believed before any hook", () => {
    story.record(300, alive(300), beat(300, 20));
    story.tell(400, hookLine(story.at(100), "pane-exited", { pane: "%1" }));
    expect(story.statuses(99, 100, 299)).toEqual(["stale: no beat", "stale: no beat", "stale: no beat"]);
  });

  test("what was seen to end is not well afterwards, though its last beat's reach is not over; what beats since then is", () => {
    story.look(50, alive(50, { dead: true, status: 3, start: null, startedAtUs: null }));
    expect(story.statuses(49, 50, 59.9, 60, 64)).toEqual([
      "healthy",
      "failed: exit 3",
      "failed: exit 3",
      "unobserved: no evidence",
      "unobserved: no evidence",
    ]);
    const unwatched = tableOf(story.log, story.at(64), { observer: { state: "absent" } });
    expect(rowOf(unwatched, "coder0").status).toBe("unobserved");
    story.record(300, nobody(300), beat(300, 120));
    expect(story.statuses(64, 121, 165, 166)).toEqual([
      "unobserved: no evidence",
      "healthy",
      "healthy",
      "unobserved: no evidence",
    ]);
  });

  test("a life that hooks alone tell of is the last one, from its closing on in history and with that certificate in the present", () => {
    const dies = { dead: true, status: 3, start: null, startedAtUs: null };
    story.look(50, alive(50, dies));
    story.record(300, nobody(300), beat(300, 120));
    expect(story.statuses(55, 119, 130, 200, 299, 300)).toEqual([
      "failed: exit 3",
      "unobserved: no evidence",
      "healthy",
      "unobserved: no evidence",
      "unobserved: no evidence",
      "failed: exit 3",
    ]);
    // Its line of the second 200 says that it was gone before the next one; that of 100 that it was there from 101 on.
    for (const line of [
      hookLine(story.at(200), "session-closed", { session: "$2" }),
      hookLine(story.at(100), "session-created", { session: "$2" }),
      hookLine(story.at(90), "session-closed", { session: "$1" }),
    ])
      story.tell(400, line);
    expect(story.statuses(55, 80, 95, 119, 130, 199, 200, 299, 300, 401)).toEqual([
      "failed: exit 3",
      "unobserved: no evidence",
      "failed: exit 3",
      "unobserved: no evidence",
      "healthy",
      "unobserved: no evidence",
      "dead: pane missing",
      "dead: pane missing",
      "dead: pane missing",
      "dead: pane missing",
    ]);
    expect(row(402)).toMatchObject({
      status: "dead",
      status_reason: "pane missing",
      since: new Date(story.at(200) / 1000).toISOString(),
      pane: { state: "missing", exit_status: null, source: "tmux-hook" },
    });
    expect(occurrencesWithin(story.history(), "coder0", "started", EVER)).toMatchObject([
      { fromUs: story.at(10) },
      { fromUs: story.at(101) - 1, reason: "told by a hook" },
    ]);
  });

  test("of a life that hooks saw begin and nobody saw end it is known that it ended, not when and not how the one before had", () => {
    story.look(50, alive(50, { dead: true, status: 3, start: null, startedAtUs: null }));
    story.record(300, nobody(300));
    story.tell(400, hookLine(story.at(100), "session-created", { session: "$2" }));
    expect(story.statuses(200, 299, 300)).toEqual([
      "unobserved: no evidence",
      "unobserved: no evidence",
      "dead: pane missing",
    ]);
    expect(row(401)).toMatchObject({ status: "dead", status_reason: "pane missing", since: null });
  });

  test("a life that a look tells of needs no hook to begin, and none that came before it is the last one", () => {
    story.record(300, tmuxLook(story.at(300), [paneSeen("coder0", 3, { startedAtUs: story.at(250.4) })]));
    for (const line of [
      hookLine(story.at(100), "session-created", { session: "$2" }),
      hookLine(story.at(110), "session-closed", { session: "$2" }),
      hookLine(story.at(90), "session-closed", { session: "$1" }),
      hookLine(story.at(250), "session-created", { session: "$3" }),
    ])
      story.tell(400, line);
    expect(story.statuses(115, 249, 250.3, 250.4, 300)).toEqual([
      "dead: pane missing",
      "dead: pane missing",
      "dead: pane missing",
      "starting",
      "silent: never beat",
    ]);
    story.look(410, nobody(410));
    expect(story.statuses(411)).toEqual(["dead: pane missing"]);
    expect(row(412).since).toBe(new Date(story.at(410) / 1000).toISOString());
  });

  test("a hook about another server's session of the same id says nothing", () => {
    story.record(300, nobody(300));
    const line = hookLine(story.at(100), "session-closed", { session: "$1" });
    story.tell(400, { ...line, payload: { ...line.payload, server: 901 } });
    expect(story.statuses(120)).toEqual(["unobserved: no evidence"]);
  });

  test("a pane that was respawned lives from its process's start, and is unknown before", () => {
    story.record(300, alive(300, { pid: 2000, start: 99, startedAtUs: story.at(200) }), beat(300, 290));
    expect(story.statuses(199, 200, 289, 290)).toEqual([
      "unobserved: no evidence",
      "unobserved: no evidence",
      "unobserved: no evidence",
      "healthy",
    ]);
    const lives = story.history().pane("coder0", TMUX.scope);
    expect(lives.own.values.map((own) => own?.pane.pid)).toEqual([undefined, 1001, 1001, 2000]);
    expect(lives.own.values.map((own) => own?.pane.state)).toEqual([undefined, "alive", "closed", "alive"]);
  });

  test("a restart that was wanted in a gap is a stop, and no death", () => {
    story.tell(61, operatorVerb("restart", "coder0", story.at(61)));
    story.record(64, alive(64, { pid: 2000, start: 99, startedAtUs: story.at(63) }), beat(64, 64));
    expect(story.statuses(62, 62.999999, 63, 64)).toEqual([
      "unobserved: no evidence",
      "stopped: stopped by operator",
      "unobserved: no evidence",
      "healthy",
    ]);
  });

  test("a life of which only its beginning is known makes two deaths of it, and ends the one before", () => {
    story.sample(64, alive(64, { pid: 2000, start: 99, startedAtUs: story.at(63) }));
    // Whether it beat nobody can tell: its file is gone.
    story.tell(79, { type: "heartbeat.file.removed", agent: "coder0", source: "heartbeat", payload: {} });
    story.record(80, nobody(80));
    expect(story.statuses(63, 64, 79)).toEqual(Array(3).fill("unobserved: no evidence"));
    const window = { fromUs: story.at(60), toUs: story.at(90) };
    expect(occurrencesWithin(story.history(), "coder0", "dead", window)).toMatchObject([
      { fromUs: story.at(63) - 1, toUs: story.at(63), endUnseen: false },
      { fromUs: story.at(80), toUs: null },
    ]);
    expect([...story.past(90).outages("coder0", window)]).toMatchObject([
      { fromUs: story.at(63) - 1, toUs: story.at(63) },
      { fromUs: story.at(80), toUs: null },
    ]);
  });

  test("a stop that the journal tells of late makes the end a wish", () => {
    story.record(300, nobody(300));
    story.tell(400, hookLine(story.at(100), "session-closed", { session: "$1" }));
    story.tell(401, journalLine(story.at(99), "stopped", "stop"));
    expect(story.statuses(98, 100, 300)).toEqual([
      "unobserved: no evidence",
      "stopped: stop job",
      "stopped: stop job",
    ]);
  });

  test("a boot ended every life of the boot before at the latest then", () => {
    const rebooted = systemdLook(
      story.at(300),
      { [UNIT]: { active: "inactive", invocationId: null } },
      { bootId: "2222", bootedAtUs: story.at(200) },
    );
    story.record(300, tmuxLook(story.at(300), [], { server: null, goneReason: "no-socket" }), rebooted);
    expect(story.statuses(66, 199, 200, 299, 300)).toEqual([
      "unobserved: no evidence",
      "unobserved: no evidence",
      "dead: tmux server gone",
      "dead: tmux server gone",
      "dead: tmux server gone",
    ]);
  });

  test("one look without a recorder covers its own instant, and two of them bracket what lies between", () => {
    story.sample(100, alive(100), beat(100, 95));
    expect(story.statuses(100, 141)).toEqual(["healthy", "unobserved: no evidence"]);
    story.sample(200, alive(200), beat(200, 95));
    expect(story.statuses(140, 141, 199, 201)).toEqual([
      "healthy",
      "stale: no beat",
      "stale: no beat",
      "unobserved: no evidence",
    ]);
  });
});

describe("time itself", () => {
  test("nothing is known of a suspend, and after it no beat is judged before one could be due", () => {
    story.tell(200, { type: "recorder.suspended", payload: { fromUs: story.at(30), toUs: story.at(200) } });
    expect(story.statuses(29, 30, 199, 245, 246)).toEqual([
      "healthy",
      "unobserved: no evidence",
      "unobserved: no evidence",
      "unobserved: no evidence",
      "stale: no beat",
    ]);
    story.look(210, beat(210, 210));
    expect(story.statuses(209, 210)).toEqual(["unobserved: no evidence", "healthy"]);
  });

  test("a suspend ends what a beat promised, also where heartbeats were not watched", () => {
    story.tell(25, { type: "recorder.source.unavailable", payload: { ...HEARTBEATS, reason: "no answer" } });
    story.tell(200, { type: "recorder.suspended", payload: { fromUs: story.at(30), toUs: story.at(200) } });
    expect(story.statuses(29, 30, 60)).toEqual([
      "healthy",
      "unobserved: no evidence",
      "unobserved: no evidence",
    ]);
  });

  test("wall time that a clock skipped when it was set forward was lived by nobody", () => {
    story.tell(3630, { type: "recorder.clock.stepped", payload: { byMs: 3_600_000 } });
    expect(story.statuses(29, 30, 3629, 3675)).toEqual([
      "healthy",
      "unobserved: no evidence",
      "unobserved: no evidence",
      "unobserved: no evidence",
    ]);
    expect(story.statuses(3676)).toEqual(["stale: no beat"]);
  });

  test("of wall time that was lived twice the second time is shown", () => {
    story.look(40, nobody(40));
    expect(story.statuses(39, 40)).toEqual(["healthy", "dead: pane missing"]);
    story.tell(30, { type: "recorder.clock.stepped", payload: { byMs: -10_000 } });
    expect(story.statuses(29, 30, 39)).toEqual(["healthy", "dead: pane missing", "dead: pane missing"]);
  });

  test("a recorder that died without a word covered nothing after its last sign of life", () => {
    story.tell(300, { type: "recorder.lapsed", payload: { pid: 1, lastAliveUs: story.at(50) } });
    expect(story.statuses(49, 50, 66)).toEqual(["healthy", "healthy", "unobserved: no evidence"]);
  });
});

test("one that answered has run, though all that anybody saw of it are its beats", () => {
  const story = createStory();
  story.record(15, tmuxLook(story.at(15), []));
  story.stop(60);
  // Seen in the sandbox: it ran for the first time while nobody recorded, and was called never-ran right after its own beats.
  const beat = beatLook(story.at(300), "coder0", story.at(150), { alive: false });
  story.record(300, tmuxLook(story.at(300), []), beat);
  expect(story.statuses(20, 150, 301)).toEqual(["absent: never-ran", "healthy", "dead: pane missing"]);
  // What was not there when its beat was read a moment later has answered nothing.
  const forged = createStory();
  forged.record(15, tmuxLook(forged.at(15), []));
  forged.look(20, beatLook(forged.at(20), "coder0", forged.at(20), { alive: false }));
  expect(forged.statuses(21)).toEqual(["absent: never-ran"]);
});

test("what nobody has seen yet is looked up on the socket that was watched then, and not on one of that name that is watched now", () => {
  const story = createStory();
  story.record(15, tmuxLook(story.at(15), []));
  story.stop(60);
  const elsewhere = { source: "tmux", scope: "/nt/tmux-1000/mosaic-factory" };
  story.tell(100, { type: "recorder.started", payload: { pid: 1, pidStart: 1, bootId: "b", version: "1" } });
  for (const watched of [elsewhere, SYSTEMD, HEARTBEATS])
    story.tell(100, { type: "recorder.source.started", payload: watched });
  expect(story.statuses(20, 80, 110)).toEqual([
    "absent: never-ran",
    "unobserved: no evidence",
    "absent: never-ran",
  ]);
});

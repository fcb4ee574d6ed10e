import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HistoryDocument } from "../../query/history-document.ts";
import type { PsDocument } from "../../query/row.ts";
import type { WhenDocument } from "../../query/when.ts";
import type { WhyDocument } from "../../query/why.ts";
import { paneSeen, rosterLook, tmuxLook } from "../support/looks.ts";
import { at, type SeededPast, seedEvening, seedPast } from "./support/seeded-past.ts";

let past: SeededPast;
beforeAll(() => {
  past = seedEvening();
});
afterAll(() => past.close());

const statuses = (document: PsDocument) => document.agents.map(({ name, status }) => `${name} ${status}`);
const ps = (...argv: string[]) => past.json<PsDocument>("ps", ...argv);

describe("ps --at", () => {
  test("is the table as it was, with who was watching then", async () => {
    const document = await ps("--at", "2026-06-20T20:12Z");
    expect(statuses(document)).toEqual(["coder0 stale", "coder1 healthy", "reviewer healthy"]);
    expect(document).toMatchObject({
      schema: "fleet.ps.v1",
      at: "2026-06-20T20:12:00.000Z",
      tenant_id: "jarvis",
      observer: { state: "recording", since: "2026-06-20T20:00:00.000Z" },
    });
    expect(document.agents[0]?.heartbeat.age_seconds).toBe(120);
    expect(statuses(await ps("--at", "35 min ago"))).toEqual([
      "coder0 healthy",
      "coder1 failed",
      "reviewer healthy",
    ]);
  });

  test("says of each source that it was watched then, and no age of an answer, which is not kept", async () => {
    const { stdout } = await past.run("ps", "--at", "35 min ago");
    expect(stdout).toMatch(/Watched then: [a-z, ]*tmux/);
    expect(stdout).not.toContain("Answers are this old");
  });

  test("in a gap shows what is proven across it, and who watched: nobody", async () => {
    const document = await ps("--at", "2026-06-20T20:30:30Z");
    expect(document.observer).toMatchObject({ state: "absent", since: null });
    expect(statuses(document)).toEqual(["coder0 healthy", "coder1 failed", "reviewer healthy"]);
    const { stdout } = await past.run("ps", "--at", "2026-06-20T20:30:30Z");
    expect(stdout).toContain("Nobody was watching at that moment.");
    expect(stdout).toContain("By all the evidence known now, log #");
  });

  test("selects, checks, and knows who was not there", async () => {
    expect(statuses(await ps("--at", "20:12", "--class", "reviewer"))).toEqual(["reviewer healthy"]);
    expect((await past.run("ps", "--at", "20:12", "--check")).exit).toBe(2);
    expect(await past.run("ps", "nobody", "--at", "20:12")).toMatchObject({ exit: 3, stdout: "" });
    expect((await past.run("ps", "--watch", "--at", "20:12")).stderr).toContain(
      "--watch and --at cannot be had together",
    );
  });
});

describe("why --at", () => {
  test("names the events of that time, and speaks of the past", async () => {
    const why = await past.json<WhyDocument>("why", "coder1", "--at", "2026-06-20T20:25Z");
    expect(why.verdict).toMatchObject({ status: "failed", reason: "signal 9" });
    const pane = why.cells.find(({ plane }) => plane === "pane");
    expect(pane?.evidence[0]).toMatchObject({
      type: "tmux.pane.died",
      occurred_at: "2026-06-20T20:20:00.000Z",
    });
    for (const { evidence } of why.cells)
      for (const event of evidence)
        expect(Date.parse(event.occurred_at) * 1000).toBeLessThanOrEqual(at(1500));
    const { stdout } = await past.run("why", "coder1", "--at", "2026-06-20T20:25Z");
    expect(stdout).toMatch(/^coder1 was failed: signal 9, since /);
    expect((await past.run("why", "nobody", "--at", "20:25")).exit).toBe(3);
  });
});

describe("when", () => {
  const when = (...argv: string[]) => past.json<WhenDocument>("when", ...argv);

  test("says in a sentence when it was last so, how long ago, for how long, and how often", async () => {
    const { exit, stdout } = await past.run("when", "coder0", "stale");
    expect(exit).toBe(0);
    expect(stdout.split("\n")[0]?.trim()).toMatch(
      /^coder0 went stale at 2026-06-20 20:10:45 \(49 min 15 s ago\) \(no beat\), for 4 min 15 s \[#\d+\]; once in the last 24 h\.$/,
    );
  });

  test("the first, the last, all of them", async () => {
    const all = await when("coder0", "healthy", "--all");
    expect(all.occurrences.map(({ from, to }) => [from, to])).toEqual([
      ["2026-06-20T20:00:00.000Z", "2026-06-20T20:10:45.000001Z"],
      // Of the gap only the reach of the beat before it is known; whether it was well all the while is not.
      ["2026-06-20T20:15:00.000Z", "2026-06-20T20:30:45.000001Z"],
      ["2026-06-20T20:30:55.000Z", "2026-06-20T20:40:00.000Z"],
    ]);
    expect(all.occurrences.map((one) => [one.witnessed, one.end_witnessed])).toEqual([
      [null, true],
      [true, false],
      [false, true],
    ]);
    // So the table says since when, and the story.
    const table = await ps("--at", "20:35");
    expect(table.agents[0]).toMatchObject({ status: "healthy", since: "2026-06-20T20:30:55.000Z" });
    const { stdout } = await past.run("when", "coder0", "healthy", "--first");
    expect(stdout).toMatch(
      /^coder0 was healthy already at 2026-06-20 20:00:00 .*, when the log begins.*; 3 times in the\s+last 24 h\./,
    );
    const listed = (await past.run("when", "coder0", "healthy", "--all")).stdout;
    expect(listed.match(/became healthy/g)).toHaveLength(1);
    expect(listed.replaceAll("\n", " ")).toContain("for at least 15 min 45 s, until watching ended [");
    expect(listed.match(/was found healthy/g)).toHaveLength(1);
    expect(all.occurrences.map(({ began_before }) => began_before)).toEqual([true, false, false]);
  });

  test("a window of no time is refused by the words that made it", async () => {
    const refused = async (...argv: string[]) => (await past.run("when", "coder0", "stale", ...argv)).stderr;
    expect(await refused("--since", "0s")).toContain("--since 2026-06-20 21:00:00 is not before now\n");
    expect(await refused("--since", "0s", "--at", "20:30")).toContain(
      "is not before --at 2026-06-20 20:30:00\n",
    );
    expect(await refused("--since", "20:40", "--until", "20:30")).toContain(
      "is not before --until 2026-06-20 20:30:00\n",
    );
  });

  test("what was not seen for less than a second has a length, and no end that reads as its beginning", async () => {
    const window = ["--since", "20:59:50", "--until", "2026-06-20T20:59:59.5Z"];
    const { stdout } = await past.run("when", "coder0", "dead", ...window);
    expect(stdout).toContain("not observed: 2026-06-20 20:59:59 for 0.5 s.");
  });

  test("what never happened is said of the observed window only, with exit 3", async () => {
    const { exit, stdout } = await past.run("when", "reviewer", "stale", "--since", "20:20");
    expect(exit).toBe(3);
    expect(stdout.replaceAll("\n", " ")).toBe(
      "reviewer was never stale since 20:20:00, as far as anybody could tell. Observed: 99.5 % (39 min 49 s of 40 min); not observed: 2026-06-20 20:30:45 to 20:30:55, 2026-06-20 20:59:59 to 21:00:00. ",
    );
    expect((await when("reviewer", "stale", "--since", "20:20")).observed.spans).toEqual([
      { from: "2026-06-20T20:20:00.000Z", to: "2026-06-20T20:30:45.000001Z" },
      { from: "2026-06-20T20:30:55.000Z", to: "2026-06-20T20:59:59.000Z" },
    ]);
  });

  test("is relative to --at", async () => {
    const { stdout } = await past.run("when", "coder0", "stale", "--at", "20:12:45", "--since", "1h");
    expect(stdout).toMatch(
      /^coder0 went stale at 2026-06-20 20:10:45 \(2 min ago\) .* for 2 min so far .*; once between/,
    );
  });

  test("started, sent, rebooted, drifted, attached", async () => {
    expect((await when("coder0", "started")).first).toMatchObject({ from: "2026-06-20T19:59:00.000Z" });
    expect((await past.run("when", "coder0", "sent")).exit).toBe(3);
    expect((await past.run("when", "coder0", "rebooted")).stdout).toContain(
      "never on a machine that rebooted",
    );
    expect((await past.run("when", "coder0", "sleepy")).stderr).toContain(
      '"sleepy" is nothing that an agent can be',
    );
    expect((await past.run("when", "nobody", "stale")).exit).toBe(3);
  });
});

describe("a moment", () => {
  test.each([
    ["2027-01-01", "lies in the future"],
    ["21:01", "lies in the future"],
    ["2026-06-20T19:00Z", "nothing is known of 2026-06-20 19:00:00: the log begins at 2026-06-20 20:00:00"],
    ["#999999", "there is no such event; the last one is #"],
    ["2025-02-29", "there is no day 2025-02-29"],
    ["teatime", "expected ISO 8601"],
  ])("%s is refused with its reason", async (text, reason) => {
    for (const verb of [["ps"], ["why", "coder0"], ["when", "coder0", "stale"]]) {
      const { exit, stdout, stderr } = await past.run(...verb, "--at", text);
      expect({ exit, stdout }).toEqual({ exit: 2, stdout: "" });
      expect(stderr).toContain(reason);
    }
  });

  test("an event stands for its own moment; as recorded it is the last one that counts", async () => {
    const died = await past.json<WhyDocument>("why", "coder1", "--at", "20:25");
    const seq = died.cells.find(({ plane }) => plane === "pane")?.evidence[0]?.seq ?? 0;
    expect(statuses(await ps("--at", `#${seq}`))[1]).toBe("coder1 failed");
    expect(statuses(await ps("--at", `#${seq - 1}`))[1]).toBe("coder1 healthy");
    const known = await ps("--as-recorded", `#${seq}`);
    expect(known.log_seq).toBe(seq);
    expect(statuses(known)[1]).toBe("coder1 failed");
    expect(statuses(await ps("--as-recorded", `#${seq - 1}`))[1]).toBe("coder1 healthy");
  });

  test("two moments in the wrong order are no change", async () => {
    const { exit, stdout, stderr } = await past.run("diff", "20:25", "20:05");
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: "" });
    expect(stderr).toContain("T1 2026-06-20 20:25:00 is not before T2 2026-06-20 20:05:00");
  });

  test("another host than the log's own is named, or refused with those that there are", async () => {
    expect((await past.run("when", "coder0", "stale", "--host", "W-jarvis")).exit).toBe(0);
    const { exit, stderr } = await past.run("when", "coder0", "stale", "--host", "elsewhere");
    expect(exit).toBe(2);
    expect(stderr).toContain("It holds: jarvis@W-jarvis.");
  });

  test("what lies after --at, and not in the future, is said so", async () => {
    const { exit, stderr } = await past.run("when", "coder0", "stale", "--until", "20:12", "--at", "20:11");
    expect(exit).toBe(2);
    expect(stderr).toContain('--until "20:12": 2026-06-20 20:12:00 lies after --at 2026-06-20 20:11:00');
  });

  test("several agents are several, and none of them is passed over", async () => {
    const of = async (...argv: string[]) => {
      const { stdout } = await past.run("events", "--json", "--limit", "1000", "--until", "20:30", ...argv);
      return stdout
        .split("\n")
        .flatMap((line) => (line === "" ? [] : [(JSON.parse(line) as { agent: string }).agent]));
    };
    const two = await of("--agent", "coder0", "--agent", "coder1");
    expect(new Set(two)).toEqual(new Set(["coder0", "coder1"]));
    expect(two).toHaveLength((await of("--agent", "coder0")).length + (await of("--agent", "coder1")).length);
    expect(new Set(await of("--agent", "coder0", "--agent", "reviewer", "--class", "reviewer"))).toEqual(
      new Set(["reviewer"]),
    );
    for (const verb of ["events", "export"]) {
      const { exit, stdout, stderr } = await past.run(verb, "--agent", "coder0", "--agent", "nobody");
      expect({ exit, stdout }).toEqual({ exit: 3, stdout: "" });
      expect(stderr).toBe('fleet: no agent is called "nobody"\n  Known here: coder0, coder1, reviewer.\n');
    }
  });

  test("what is followed has no end", async () => {
    const { exit, stderr } = await past.run("events", "--follow", "--until", "20:12");
    expect(exit).toBe(2);
    expect(stderr).toContain("--follow and --until cannot be had together");
  });

  test("nothing that a script resumes with is passed over: what follows a place has no limit", async () => {
    const { exit, stdout, stderr } = await past.run("events", "--follow", "--after", "#1", "-n", "2");
    expect([exit, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("--limit with --after and --follow would pass over what lies between");
  });

  test("a window that ends before it begins is refused", async () => {
    const { exit, stderr } = await past.run(
      "when",
      "coder0",
      "stale",
      "--since",
      "20:30",
      "--until",
      "20:20",
    );
    expect(exit).toBe(2);
    expect(stderr).toContain("is not before --until");
  });
});

describe("sql --at", () => {
  type Row = Record<string, string | number | null>;
  const rows = async (at: string, query: string): Promise<Row[]> =>
    (await past.json<{ rows: Row[] }>("sql", "--in-this-process", "--at", at, query)).rows;

  test("agents is the table of ps --at, of a moment and of an event", async () => {
    for (const moment of ["20:12", "20:25", "#20"]) {
      const shown = (await ps("--all", "--at", moment)).agents;
      expect(await rows(moment, "SELECT name, status, status_reason, since FROM agents")).toEqual(
        shown.map(({ name, status, status_reason, since }) => ({
          ...{ name, status, status_reason },
          since: since?.replace(/(\.\d{3})Z$/, "$1000Z") ?? null,
        })),
      );
    }
  });

  test("events are those that had happened by then, messages and verdicts end there", async () => {
    const listed = async (moment: string) => {
      const { stdout } = await past.run("events", "--at", moment, "--limit", "100000", "--json");
      return stdout.split("\n").flatMap((line) => (line === "" ? [] : [(JSON.parse(line) as Row).seq]));
    };
    for (const moment of ["20:12", "#20"]) {
      const asked = await rows(moment, "SELECT seq FROM events ORDER BY seq");
      expect(asked.map(({ seq }) => seq)).toEqual(await listed(moment));
    }
    const [last] = await rows(
      "20:12",
      "SELECT status, to_at, round(seconds) AS seconds FROM intervals WHERE agent = 'coder0' ORDER BY from_us DESC LIMIT 1",
    );
    expect(last).toEqual({ status: "stale", to_at: null, seconds: 75 });
  });

  test("a moment of before the log, or in the future, is refused as everywhere", async () => {
    for (const [moment, reason] of [
      ["19:00", "the log begins at"],
      ["21:30", "lies in the future"],
    ] as const) {
      const { exit, stderr } = await past.run("sql", "--in-this-process", "--at", moment, "SELECT 1");
      expect(exit).toBe(2);
      expect(stderr).toContain(reason);
    }
  });
});

describe("as recorded", () => {
  test("late evidence changes what was true, never what was known", async () => {
    const beat = { pid: 4000, pidStart: 7000, status: "ok", evidence: "runtime" };
    const event = { type: "heartbeat.received", agent: "coder0", source: "heartbeat" } as const;
    // A beat of 20:10:30 that is read only at 20:59:59: a file system that was slow, a spool that was carried over.
    past.tell(3599.5, { ...event, occurredAtUs: at(630), precision: "us", payload: beat });
    const asked = "2026-06-20T20:11:10Z";
    expect(statuses(await ps("--at", asked))[0]).toBe("coder0 healthy");
    expect(statuses(await ps("--as-recorded", asked))[0]).toBe("coder0 stale");
    expect(statuses(await ps("--at", asked, "--as-recorded", "20:58"))[0]).toBe("coder0 stale");
    expect(statuses(await ps("--at", asked, "--as-recorded", "now"))[0]).toBe("coder0 healthy");
    const why = (...argv: string[]) => past.json<WhyDocument>("why", "coder0", ...argv);
    expect((await why("--at", asked)).verdict.status).toBe("healthy");
    const then = await why("--as-recorded", asked);
    expect(then.verdict).toMatchObject({ status: "stale", reason: "no beat" });
    const told = then.cells.flatMap(({ evidence }) => evidence.map(({ seq }) => seq));
    expect(Math.max(...told)).toBeLessThanOrEqual(then.log_seq);
  });

  test("a log cannot know a moment that comes after it", async () => {
    const { exit, stderr } = await past.run("ps", "--at", "20:12", "--as-recorded", "20:11");
    expect(exit).toBe(2);
    expect(stderr).toContain("the log could not know it yet");
  });
});

test("without a log there is nothing to ask", async () => {
  past.environment.FLEET_STATE = `${past.environment.HOME}/nothing-here`;
  const { exit, stderr } = await past.run("when", "coder0", "stale");
  expect(exit).toBe(1);
  expect(stderr).toContain("nothing has been recorded yet");
});

test("a log that was brought here from elsewhere speaks of nothing after its last event", async () => {
  const there = seedPast();
  there.record(
    0,
    rosterLook(at(0), { coder0: {} }),
    tmuxLook(at(0), [paneSeen("coder0", 1, { startedAtUs: at(-60) })]),
  );
  there.beats("coder0", 15, 60);
  const { stdout } = await there.run("export");
  there.close();
  const here = seedPast();
  try {
    const file = join(here.environment.HOME ?? "", "fleet.ndjson");
    writeFileSync(file, stdout);
    here.environment.FLEET_STATE = join(here.environment.HOME ?? "", "brought");
    here.now(100);
    expect(await here.run("import", file)).toMatchObject({ exit: 0 });
    here.now(3600);
    const table = (...argv: string[]) => here.json<PsDocument>("ps", "--host", "W-jarvis", ...argv);
    expect(statuses(await table("--at", "20:01:30"))).toEqual(["coder0 healthy"]);
    // Its recorder never said that it stopped: that is no word about the hour after.
    expect(await table()).toMatchObject({
      observer: { state: "absent" },
      agents: [{ status: "unobserved" }],
    });
    expect((await here.run("ps", "--host", "W-jarvis", "--watch")).exit).toBe(2);
    expect((await here.json<WhyDocument>("why", "coder0", "--host", "W-jarvis")).verdict.status).toBe(
      "unobserved",
    );
  } finally {
    here.close();
  }
});

test("an event that is dated a little before the log's first word is within the log", async () => {
  const young = seedPast();
  try {
    young.tell(10.5, {
      type: "recorder.source.started",
      occurredAtUs: at(10),
      payload: { source: "roster", scope: "" },
    });
    young.record(11, rosterLook(at(11), { coder0: {} }));
    young.now(20);
    expect((await young.json<PsDocument>("ps", "--at", "#1")).at).toBe("2026-06-20T20:00:10.500Z");
    for (const argv of [
      ["ps", "--at", "#2"],
      ["diff", "#1"],
    ]) {
      expect(await young.run(...argv)).toMatchObject({ exit: 0, stderr: "" });
    }
    expect((await young.run("ps", "--at", "20:00:09")).exit).toBe(2);
  } finally {
    young.close();
  }
});

describe("sessions that no roster names", () => {
  let strange: SeededPast;
  const guest = (second: number, ...panes: ReturnType<typeof paneSeen>[]) =>
    strange.look(second, tmuxLook(at(second), panes));
  const stray = paneSeen("stray", 5, { startedAtUs: at(-60) });
  const coder = paneSeen("coder0", 1, { startedAtUs: at(-60) });
  beforeAll(() => {
    strange = seedPast();
    strange.record(0, rosterLook(at(0), { coder0: {} }), tmuxLook(at(0), [coder, stray]));
    strange.beats("coder0", 0, 300);
    guest(60, coder, { ...stray, dead: true, status: 3, diedAtUs: at(50) });
    guest(120, coder);
    strange.look(200, rosterLook(at(200), { reviewer: {} }));
    strange.stop(300);
    strange.now(400);
  });
  afterAll(() => strange.close());
  const run = async (...argv: string[]) =>
    (await strange.run(...argv)).stdout.replaceAll(/ ?\[#[\d, #]+\]/g, "").replaceAll(/\s*\n\s*/g, "\n");

  test("are told of by every verb that asks the past, where they are named, as the table showed them", async () => {
    const shown = async (time: string) =>
      (await strange.json<PsDocument>("ps", "stray", "--at", time)).agents.map((row) => [
        row.status,
        row.status_reason,
      ]);
    expect(await shown("20:00:30")).toEqual([["running", null]]);
    expect(await shown("20:01:30")).toEqual([["dead", "exit 3"]]);
    expect(await run("history", "stray")).toBe(
      [
        "2026-06-20",
        "20:00:00  -      the log begins",
        "20:00:00  stray  running, for 50 s, and before the log since 19:59:00",
        "20:00:50  stray  dead, for 1 min 10 s: exit 3",
        "20:02:00  stray  not there, for at least 3 min",
        "20:05:00  -      the recorder was stopped, for 1 min 40 s so far; nobody watched",
        "20:05:00  stray  unobserved, for 1 min 40 s so far: no evidence",
        "",
      ].join("\n"),
    );
    expect(await run("when", "stray", "dead")).toContain("stray died at 2026-06-20 20:00:50");
    const when = await strange.json<WhenDocument>("when", "stray", "running", "--since", "20:00");
    expect(when).toMatchObject({
      count: 1,
      first: { began_before: true, since: "2026-06-20T19:59:00.000Z", seconds: 50 },
      observed: { seconds: 300 },
    });
    expect(await run("incidents", "stray")).toContain("stray  dead (exit 3)");
    expect(await run("uptime", "stray", "--since", "20:00")).toMatch(/^stray +41\.\d+ % +50 s/m);
    // Without a name they are nobody's loss.
    for (const verb of ["history", "incidents", "uptime"]) expect(await run(verb)).not.toContain("stray");
  });

  test("off the roster one is in no status that only a roster promises, as far as somebody watched the roster", async () => {
    const { observed } = await strange.json<WhenDocument>("when", "coder0", "stale", "--since", "20:00");
    expect(observed.seconds).toBe(300);
    // What its session was then is told as of any that no roster names.
    const running = await strange.json<WhenDocument>("when", "coder0", "running", "--since", "20:00");
    expect(running).toMatchObject({ count: 1, observed: { seconds: 300 } });
    expect(running.first).toMatchObject({ from: "2026-06-20T20:03:20.000Z", seconds: 100, witnessed: true });
  });

  test("are in every story where there is no roster", async () => {
    const bare = seedPast();
    try {
      bare.record(0, tmuxLook(at(0), [stray]));
      bare.stop(60);
      bare.now(120);
      expect((await bare.run("history", "--since", "20:00")).stdout).toContain(
        "stray  running, for at least 1 min,",
      );
      expect((await bare.run("history", "--timeline", "--since", "20:00")).stdout).toMatch(/^stray +r+\?+$/m);
    } finally {
      bare.close();
    }
  });
});

test("in the moments before the roster was first read, ps, why and sql say of a session what its history says", async () => {
  const begins = seedPast();
  try {
    begins.record(
      0,
      tmuxLook(at(0), [paneSeen("coder0", 1, { startedAtUs: at(-60) }), paneSeen("other", 2)]),
    );
    begins.look(0.4, rosterLook(at(0.4), { coder0: {} }));
    begins.now(1);
    const moment = "2026-06-20T20:00:00.2Z";
    const { agents } = await begins.json<PsDocument>("ps", "--at", moment, "--all");
    expect(agents.map(({ name, status, unrostered }) => [name, status, unrostered])).toEqual([
      ["coder0", "unobserved", false],
      ["other", "unobserved", false],
    ]);
    for (const name of ["coder0", "other"]) {
      const told = await begins.json<HistoryDocument>("history", name);
      const then = told.agents[0]?.intervals.findLast(({ from }) => from <= moment);
      expect(then).toMatchObject({ status: "unobserved", reason: agents[0]?.status_reason });
      const why = (await begins.run("why", name, "--at", moment)).stdout;
      expect(why).toContain("no roster had been read yet");
      expect(why).toMatch(/declared +unknown/);
    }
    const query = "SELECT name, status FROM agents";
    expect(
      await begins.json<{ rows: object[] }>("sql", "--in-this-process", "--at", moment, query),
    ).toMatchObject({ rows: agents.map(({ name, status }) => ({ name, status })) });
  } finally {
    begins.close();
  }
});

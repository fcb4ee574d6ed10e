import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ansi, plain } from "../../cli/render/colour.ts";
import { widthOf } from "../../cli/render/text.ts";
import { formatTimeline } from "../../cli/render/timeline.ts";
import { formatShares } from "../../cli/render/uptime.ts";
import type { Past, RosterEntry } from "../../query/history/past.ts";
import type { HistoryDocument } from "../../query/history-document.ts";
import type { PsDocument } from "../../query/row.ts";
import type { UptimeDocument } from "../../query/uptime.ts";
import type { WhyDocument } from "../../query/why.ts";
import { BOOT, beatLook, paneSeen, rosterLook, tmuxLook } from "../support/looks.ts";
import { at, type SeededPast, seedEvening, seedPast } from "./support/seeded-past.ts";

let past: SeededPast;
beforeAll(() => {
  past = seedEvening();
});
afterAll(() => past.close());

describe("history", () => {
  test("tells the evening line by line", async () => {
    const { exit, stdout } = await past.run("history", "--since", "20:00");
    expect(exit).toBe(0);
    expect(stdout.replaceAll(/\[#[\d, #]+\]/g, "[#]")).toMatchInlineSnapshot(`
      "2026-06-20
      20:00:00  coder0    healthy, for 10 min 45 s  [#]
      20:00:00  coder1    healthy, for 20 min  [#]
      20:00:00  reviewer  healthy, for at least 30 min 45 s  [#]
      20:10:45  coder0    stale, for 4 min 15 s: no beat  [#]
      20:15:00  coder0    healthy, for at least 15 min 45 s  [#]
      20:20:00  coder1    failed, for 20 min: signal 9  [#]
      20:30:00  -         the recorder was stopped, for 1 min; nobody watched
      20:30:45  coder0    unobserved, for 10 s: no evidence  [#]
      20:30:45  reviewer  unobserved, for 10 s: no evidence  [#]
      20:30:55  coder0    healthy, for 9 min 5 s  [#]
      20:30:55  reviewer  healthy, for 9 min 5 s  [#]
      20:40:00  coder0    dead, for at least 19 min 59 s: tmux server gone  [#]
      20:40:00  coder1    dead, for at least 19 min 59 s: signal 9  [#]
      20:40:00  reviewer  dead, for at least 19 min 59 s: tmux server gone  [#]
      20:59:59  -         the recorder was stopped, for 1.0 s so far; nobody watched
      20:59:59  coder0    unobserved, for 1.0 s so far: no evidence  [#]
      20:59:59  coder1    unobserved, for 1.0 s so far: no evidence  [#]
      20:59:59  reviewer  unobserved, for 1.0 s so far: no evidence  [#]
      "
    `);
  });

  test("one agent, one class, whoever is not known", async () => {
    const of = async (...argv: string[]) =>
      (await past.json<HistoryDocument>("history", ...argv)).agents.map(({ name }) => name);
    expect(await of()).toEqual(["coder0", "coder1", "reviewer"]);
    expect(await of("coder1")).toEqual(["coder1"]);
    expect(await of("--class", "reviewer")).toEqual(["reviewer"]);
    expect(await of("--runtime", "pi", "--agent", "coder0")).toEqual(["coder0"]);
    expect((await past.run("history", "nobody")).exit).toBe(3);
  });

  test("as JSON and CSV it leaves no hole and adds up to the window", async () => {
    const document = await past.json<HistoryDocument>("history", "--since", "19:00", "--until", "20:50");
    expect(document).toMatchObject({ schema: "fleet.history.v1", tenant_id: "jarvis", host: "W-jarvis" });
    for (const { intervals } of document.agents) {
      expect(intervals.reduce((sum, { seconds }) => sum + seconds, 0)).toBeCloseTo(6600, 6);
      for (const [index, { to }] of intervals.entries()) expect(intervals[index + 1]?.from ?? null).toBe(to);
      // Before the log began nobody knows what was wanted: that is no time off the roster.
      expect(intervals[0]).toMatchObject({
        status: "unobserved",
        reason: "nobody could tell yet",
        began_before: true,
      });
    }
    const { stdout } = await past.run("history", "--csv", "--since", "19:00", "--until", "20:50");
    const [head, ...rows] = stdout.trimEnd().split("\r\n");
    expect(head).toBe(
      "tenant_id,host,agent,from,to,seconds,began_before,status,reason,rules,why,since,unrostered",
    );
    expect(rows[0]).toBe(
      'jarvis,W-jarvis,coder0,2026-06-20T19:00:00.000Z,2026-06-20T20:00:00.000Z,3600,true,unobserved,nobody could tell yet,1,"",,false',
    );
    expect(rows).toHaveLength(document.agents.flatMap(({ intervals }) => intervals).length);
    expect(rows[2]).toMatch(
      /^jarvis,W-jarvis,coder0,2026-06-20T20:10:45\.000001Z,2026-06-20T20:15:00\.000Z,254\.999999,false,stale,no beat,1,\d+,2026-06-20T20:10:45\.000001Z,false$/,
    );
  });

  test("on a timeline nothing bad is too short to be seen", async () => {
    const { stdout } = await past.run("history", "--timeline", "--since", "20:00");
    expect(stdout).toMatchInlineSnapshot(`
      "            2026-06-20 20:00                                   20:30                                               21:00
      coder0      hhhhhhhhhhhhhhhhhhhSSSSSSSShhhhhhhhhhhhhhhhhhhhhhhhhhhh?hhhhhhhhhhhhhhhhDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD
      coder1      hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD
      reviewer    hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh?hhhhhhhhhhhhhhhhDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD
      (recorder)  ++++++++++++++++++++++++++++++++++++++++++++++++++++++??+++++++++++++++++++++++++++++++++++++++++++++++++++?

      F failed  D dead  S stale  ? unobserved  h healthy; a cell shows the worst of its 33.3 s.
      "
    `);
    for (const line of stdout.split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(120);
    expect((await past.run("history", "--timeline", "--csv")).exit).toBe(2);
  });

  test("a window that begins before the log says where it begins, and shows that time as unobserved", async () => {
    const lines = (await past.run("history", "coder0", "--since", "19:30", "--until", "20:05")).stdout.split(
      "\n",
    );
    expect(lines.slice(0, 2)).toEqual(["2026-06-20", "20:00:00  -       the log begins"]);
    const words = ["history", "coder0", "--timeline", "--since", "19:30", "--until", "20:30"];
    const bars = (await past.run(...words)).stdout.split("\n");
    expect(bars[1]).toMatch(/^coder0 +\?{54}h/);
    expect(bars[2]).toMatch(/^\(recorder\) +\?{54}\+/);
  });

  test("on a terminal the bars are coloured, and the letters stay in them", () => {
    const declaration = { role: "agent" } as RosterEntry["declaration"];
    const window = { fromUs: 0, toUs: 40e6 };
    const stale = { fromUs: 0, toUs: 20e6, status: "stale", reason: null, why: [], rules: 1 } as const;
    const only = {
      sightings: () => [stale, { ...stale, fromUs: 20e6, toUs: null, status: null }],
      gaps: () => [],
    };
    const input = {
      entries: [{ name: "coder0", declaration, stays: [], declared: [], redeclared: [] }],
      window,
      atUs: 40e6,
    };
    const lines = formatTimeline(only as unknown as Past, input, { width: 52, paint: ansi });
    expect(lines[1]).toBe(`coder0      \u001b[7m\u001b[1;31m${"S".repeat(20)}\u001b[22;39m\u001b[27m`);
    // A cell without a letter is told of, too, and only where there is one.
    const legend = (role: string, status: "healthy" | null) => {
      const entries = [
        { ...input.entries[0], declaration: { role } },
        input.entries[0],
      ] as unknown as RosterEntry[];
      const some = {
        ...only,
        sightings: () => [
          { ...stale, toUs: 20e6 },
          { ...stale, fromUs: 20e6, toUs: null, status },
        ],
      };
      return formatTimeline(some as unknown as Past, { ...input, entries }, { width: null, paint: plain }).at(
        -1,
      );
    };
    expect(legend("agent", null)).toMatch(/^S stale {2}blank off the roster; a cell/);
    expect(legend("stray", null)).toMatch(/^S stale {2}blank not there or off the roster; a cell/);
    expect(legend("agent", "healthy")).toMatch(/^S stale {2}h healthy; a cell/);
  });
});

describe("uptime", () => {
  test("the four buckets add up to the window to the microsecond", async () => {
    const document = await past.json<UptimeDocument>("uptime", "--since", "19:00");
    for (const figures of [...document.agents, ...document.classes, document.total]) {
      const { healthy_us, unhealthy_us, planned_us, unobserved_us, window_us } = figures;
      expect(healthy_us + unhealthy_us + planned_us + unobserved_us).toBe(window_us);
    }
    expect(document.total.window_us).toBe(3 * 2 * 3600 * 1e6);
    const [coder0, coder1] = document.agents;
    expect(coder0).toMatchObject({
      planned_us: 0,
      unhealthy_by_kind_us: { stale: 255e6 - 1, dead: 1199e6 },
      unobserved_us: 3600e6 + 11e6 - 1,
      outages: 2,
      longest_us: 1199e6,
      mttr_us: 255e6 - 1,
    });
    expect(coder1).toMatchObject({ outages: 1, unhealthy_by_kind_us: { failed: expect.any(Number) } });
    expect(coder0?.availability).toBeCloseTo((coder0?.healthy_us ?? 0) / (3600e6 - 11e6), 9);
  });

  test("as a table, with classes and all together, and what the figures are over", async () => {
    const { stdout } = await past.run("uptime", "--since", "20:00");
    expect(stdout).toMatchInlineSnapshot(`
      "NAME                   AVAILABLE               HEALTHY             UNHEALTHY  PLANNED     UNOBSERVED  OUTAGES
      coder0                  59.487 %  35 min 35 s  59.31 %  24 min 14 s  40.39 %        -   11 s  0.30 %        2
      coder1                  33.342 %       20 min  33.33 %  39 min 59 s  66.64 %        -  1.0 s  0.03 %        1
      reviewer                66.592 %  39 min 50 s  66.39 %  19 min 59 s  33.31 %        -   11 s  0.30 %        1
      class implementer (2)   46.396 %  55 min 35 s  46.32 %    1 h 4 min  53.51 %        -   12 s  0.17 %        3
      class reviewer (1)      66.592 %  39 min 50 s  66.39 %  19 min 59 s  33.31 %        -   11 s  0.30 %        1
      jarvis@W-jarvis (3)     53.122 %   1 h 35 min  53.01 %   1 h 24 min  46.78 %        -   23 s  0.21 %        4

      coder0: 2 outages (stale 4 min 15 s, dead 19 min 59 s), longest 19 min 59 s, mean time between them 17 min 47 s, to
      repair 4 min 15 s, of what was seen.
      coder1: 1 outage (failed 20 min, dead 19 min 59 s), longest 39 min 59 s, of what was seen.
      reviewer: 1 outage (dead 19 min 59 s), longest 19 min 59 s, of what was seen.
      class implementer (2): 3 outages (stale 4 min 15 s, dead 39 min 58 s, failed 20 min), longest 39 min 59 s, mean time
      between them 18 min 31 s, to repair 4 min 15 s, of what was seen.
      class reviewer (1): 1 outage (dead 19 min 59 s), longest 19 min 59 s, of what was seen.
      jarvis@W-jarvis (3): 4 outages (stale 4 min 15 s, dead 59 min 57 s, failed 20 min), longest 39 min 59 s, mean time
      between them 23 min 51 s, to repair 4 min 15 s, of what was seen.
      From 2026-06-20 20:00:00 to 2026-06-20 21:00:00. AVAILABLE is healthy / (healthy + unhealthy): over observed time in
      which it should have run; it says nothing of the unobserved part.
      "
    `);
    expect((await past.run("uptime", "nobody")).exit).toBe(3);
    const tooEarly = ["--until", "2026-06-20T18:00Z", "--since", "2026-06-20T17:00Z"];
    for (const words of [["uptime"], ["history"], ["incidents"], ["when", "coder0", "stale"]])
      expect(await past.run(...words, ...tooEarly)).toMatchObject({
        exit: 2,
        stdout: "",
        stderr: expect.stringContaining(
          "nothing is known of before 2026-06-20 18:00:00: the log begins at 2026-06-20 20:00:00",
        ),
      });
  });

  test("shares add up to 100 %, and neither 0 nor 100 is said of what is not", () => {
    expect(formatShares([1, 1, 1, 0])).toEqual(["33.34 %", "33.33 %", "33.33 %", "0 %"]);
    expect(formatShares([1, 999_999_999, 0, 0])).toEqual(["<0.01 %", ">99.99 %", "0 %", "0 %"]);
    expect(formatShares([6, 99_994, 0, 0])).toEqual(["<0.01 %", ">99.99 %", "0 %", "0 %"]);
    expect(formatShares([1, 9999, 0, 0])).toEqual(["0.01 %", "99.99 %", "0 %", "0 %"]);
    expect(formatShares([0, 0, 0, 0])).toEqual(["0 %", "0 %", "0 %", "0 %"]);
    expect(formatShares([5, 0, 0, 0])).toEqual(["100 %", "0 %", "0 %", "0 %"]);
  });
});

test("a recorder that was taken to have ended and says later that it had only stood still is told so; another one's start says nothing of it", async () => {
  const night = seedPast();
  try {
    night.record(0, rosterLook(at(0), { coder0: {} }), tmuxLook(at(0), []));
    const pid = process.pid;
    const started = { pid, pidStart: 1, bootId: BOOT, version: "0.0.0" };
    night.tell(72, { type: "recorder.lapsed", payload: { pid, lastAliveUs: at(60) } });
    night.tell(73, { type: "recorder.started", payload: { ...started, silentSinceUs: at(60) } });
    night.tell(172, { type: "recorder.lapsed", payload: { pid, lastAliveUs: at(160) } });
    night.tell(173, { type: "recorder.started", payload: started });
    night.stop(199);
    night.now(200);
    const { gaps } = await night.json<HistoryDocument>("history");
    expect(gaps.slice(1, 3).map(({ from, cause }) => [from, cause])).toEqual([
      ["2026-06-20T20:01:00.000Z", "starved"],
      ["2026-06-20T20:02:40.000Z", "lapsed"],
    ]);
    // `ps` took the one that stood still to record until its lease of 5 s had run out, and saw of the other that it was not there.
    const observers = ["20:01:04.9", "20:01:05.1", "20:02:40.5"].map(async (time) => {
      const document = await night.json<PsDocument>("ps", "--as-recorded", `2026-06-20T${time}Z`);
      return document.observer.state;
    });
    expect(await Promise.all(observers)).toEqual(["recording", "absent", "absent"]);
    const { stdout } = await night.run("history");
    expect(stdout).toContain("the recorder was stopped or starved, for 13 s; nobody watched");
    expect(stdout).toContain("the recorder ended without a word, for 13 s; nobody watched");
  } finally {
    night.close();
  }
});

test("a beat that a recorder which stood still may not have read is missed by nobody in what `ps` printed then", async () => {
  const night = seedPast();
  try {
    const pane = paneSeen("coder0", 1, { startedAtUs: at(-60) });
    night.record(0, rosterLook(at(0), { coder0: { intervalSeconds: 1 } }), tmuxLook(at(0), [pane]));
    night.beats("coder0", 0, 60, 1);
    // It renewed its lease at 60.4 for the last time, and wrote at 60.6 for the last time.
    const pid = process.pid;
    night.look(60.6, beatLook(at(60.6), "coder0", at(60.6)));
    night.tell(80, { type: "recorder.lapsed", payload: { pid, lastAliveUs: at(60.6) } });
    const started = { pid, pidStart: 1, bootId: BOOT, version: "0.0.0" };
    night.tell(80.1, { type: "recorder.started", payload: { ...started, silentSinceUs: at(60.4) } });
    night.look(81, beatLook(at(81), "coder0", at(81)));
    night.stop(90);
    night.now(100);
    const printed = async (time: string) => {
      const document = await night.json<PsDocument>("ps", "--as-recorded", `2026-06-20T20:01:${time}Z`);
      const [row] = document.agents;
      return [document.observer.state, row?.status, row?.status_reason, row?.pane.state];
    };
    expect(await printed("03.500")).toEqual(["recording", "healthy", null, "alive"]);
    expect(await printed("03.700")).toEqual(["recording", "unobserved", "no evidence", "alive"]);
    expect(await printed("05.399")).toEqual(["recording", "unobserved", "no evidence", "alive"]);
    expect(await printed("05.500")).toEqual(["absent", "unobserved", "no evidence", "unknown"]);
    expect((await night.run("why", "coder0", "--as-recorded", "2026-06-20T20:01:03.700Z")).stdout).toMatch(
      /^coder0 was unobserved: no evidence$/m,
    );
  } finally {
    night.close();
  }
});

test("what was read after the moment that is asked about has no negative age then", async () => {
  const night = seedPast();
  try {
    const panes = (pid: number, startedAt: number) =>
      tmuxLook(at(startedAt), [paneSeen("coder0", 1, { pid, startedAtUs: at(startedAt) })]);
    night.record(0, rosterLook(at(0), { coder0: {} }), panes(1001, -60));
    night.beats("coder0", 0, 30);
    night.stop(30);
    // Nobody looked when it was started anew at 110, found at 120.
    night.record(120, { ...panes(1002, 110), begunAtUs: at(120) });
    night.stop(130);
    night.now(140);
    const asked = ["coder0", "--at", "2026-06-20T20:01:55Z"];
    const why = await night.run("why", ...asked);
    expect(why.stdout).toMatch(/^ {2}pane +alive {2}told 5\.0 s later, by tmux$/m);
    expect(why.stdout).not.toMatch(/ -\d/);
    const { cells } = await night.json<WhyDocument>("why", ...asked);
    expect(cells.find(({ plane }) => plane === "pane")?.observed_at).toMatch(
      /^2026-06-20T20:02:00\.00000\dZ$/,
    );
  } finally {
    night.close();
  }
});

describe("a timeline of single looks", () => {
  test("an absence that a single look found is seen on a timeline, whatever nobody saw around it", async () => {
    const glimpsed = seedPast();
    try {
      glimpsed.sample(0, rosterLook(at(0), { ghost: {} }), tmuxLook(at(0), []));
      glimpsed.now(600);
      const { stdout } = await glimpsed.run("history", "--timeline", "--since", "19:50");
      expect(stdout).toMatch(/^ghost +\?+A+\?+$/m);
      // Ends that minutes would not tell apart are told to the second.
      const short = (await glimpsed.run("history", "--timeline", "--since", "15s")).stdout.split("\n")[0];
      expect(short?.trim()).toMatch(/^2026-06-20 20:09:45 +20:09:52 +20:10:00$/);
    } finally {
      glimpsed.close();
    }
  });
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HistoryDocument } from "../../query/history-document.ts";
import type { IncidentsDocument } from "../../query/incidents.ts";
import type { PsDocument } from "../../query/row.ts";
import type { UptimeDocument } from "../../query/uptime.ts";
import type { WhenDocument } from "../../query/when.ts";
import { beatLook, paneSeen, rosterLook, systemdLook, tmuxLook } from "../support/looks.ts";
import { at, type SeededPast, seedPast, withoutSeqs } from "./support/seeded-past.ts";

describe("with single looks and no recorder", () => {
  let past: SeededPast;
  beforeEach(() => {
    past = seedPast();
  });
  afterEach(() => past.close());

  const unit = { "mosaic-agent@coder0.service": {} };
  const look = (second: number, ...panes: ReturnType<typeof paneSeen>[]) =>
    past.sample(
      second,
      rosterLook(at(second), { coder0: {} }),
      tmuxLook(at(second), panes),
      systemdLook(at(second), unit),
      beatLook(at(second), "coder0", at(0)),
    );
  const lived = (second: number) =>
    look(
      second,
      paneSeen("coder0", 1, { startedAtUs: at(-60) }),
      paneSeen("other", 9, { startedAtUs: at(-60) }),
    );
  const without = (second: number) => look(second, paneSeen("other", 9, { startedAtUs: at(-60) }));

  test("what began while nobody watched is found, and not said to have begun then; what its source dates is", async () => {
    lived(0);
    without(600);
    past.now(700);
    const when = async (state: string) => {
      const { stdout } = await past.run("when", "coder0", state);
      return withoutSeqs(stdout).split(/[;,] (?:once|for)/)[0];
    };
    expect(withoutSeqs((await past.run("when", "coder0", "dead")).stdout)).toContain(
      "coder0 was found dead at 2026-06-20 20:10:00 (1 min 40 s ago; nobody had watched since 20:00:00) (pane missing),",
    );
    expect((await past.json<WhenDocument>("when", "coder0", "dead")).first).toMatchObject({
      witnessed: false,
      not_before: "2026-06-20T20:00:00.000001Z",
    });
    // tmux itself told the time of this one, and its pane is known to have lived until then.
    look(1200, paneSeen("coder0", 1, { pid: 2001, start: 21, startedAtUs: at(1100) }));
    look(
      1800,
      paneSeen("coder0", 1, {
        pid: 2001,
        start: 21,
        startedAtUs: at(1100),
        dead: true,
        status: 3,
        diedAtUs: at(1500),
      }),
    );
    past.now(1900);
    expect(await when("failed")).toBe("coder0 failed at 2026-06-20 20:25:00 (6 min 40 s ago) (exit 3)");
    expect((await past.json<WhenDocument>("when", "coder0", "failed")).first).toMatchObject({
      witnessed: true,
      not_before: null,
    });
    // A pane that lived on is no witness of when its silence began: there is no file that would have held its beats.
    for (const second of [2400, 3000])
      past.sample(
        second,
        rosterLook(at(second), { coder0: {}, mute: {} }),
        tmuxLook(at(second), [paneSeen("mute", 5, { startedAtUs: at(2399) })]),
      );
    past.now(3100);
    expect((await past.json<WhenDocument>("when", "mute", "silent")).first).toMatchObject({
      ...{ from: "2026-06-20T20:50:00.000Z", witnessed: false, not_before: "2026-06-20T20:40:00.000001Z" },
    });
    const { incidents } = await past.json<IncidentsDocument>("incidents", "mute");
    expect(incidents[0]?.deaths[0]).toMatchObject({ course: [{ status: "silent" }], witnessed: false });
  });

  test("an absence that is found again at each look is one absence; what the first look found is told since its own start by every verb", async () => {
    const bare = (second: number) =>
      past.sample(
        second,
        rosterLook(at(second), { coder0: {}, ghost: {}, guest: { heartbeat: "not-expected" } }),
        tmuxLook(at(second), [paneSeen("guest", 9, { startedAtUs: at(-60) })]),
      );
    bare(0);
    past.now(2);
    expect(
      (await past.run("when", "ghost", "absent", "--since", "19:59")).stdout.replaceAll("\n", " "),
    ).toContain(
      "ghost was absent already at 2026-06-20 20:00:00 (2.0 s ago), when the log begins (never-ran), seen by a single look",
    );
    for (const second of [600, 1200, 1800]) bare(second);
    past.now(2400);
    expect((await past.run("when", "ghost", "absent")).stdout.replaceAll("\n", " ")).toContain(
      "(never-ran), for at least 30 min, until watching ended (found so 4 times; of that 30 min nobody watched) [#2]; once in the last 24 h.",
    );
    const { stdout } = await past.run("history", "ghost", "guest");
    expect(withoutSeqs(stdout)).toMatchInlineSnapshot(`
      "2026-06-20
      20:00:00  -      the log begins
      20:00:00  ghost  absent, for at least 30 min (found so 4 times; of that 30 min nobody watched): never-ran  [#]
      20:00:00  guest  running, for at least 30 min, and before the log since 19:59:00  [#]
      20:30:00  ghost  unobserved, for 10 min so far: no evidence
      20:30:00  guest  unobserved, for 10 min so far: no evidence
      "
    `);
    expect(
      (await past.run("history", "ghost", "--all")).stdout.match(/absent, seen by a single look/g),
    ).toHaveLength(4);

    const since = "2026-06-20T19:59:00.000Z";
    const table = await past.json<PsDocument>("ps", "--at", "20:20");
    expect(table.agents.find(({ name }) => name === "guest")?.since).toBe(since);
    const { agents } = await past.json<HistoryDocument>("history", "guest");
    expect(agents[0]?.intervals.find(({ status }) => status === "running")).toMatchObject({
      since,
      began_before: true,
    });
    const when = await past.json<WhenDocument>("when", "guest", "running");
    expect(when).toMatchObject({
      count: 1,
      first: { since, began_before: true, from: "2026-06-20T20:00:00.000Z" },
    });
    expect((await past.run("when", "guest", "running")).stdout.replaceAll("\n", " ")).toContain(
      "when the log begins, and had been since 2026-06-20 19:59:00",
    );
    const sql = "SELECT since_at FROM intervals WHERE agent = 'guest' AND status = 'running'";
    expect((await past.run("sql", sql)).stdout).toContain("2026-06-20T19:59:00.000000Z");
  });

  test("a death that is found again at each look is one incident and one line, with what nobody watched", async () => {
    lived(0);
    for (const second of [600, 1200, 1800, 2400]) without(second);
    past.now(2700);
    const { incidents } = await past.json<IncidentsDocument>("incidents");
    expect(incidents.flatMap(({ deaths }) => deaths)).toMatchObject([
      {
        at: "2026-06-20T20:10:00.000Z",
        witnessed: false,
        not_before: "2026-06-20T20:00:00.000001Z",
        until: null,
        stretches: 4,
        course: [{ status: "dead", reason: "pane missing" }],
      },
    ]);
    expect(withoutSeqs((await past.run("incidents")).stdout)).toMatchInlineSnapshot(`
      "2026-06-20 20:10:00  coder0  dead (pane missing), for 30 min, seen by 4 looks only, and not seen well since; it happened
                           while nobody watched (found so by the next look); somewhere between 20:00:00 and then: nobody
                           watched; pane %1 (process 1001) was gone at 20:10:00; unit active; last beat 10 min before; who was
                           attached is not known [#]

      1 failure between 2026-06-19 20:45:00 and 2026-06-20 20:45:00.
      "
    `);
    expect(withoutSeqs((await past.run("history")).stdout)).toMatchInlineSnapshot(`
      "2026-06-20
      20:00:00  -       the log begins
      20:00:00  coder0  healthy, seen by a single look  [#]
      20:00:00  coder0  unobserved, for 10 min: no evidence
      20:10:00  coder0  dead, for at least 30 min (found so 4 times; of that 30 min nobody watched): pane missing  [#]
      20:40:00  coder0  unobserved, for 5 min so far: no evidence
      "
    `);
    expect((await past.run("history", "--all")).stdout.match(/dead/g)).toHaveLength(4);
    const { agents } = await past.json<UptimeDocument>("uptime");
    expect(agents[0]).toMatchObject({ outages: 1, unhealthy_us: 4, planned_us: 0 });
    // Well at one look and down at four is no availability of 20 %, nor of 100 %.
    expect((await past.run("uptime")).stdout).toMatch(/^coder0 +\? +0.0 s/m);
    expect((await past.run("uptime")).stdout).toContain(
      "1 outage (dead), known of single moments only: for how long is not known.",
    );
    // A window that begins in the middle of it begins no failure of its own.
    const later = await past.json<IncidentsDocument>("incidents", "--since", "20:25");
    expect(later.incidents[0]?.deaths).toMatchObject([
      { began_before: true, at: "2026-06-20T20:25:00.000Z", began_at: "2026-06-20T20:10:00.000Z" },
    ]);
    expect((await past.json<UptimeDocument>("uptime", "--since", "20:25")).agents[0]).toMatchObject({
      outages: 1,
      mtbf_us: null,
    });
  });

  test("a stay is the same whichever window shows a part of it, for every verb", async () => {
    lived(0);
    for (const second of [600, 1200, 1800, 2400]) without(second);
    past.now(2700);
    const since = "2026-06-20T20:10:00.000Z";
    const table = await past.json<PsDocument>("ps", "--at", "2026-06-20T20:30Z");
    expect(table.agents[0]).toMatchObject({ status: "dead", since });
    const when = async (...window: string[]) =>
      (await past.json<WhenDocument>("when", "coder0", "dead", ...window)).first;
    expect(await when()).toMatchObject({ from: since, since, to: "2026-06-20T20:40:00.000001Z", found: 4 });
    // A window that begins, or ends, where nobody watched: what was found before and after it is known now.
    expect(await when("--since", "20:25")).toMatchObject({ began_before: true, since, end_witnessed: false });
    expect(await when("--until", "20:25")).toMatchObject({
      ...{
        from: since,
        to: null,
        seconds: 900,
        found: 2,
        unobserved_seconds: 899.999998,
        end_witnessed: null,
      },
    });
    // Of what came after its end nothing is known yet.
    expect(await when("--until", "20:42")).toMatchObject({
      ...{ from: since, to: "2026-06-20T20:40:00.000001Z", end_witnessed: false },
    });
    const story = async (...window: string[]) => withoutSeqs((await past.run("history", ...window)).stdout);
    const line =
      "20:10:00  coder0  dead, for at least 30 min (found so 4 times; of that 30 min nobody watched): pane missing  [#]";
    for (const window of [[], ["--since", "20:05"], ["--since", "20:25"], ["--since", "20:39"]])
      expect((await story(...window)).split("\n").filter((told) => told.includes("dead"))).toEqual([line]);
    expect(await story("--since", "20:25")).not.toContain("20:20:00");
    // And nothing is told of what came after the window.
    expect(await story("--until", "20:25")).toContain(
      "20:10:00  coder0  dead, for 15 min to the window's end (found so 2 times; of that 15 min nobody watched): pane missing\n",
    );
    expect(await story("--until", "20:05", "--since", "20:02")).toContain(
      "20:00:00  coder0  unobserved, for 5 min to the window's end: no evidence\n",
    );
  });

  test("two that were down already when the window begins share no moment for that", async () => {
    const two = (second: number, ...panes: ReturnType<typeof paneSeen>[]) =>
      past.sample(
        second,
        rosterLook(at(second), { coder0: {}, coder1: {} }),
        tmuxLook(at(second), panes),
        ...panes.map(({ name }) => beatLook(at(second), name, at(second))),
      );
    const [one, other] = [
      paneSeen("coder0", 1, { startedAtUs: at(-60) }),
      paneSeen("coder1", 2, { startedAtUs: at(-60) }),
    ];
    two(0, one, other);
    two(600, other);
    two(1200);
    two(3000);
    past.now(3100);
    const { incidents } = await past.json<IncidentsDocument>("incidents", "--since", "20:30");
    expect(incidents.map(({ deaths }) => deaths.map(({ agent, began_at }) => [agent, began_at]))).toEqual([
      [["coder0", "2026-06-20T20:10:00.000Z"]],
      [["coder1", "2026-06-20T20:20:00.000Z"]],
    ]);
  });

  test("two that went together before the window did so then, whoever else was down when it begins", async () => {
    const dead = (name: string, pane: number, second: number) =>
      paneSeen(name, pane, { startedAtUs: at(-60), dead: true, signal: 9, diedAtUs: at(second) });
    const live = (name: string, pane: number) => paneSeen(name, pane, { startedAtUs: at(-60) });
    const names = { coder0: {}, coder1: {}, coder2: {} };
    past.record(0, rosterLook(at(0), names), tmuxLook(at(0), Object.keys(names).map(live)));
    for (const name of Object.keys(names)) past.beats(name, 0, 0);
    past.look(30, tmuxLook(at(30), [live("coder0", 0), dead("coder1", 1, 30), live("coder2", 2)]));
    const all = [dead("coder0", 0, 40), dead("coder1", 1, 30), dead("coder2", 2, 40)];
    past.look(40, tmuxLook(at(40), all));
    past.stop(1799);
    past.now(1800);
    for (const window of [
      ["--since", "20:15", "--until", "20:20"],
      ["--since", "10m"],
    ]) {
      const { incidents } = await past.json<IncidentsDocument>("incidents", ...window);
      expect(
        incidents.map(({ cause, deaths }) => [cause?.kind ?? null, deaths.map(({ agent }) => agent)]),
      ).toEqual([
        [null, ["coder1"]],
        ["same-moment", ["coder0", "coder2"]],
      ]);
      const told = (await past.run("incidents", ...window)).stdout.replaceAll(/\s+/g, " ");
      expect(told).toContain(
        "2026-06-20 20:00:40 at the same moment (no common cause is known): 2 agents; it began before the window coder0 failed",
      );
    }
  });

  test("a life that came and went between two looks makes two deaths of it", async () => {
    const dead = (second: number, pid: number) =>
      look(
        second,
        paneSeen("coder0", 1, { pid, dead: true, signal: 9, start: null, diedAtUs: at(second - 60) }),
      );
    lived(0);
    dead(600, 1001);
    dead(1200, 1001);
    dead(1800, 2001);
    past.now(2000);
    const { incidents } = await past.json<IncidentsDocument>("incidents");
    expect(incidents.flatMap(({ deaths }) => deaths.map(({ at: when, pane }) => [when, pane?.pid]))).toEqual([
      // It went stale first, and died then: one outage of one life.
      ["2026-06-20T20:00:45.000001Z", 1001],
      ["2026-06-20T20:29:00.000Z", 2001],
    ]);
  });
});

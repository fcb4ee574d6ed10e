import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { DiffDocument } from "../../query/diff.ts";
import type { HistoryDocument } from "../../query/history-document.ts";
import type { IncidentsDocument } from "../../query/incidents.ts";
import type { PsDocument } from "../../query/row.ts";
import type { UptimeDocument } from "../../query/uptime.ts";
import type { WhenDocument } from "../../query/when.ts";
import {
  BOOT,
  beatLook,
  paneSeen,
  processLook,
  rosterLook,
  systemdLook,
  tmuxLook,
} from "../support/looks.ts";
import { at, type SeededPast, seedEvening, seedPast } from "./support/seeded-past.ts";

const plain = (text: string) => text.replaceAll(/\[#[\d, #]+\]/g, "[#]");

describe("of the evening", () => {
  let past: SeededPast;
  beforeAll(() => {
    past = seedEvening();
  });
  afterAll(() => past.close());

  test("incidents are certificates, those of one cause together", async () => {
    const { exit, stdout } = await past.run("incidents", "--since", "20:00");
    expect(exit).toBe(0);
    expect(plain(stdout)).toMatchInlineSnapshot(`
      "2026-06-20 20:10:45  coder0  stale (no beat), for 4 min 15 s; unit active; last beat 45 s before; nobody was attached
                           [#]
      2026-06-20 20:20:00  coder1  failed (signal 9), then dead (signal 9), for 39 min 59 s and not seen well since; pane %2
                           (process 1002) ended by signal 9 at 20:20:00; unit active; last beat 15 s before; nobody was
                           attached [#]
      2026-06-20 20:40:00  the tmux server went (process 900 on mosaic-factory), and with it 2 agents
          coder0    dead (tmux server gone), for 19 min 59 s and not seen well since; pane %1 (process 1001) was gone at
          20:40:00; unit active; last beat 20 s before; nobody was attached [#]
          reviewer  dead (tmux server gone), for 19 min 59 s and not seen well since; pane %3 (process 1003) was gone at
          20:40:00; unit active; last beat 20 s before; nobody was attached [#]

      4 failures in 3 incidents between 2026-06-20 20:00:00 and 2026-06-20 21:00:00.
      "
    `);
    const { incidents } = await past.json<IncidentsDocument>("incidents", "--since", "20:00");
    expect(
      incidents.map(({ cause, deaths }) => [cause?.kind ?? null, deaths.map(({ agent }) => agent)]),
    ).toEqual([
      [null, ["coder0"]],
      [null, ["coder1"]],
      ["tmux-server", ["coder0", "reviewer"]],
    ]);
    expect(incidents[1]?.deaths[0]).toMatchObject({
      at: "2026-06-20T20:20:00.000Z",
      witnessed: true,
      until: null,
      pane: { state: "dead", exit_status: null, signal: 9, pid: 1002, at: "2026-06-20T20:20:00.000Z" },
      last_beat: { at: "2026-06-20T20:19:45.000Z" },
      course: [
        { status: "failed", reason: "signal 9" },
        { status: "dead", reason: "signal 9" },
      ],
    });
  });

  test("what was under way when the window began is told as such; a quiet window has none", async () => {
    const { incidents } = await past.json<IncidentsDocument>("incidents", "coder1", "--since", "20:25");
    expect(incidents[0]?.deaths[0]).toMatchObject({
      began_before: true,
      at: "2026-06-20T20:25:00.000Z",
      began_at: "2026-06-20T20:20:00.000Z",
    });
    // What was before is told of the failure, not of the window.
    const told = (await past.run("incidents", "coder1", "--since", "20:25")).stdout.replaceAll(/\s+/g, " ");
    expect(told).toMatch(
      /^2026-06-20 20:20:00 coder1 failed \(signal 9\), then dead \(signal 9\), for 39 min 59 s and/,
    );
    expect(told).toContain("it began before the window: 34 min 59 s of it lie within;");
    expect(told).toContain("last beat 15 s before");
    const { stdout } = await past.run("incidents", "reviewer", "--since", "20:00", "--until", "20:30");
    expect(stdout).toContain(
      "Nothing failed between 2026-06-20 20:00:00 and 2026-06-20 20:30:00, as far as anybody saw",
    );
    expect((await past.run("incidents", "nobody")).exit).toBe(3);
  });

  test("who had failed already and lost its server then is dead since then, of what it died of, on every surface", async () => {
    const ps = await past.json<PsDocument>("ps", "coder1", "--at", "20:50");
    expect(ps.agents[0]).toMatchObject({
      status: "dead",
      status_reason: "signal 9",
      since: "2026-06-20T20:40:00.000Z",
      pane: { state: "missing", signal: 9 },
    });
    const when = await past.json<WhenDocument>("when", "coder1", "dead", "--at", "20:50");
    expect(when.last?.from).toBe("2026-06-20T20:40:00.000Z");
  });

  test("diff names what changed, and who is the same again", async () => {
    const { stdout } = await past.run("diff", "20:05", "20:25");
    expect(plain(stdout)).toMatchInlineSnapshot(`
      "= coder0  the same again, after 2 changes of status
      ~ coder1  status healthy -> failed; reason nothing -> signal 9; pane alive -> dead; signal nothing -> 9; heartbeat
                healthy -> stale

      Between 2026-06-20 20:05:00 and 2026-06-20 20:25:00; 1 other agent unchanged.
      "
    `);
    const document = await past.json<DiffDocument>("diff", "20:05", "20:25");
    expect(document.agents.map(({ name, change, turns }) => [name, change, turns])).toEqual([
      ["coder0", "returned", 2],
      ["coder1", "changed", 1],
    ]);
    expect((await past.run("diff", "20:01", "20:02")).stdout).toContain("Nothing changed between");
    expect((await past.run("diff", "20:30", "20:45")).stdout).toContain("; all have changed.");
    expect((await past.run("diff", "19:00")).stderr).toContain("the log begins at");
    expect((await past.run("diff", "21:30")).stderr).toContain("lies in the future");
    const gone = await past.json<DiffDocument>("diff", "20:05", "--agent", "reviewer");
    expect(gone.agents[0]?.cells[0]).toEqual({ cell: "status", from: "healthy", to: "unobserved" });
    expect(gone.to.observer).toBe("absent");
    expect(gone.agents[0]?.cells.map(({ cell }) => cell)).not.toContain("pane");
  });

  test("a class that nobody was of is nobody's, for each verb, and not a quiet window", async () => {
    for (const verb of ["incidents", "history"]) {
      const { exit, stdout, stderr } = await past.run(verb, "--class", "nope");
      expect({ exit, stdout }).toEqual({ exit: 0, stdout: "" });
      expect(stderr).toContain("Nobody that was asked for was on the roster then");
    }
    expect((await past.json<IncidentsDocument>("incidents", "--class", "nope")).incidents).toEqual([]);
  });

  test("to a diff time that nobody watched is no change", async () => {
    const document = await past.json<DiffDocument>("diff", "20:45", "2026-06-20T20:59:59.5Z");
    expect(document).toMatchObject({
      agents: [],
      compared: 3,
      unknown: ["coder0", "coder1", "reviewer"].map((name) => ({ name, at: "to" })),
    });
    expect((await past.run("diff", "20:45", "2026-06-20T20:59:59.5Z")).stdout).toBe(
      [
        "Nothing was seen to change between 2026-06-20 20:45:00 and 2026-06-20 20:59:59.",
        "Whether anything changed is not known of coder0, coder1, reviewer.",
        "Nobody was watching at 2026-06-20 20:59:59.",
        "",
      ].join("\n"),
    );
    // Found unwell after that it is said all the same; and a gap between two moments that were watched is no turn.
    const found = await past.json<DiffDocument>("diff", "20:30:50", "20:45");
    expect(found.agents.map(({ name, change }) => [name, change])).toEqual([
      ["coder0", "changed"],
      ["coder1", "changed"],
      ["reviewer", "changed"],
    ]);
    expect((await past.run("diff", "20:29", "20:35")).stdout).toContain("Nothing changed between");
  });
});

test("time of a class is what was of it: an agent that changed its class counts to both", async () => {
  const past = seedPast();
  try {
    const roster = (second: number, of: string) =>
      rosterLook(at(second), { coder0: { class: of }, coder1: {} });
    past.record(0, roster(0, "reviewer"), tmuxLook(at(0), []));
    past.look(600, roster(600, "implementer"));
    past.now(1000);
    const { classes } = await past.json<UptimeDocument>("uptime", "--since", "20:00");
    expect(classes.map((one) => [one.class, one.agents, one.window_us])).toEqual([
      ["reviewer", 1, 600e6],
      ["implementer", 2, 1400e6],
    ]);
    const all = await past.json<UptimeDocument>("uptime", "--since", "20:00");
    expect(all.agents.map((one) => [one.name, one.class, one.window_us])).toEqual([
      ["coder0", "implementer", 1000e6],
      ["coder1", "implementer", 1000e6],
    ]);
    // Whoever asks for a class is told of the time in it, and of no other.
    const asked = ["uptime", "--since", "20:00", "--class", "reviewer"];
    const { agents, classes: told, total } = await past.json<UptimeDocument>(...asked);
    expect(agents.map((one) => [one.name, one.class, one.window_us])).toEqual([
      ["coder0", "reviewer", 600e6],
    ]);
    expect(told.map((one) => [one.class, one.agents, one.window_us])).toEqual([["reviewer", 1, 600e6]]);
    expect(total).toMatchObject({ agents: 1, window_us: 600e6 });
    const { stdout } = await past.run(...asked);
    expect(stdout).toContain("coder0 was of class reviewer for 10 min of it: only that time counts here.");
    expect(stdout).not.toContain("class implementer");
    const both = await past.json<UptimeDocument>(...asked, "--class", "implementer");
    expect(both).toEqual({ ...all, at: both.at });
    // And of what failed while it was of that class.
    const alive = [paneSeen("coder0", 1, { startedAtUs: at(1000) })];
    past.look(1001, tmuxLook(at(1001), alive));
    past.look(1100, tmuxLook(at(1100), []));
    past.stop(1200);
    past.now(1201);
    const failed = async (of: string) => {
      const words = ["incidents", "--since", "20:00", "--class", of];
      const { incidents } = await past.json<IncidentsDocument>(...words);
      return incidents.flatMap(({ deaths }) => deaths.map((death) => [death.agent, death.class]));
    };
    expect(await failed("implementer")).toEqual([["coder0", "implementer"]]);
    expect(await failed("reviewer")).toEqual([]);
  } finally {
    past.close();
  }
});

test("to a diff a command that nobody could read is not nothing", async () => {
  const night = seedPast();
  try {
    const looks = (second: number) => [
      rosterLook(at(second), { coder0: {} }),
      tmuxLook(at(second), [paneSeen("coder0", 1)]),
      processLook(at(second), [{ agent: "coder0", pane: "%1", panePid: 1001, name: "pi" }]),
    ];
    night.record(0, ...looks(0));
    night.stop(30);
    // A new life, of which nobody has read yet what it runs.
    const born = { pid: 2000, start: 9, startedAtUs: at(50) };
    night.record(90, rosterLook(at(90), { coder0: {} }), tmuxLook(at(90), [paneSeen("coder0", 1, born)]));
    night.stop(100);
    night.now(120);
    const rows = await night.json<PsDocument>("ps", "--at", "20:01");
    expect(rows.agents[0]).toMatchObject({ pane: { state: "alive", command: null } });
    const { agents } = await night.json<DiffDocument>("diff", "2026-06-20T20:00:10Z", "20:01");
    expect(agents.flatMap(({ cells }) => cells.map(({ cell }) => cell))).not.toContain("command");
  } finally {
    night.close();
  }
});

test("to a diff another interval on the roster is a change, and so is whether beats are expected at all", async () => {
  const night = seedPast();
  try {
    night.record(0, rosterLook(at(0), { coder0: { intervalSeconds: 1 }, coder1: {} }), tmuxLook(at(0), []));
    night.look(
      30,
      rosterLook(at(30), { coder0: { intervalSeconds: 4 }, coder1: { heartbeat: "not-expected" } }),
    );
    night.stop(90);
    night.now(120);
    const asked = ["diff", "2026-06-20T20:00:20Z", "2026-06-20T20:00:40Z"];
    const { agents } = await night.json<DiffDocument>(...asked);
    expect(agents.map(({ name, cells }) => [name, cells.filter(({ cell }) => cell !== "status")])).toEqual([
      ["coder0", [{ cell: "interval", from: "1 s", to: "4 s" }]],
      ["coder1", expect.arrayContaining([{ cell: "expected to beat", from: "yes", to: "no" }])],
    ]);
    expect((await night.run(...asked)).stdout).toContain("interval 1 s -> 4 s");
  } finally {
    night.close();
  }
});

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
      return plain(stdout).split(/[;,] (?:once|for)/)[0];
    };
    expect(plain((await past.run("when", "coder0", "dead")).stdout)).toContain(
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
    expect(plain(stdout)).toMatchInlineSnapshot(`
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
    expect(plain((await past.run("incidents")).stdout)).toMatchInlineSnapshot(`
      "2026-06-20 20:10:00  coder0  dead (pane missing), for 30 min, seen by 4 looks only, and not seen well since; it happened
                           while nobody watched (found so by the next look); somewhere between 20:00:00 and then: nobody
                           watched; pane %1 (process 1001) was gone at 20:10:00; unit active; last beat 10 min before; who was
                           attached is not known [#]

      1 failure between 2026-06-19 20:45:00 and 2026-06-20 20:45:00.
      "
    `);
    expect(plain((await past.run("history")).stdout)).toMatchInlineSnapshot(`
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
    const story = async (...window: string[]) => plain((await past.run("history", ...window)).stdout);
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

describe("causes", () => {
  let past: SeededPast;
  beforeEach(() => {
    past = seedPast();
  });
  afterEach(() => past.close());

  const incidents = async () =>
    (await past.json<IncidentsDocument>("incidents", "--since", "20:00")).incidents;
  const unit = (agent: string) => `mosaic-agent@${agent}.service`;
  const alive = (second: number, ...agents: string[]) =>
    tmuxLook(
      at(second),
      agents.map((agent, index) => paneSeen(agent, index + 1, { startedAtUs: at(-60) })),
    );
  const exited = {
    type: "heartbeat.writer.exited",
    source: "heartbeat",
    payload: { pid: 4000, pidStart: 7 },
  } as const;
  const begin = () =>
    past.record(
      0,
      rosterLook(at(0), { coder0: {}, coder1: {} }),
      alive(0, "coder0", "coder1"),
      systemdLook(at(0), { [unit("coder0")]: {}, [unit("coder1")]: {} }, { bootedAtUs: at(-7200) }),
      beatLook(at(0), "coder0", at(0)),
      beatLook(at(0), "coder1", at(0)),
    );

  /** The machine booted at 130, and a recorder that came at `second` found nothing left. */
  const rebootedBy = (second: number) => {
    const boot = { bootId: `2222${BOOT.slice(4)}`, bootedAtUs: at(130) };
    const gone = tmuxLook(at(second), [], { server: null, goneReason: "no-socket" });
    past.record(second, gone, systemdLook(at(second), {}, boot));
    past.stop(second + 100);
    past.now(second + 100);
  };
  const causes = async () =>
    (await incidents()).map(({ cause, deaths }) => [cause?.kind, deaths.map(({ agent }) => agent)]);

  test("what the recorder still sees to die in the moment in which a shutdown ends it is the reboot's; what it saw before is not", async () => {
    begin();
    past.beats("coder0", 15, 90);
    past.beats("coder1", 15, 90);
    past.tell(97, { ...exited, agent: "coder0", occurredAtUs: at(97) });
    past.tell(99.8, { ...exited, agent: "coder1", occurredAtUs: at(99.8) });
    past.stop(100);
    rebootedBy(200);
    expect(await causes()).toEqual([
      [undefined, ["coder0"]],
      ["reboot", ["coder1"]],
    ]);
  });

  test("where the recorder ended without a word the machine ended all at once: what it outlived was not the reboot's", async () => {
    begin();
    past.beats("coder0", 15, 90);
    past.beats("coder1", 15, 90);
    past.tell(99, { ...exited, agent: "coder0", occurredAtUs: at(99) });
    past.tell(99.8, { ...exited, agent: "coder1", occurredAtUs: at(99.8) });
    const lapsed = { pid: 1, lastAliveUs: at(99.9) };
    past.tell(200, { type: "recorder.lapsed", payload: lapsed, occurredAtUs: at(200) });
    rebootedBy(200);
    expect(await causes()).toEqual([
      [undefined, ["coder0"]],
      ["reboot", ["coder1"]],
    ]);
  });

  test("a reboot is the cause of all that it ended, at its own hour, also when nobody recorded", async () => {
    begin();
    past.beats("coder0", 15, 90);
    past.beats("coder1", 15, 90);
    past.stop(100);
    const boot = { bootId: `2222${BOOT.slice(4)}`, bootedAtUs: at(130) };
    const ended = { active: "inactive", sub: "dead" };
    past.record(
      200,
      tmuxLook(at(200), [], { server: null, goneReason: "no-socket" }),
      systemdLook(at(200), { [unit("coder0")]: ended, [unit("coder1")]: ended }, boot),
    );
    past.stop(300);
    past.now(300);
    const [incident, ...others] = await incidents();
    expect(others).toEqual([]);
    expect(incident).toMatchObject({
      at: "2026-06-20T20:02:10.000Z",
      cause: { kind: "reboot", detail: "boot 22221111", at: "2026-06-20T20:02:10.000Z" },
    });
    expect(incident?.deaths.map(({ agent }) => agent)).toEqual(["coder0", "coder1"]);
    expect((await past.run("incidents", "--since", "20:00")).stdout).toMatch(
      /^2026-06-20 20:02:10 {2}the machine was rebooted \(boot 22221111 at 20:02:10\), and with it 2 agents$/m,
    );
  });

  test("a boot within the very second in which the machine went down is known by its name", async () => {
    begin();
    past.beats("coder0", 15, 90);
    past.beats("coder1", 15, 90);
    past.stop(100.4);
    const ended = { active: "inactive", sub: "dead" };
    past.record(
      200,
      tmuxLook(at(200), [], { server: null, goneReason: "no-socket" }),
      systemdLook(
        at(200),
        { [unit("coder0")]: ended, [unit("coder1")]: ended },
        { bootId: `2222${BOOT.slice(4)}`, bootedAtUs: at(100) },
      ),
    );
    past.stop(300);
    past.now(300);
    const found = await incidents();
    expect(found.map(({ cause, deaths }) => [cause?.kind, deaths.map(({ agent }) => agent)])).toEqual([
      ["reboot", ["coder0", "coder1"]],
    ]);
    expect(found[0]?.deaths[0]?.witnessed).toBe(false);
  });

  test("a server took them along also in a window that begins after that", async () => {
    begin();
    past.beats("coder0", 15, 90);
    past.beats("coder1", 15, 90);
    for (const agent of ["coder0", "coder1"]) past.tell(99.5, { ...exited, agent, occurredAtUs: at(99.5) });
    past.look(100, tmuxLook(at(100), [], { server: null, goneReason: "refused" }));
    past.stop(200);
    past.now(200);
    const causes = async (...argv: string[]) =>
      (await past.json<IncidentsDocument>("incidents", ...argv)).incidents.map(({ cause, deaths }) => [
        cause?.kind,
        deaths.map(({ agent }) => agent),
      ]);
    const one = [["tmux-server", ["coder0", "coder1"]]];
    expect(await causes("--since", "20:00")).toEqual(one);
    expect(await causes("--since", "20:02")).toEqual(one);
  });

  test("a user manager that goes takes the tmux server with it", async () => {
    begin();
    past.look(30, tmuxLook(at(30), [], { server: null, goneReason: "refused" }));
    const payload = { source: "systemd", scope: "", reason: "no bus" };
    past.tell(31, { type: "recorder.source.unavailable", payload });
    past.stop(60);
    past.now(60);
    expect((await incidents()).map(({ cause, deaths }) => [cause?.kind, deaths.length])).toEqual([
      ["user-manager", 2],
    ]);
  });

  test("a user manager that is restarted has taken along what does not come back", async () => {
    begin();
    const line = (second: number, agent: string | null, name: string, what: string, jobType: string) =>
      past.tell(second, {
        type: "journal.unit.logged",
        agent,
        source: "journal",
        payload: {
          ...{
            unit: name,
            what,
            jobType,
            jobResult: "done",
            exitCode: null,
            exitStatus: null,
            unitResult: null,
          },
          ...{ restarts: null, invocationId: null, bootId: null, priority: null, message: null },
        },
      });
    line(28, null, "default.target", "stopped", "stop");
    for (const agent of ["coder0", "coder1"]) line(28.1, agent, unit(agent), "stopping", "stop");
    past.look(29, tmuxLook(at(29), [paneSeen("coder1", 2)]));
    past.look(30, tmuxLook(at(30), [], { server: null, goneReason: "refused" }));
    for (const agent of ["coder0", "coder1"]) line(30.1, agent, unit(agent), "stopped", "stop");
    line(35, null, "default.target", "started", "start");
    past.stop(60);
    past.now(60);
    const found = await incidents();
    expect(found.map(({ cause, deaths }) => [cause, deaths.map(({ agent }) => agent)])).toEqual([
      [
        { kind: "user-manager", detail: "default.target stopped", at: "2026-06-20T20:00:28.000Z" },
        ["coder0", "coder1"],
      ],
    ]);
    expect(plain((await past.run("incidents")).stdout)).toMatch(
      /^2026-06-20 20:00:35 {2}the user manager was stopped \(default\.target stopped at 20:00:28\), and with it 2 agents$/m,
    );
  });

  test("who never ran has not failed; its first death is an incident, of which nobody misses a beat that was not expected", async () => {
    const notExpected = { heartbeat: "not-expected" } as const;
    const holder = { ...notExpected, role: "holder", runtime: null, class: "holder" } as const;
    past.record(0, rosterLook(at(0), { _holder: holder, mute: notExpected }), tmuxLook(at(0), []));
    past.look(10, tmuxLook(at(10), [paneSeen("_holder", 1), paneSeen("mute", 2)]));
    past.look(20, tmuxLook(at(20), [paneSeen("_holder", 1)]));
    past.stop(30);
    past.now(30);
    const table = await past.json<PsDocument>("ps", "--at", "20:00:05");
    expect(table.agents.map(({ status, status_reason }) => [status, status_reason])).toEqual([
      ["dead", "never-ran"],
      ["dead", "never-ran"],
    ]);
    expect((await past.run("incidents", "--until", "20:00:15")).stdout).toMatch(/^Nothing failed /);
    expect(plain((await past.run("incidents")).stdout).replaceAll(/\s+/g, " ")).toMatch(
      /^2026-06-20 20:00:20 mute dead \(pane missing\), for 10 s and not seen well since; pane %2 \(process 1002\) was gone at 20:00:20; nobody was attached \[#\] 1 failure /,
    );
    // As with one that is absent: nothing of it could be observed until its first run.
    const { agents } = await past.json<UptimeDocument>("uptime", "--since", "20:00");
    expect(agents.map((one) => [one.name, one.healthy_us, one.unhealthy_us, one.unobserved_us])).toEqual([
      ["mute", 10e6, 10e6, 10e6],
      ["_holder", 20e6, 0, 10e6],
    ]);
    expect(agents.map(({ outages, availability }) => [outages, availability])).toEqual([
      [1, 0.5],
      [0, 1],
    ]);
  });

  test("one whose unit has started it, and of which nobody ever saw a pane, has failed", async () => {
    past.record(
      0,
      rosterLook(at(0), { mute: { heartbeat: "not-expected", unit: unit("mute") } }),
      tmuxLook(at(0), []),
      systemdLook(at(0), { [unit("mute")]: { sinceUs: at(-60) } }),
    );
    past.stop(4);
    past.now(4);
    const { stdout } = await past.run("incidents");
    expect(plain(stdout).replaceAll(/\s+/g, " ")).toContain(
      "mute dead (pane missing), for at least 4.0 s and not seen well since; it was so when it was first looked at; no pane of it was ever seen; unit active; who was attached is not known",
    );
  });

  test("a session that was renamed is not said to have gone, and by what name it runs on", async () => {
    past.record(0, rosterLook(at(0), { coder0: {} }), tmuxLook(at(0), [paneSeen("coder0", 1)]));
    past.look(10, tmuxLook(at(10), [paneSeen("zed", 1)]));
    past.look(12, beatLook(at(12), "coder0", at(12), { pid: 1001 }));
    past.stop(20);
    past.now(20);
    const words = (...argv: string[]) =>
      past.run(...argv).then(({ stdout }) => plain(stdout).replaceAll(/\s+/g, " "));
    expect(await words("incidents")).toContain(
      "dead (session renamed to zed), for 10 s and not seen well since; pane %1 (process 1001) did not end: its session was renamed to zed at 20:00:10;",
    );
    expect(await words("ps", "--at", "20:00:15")).toContain("session renamed to zed, pid 1001 still beats");
    expect(await words("why", "coder0", "--at", "20:00:15")).toContain("session renamed to zed");
  });

  test("the kernel's verdict, who was attached and the last message stand in the certificate", async () => {
    begin();
    past.tell(5, {
      type: "message.submitted",
      agent: "coder0",
      source: "operator",
      payload: { message: "01J" },
    });
    const client = {
      client: "/dev/pts/3",
      session: "$1",
      name: "coder0",
      pid: 77,
      readOnly: false,
      control: false,
    };
    const panes = (dead: boolean) => [
      paneSeen("coder0", 1, {
        startedAtUs: at(-60),
        ...(dead ? { dead: true, signal: 9, diedAtUs: at(40) } : {}),
      }),
      paneSeen("coder1", 2, { startedAtUs: at(-60) }),
    ];
    past.look(20, tmuxLook(at(20), panes(false), { clients: [client] }));
    past.look(40, tmuxLook(at(40), panes(true), { clients: [client] }));
    past.look(
      41,
      systemdLook(
        at(41),
        { [unit("coder0")]: { active: "failed", sub: "failed", result: "oom-kill" }, [unit("coder1")]: {} },
        { bootedAtUs: at(-7200) },
      ),
    );
    past.stop(44);
    past.now(44);
    const [incident] = await incidents();
    const [death] = incident?.deaths ?? [];
    expect(death).toMatchObject({
      agent: "coder0",
      attached: [{ client: "/dev/pts/3", since: "2026-06-20T20:00:20.000Z", read_only: false }],
      last_message: { at: "2026-06-20T20:00:05.000Z" },
      out_of_memory: { seq: expect.any(Number) },
      unit: { active: "failed", result: "oom-kill" },
    });
    const { stdout } = await past.run("incidents", "--since", "20:00");
    expect(stdout).toContain("OUT OF MEMORY");
    expect(stdout).toContain("attached: /dev/pts/3 since 20:00:20");
  });

  test("a death that nobody watched is not given an hour of its own", async () => {
    begin();
    for (const agent of ["coder0", "coder1"]) past.beats(agent, 15, 60);
    past.stop(60);
    past.record(300, alive(300, "coder0"), beatLook(at(300), "coder0", at(295)));
    past.stop(310);
    past.now(310);
    const found = (await incidents()).flatMap(({ cause, deaths }) =>
      deaths.map((death) => ({ cause, ...death })),
    );
    const coder1 = found.find(({ agent, witnessed }) => agent === "coder1" && !witnessed);
    expect(coder1).toMatchObject({
      cause: { kind: "unwatched" },
      not_before: "2026-06-20T20:01:00.000001Z",
      at: "2026-06-20T20:05:00.000Z",
    });
    expect(
      (await past.run("incidents", "coder1", "--since", "20:00")).stdout.replaceAll(/\s+/g, " "),
    ).toContain("somewhere between 20:01:00 and then: nobody watched");
  });
});

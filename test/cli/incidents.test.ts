import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DiffDocument } from "../../query/diff.ts";
import type { IncidentsDocument } from "../../query/incidents.ts";
import type { PsDocument } from "../../query/row.ts";
import type { UptimeDocument } from "../../query/uptime.ts";
import type { WhenDocument } from "../../query/when.ts";
import { paneSeen, processLook, rosterLook, tmuxLook } from "../support/looks.ts";
import { at, type SeededPast, seedEvening, seedPast, withoutSeqs } from "./support/seeded-past.ts";

describe("of the evening", () => {
  let past: SeededPast;
  beforeAll(() => {
    past = seedEvening();
  });
  afterAll(() => past.close());

  test("incidents are certificates, those of one cause together", async () => {
    const { exit, stdout } = await past.run("incidents", "--since", "20:00");
    expect(exit).toBe(0);
    expect(withoutSeqs(stdout)).toMatchInlineSnapshot(`
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
    expect(withoutSeqs(stdout)).toMatchInlineSnapshot(`
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

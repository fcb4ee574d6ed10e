import { afterAll, beforeAll, expect, test } from "vitest";
import { declaredThen } from "../../cli/declared-then.ts";
import { followEvents } from "../../cli/follow-events.ts";
import type { DiffDocument } from "../../query/diff.ts";
import type { Past } from "../../query/history/past.ts";
import type { Window } from "../../query/history/sweep.ts";
import type { HistoryDocument } from "../../query/history-document.ts";
import type { IncidentsDocument } from "../../query/incidents.ts";
import type { PsDocument } from "../../query/row.ts";
import { type UptimeDocument, uptimeDocument } from "../../query/uptime.ts";
import { openReader } from "../../store/reader.ts";
import { tickPath } from "../../store/tick.ts";
import { beatLook, paneSeen, rosterLook, tmuxLook } from "../support/looks.ts";
import { clock, seedFleet } from "./support/seeded-fleet.ts";
import { at, type SeededPast, seedPast } from "./support/seeded-past.ts";

/**
 * An hour of two agents. coder0 is declared `codex` until 20:30 and `claude` from then on, of another class only since 20:45; it fails
 * from 20:10 to 20:15, does not beat from 20:25 to 20:35, and again from 20:40 to 20:50. coder1 is `claude` throughout, and never beats.
 */
let past: SeededPast;
beforeAll(() => {
  past = seedPast();
  const roster = (second: number, coder0: { runtime: string; class?: string }) =>
    past.look(second, rosterLook(at(second), { coder0, coder1: { runtime: "claude" } }));
  const other = paneSeen("coder1", 2, { startedAtUs: at(-60) });
  const first = (over = {}) => [paneSeen("coder0", 1, { startedAtUs: at(-60), ...over }), other];
  const again = paneSeen("coder0", 3, { startedAtUs: at(900), pid: 5000, start: 99 });
  const beats = (from: number, to: number) => {
    for (let second = from; second <= to; second += 15)
      past.look(second, beatLook(at(second), "coder0", at(second), { pid: 5000 }));
  };
  past.record(
    0,
    rosterLook(at(0), { coder0: { runtime: "codex" }, coder1: { runtime: "claude" } }),
    tmuxLook(at(0), first()),
  );
  past.beats("coder0", 0, 585);
  past.look(600, tmuxLook(at(600), first({ dead: true, status: 3, diedAtUs: at(600) })));
  past.look(900, tmuxLook(at(900), [again, other]));
  beats(915, 1455);
  roster(1800, { runtime: "claude" });
  beats(2100, 2355);
  roster(2700, { runtime: "claude", class: "reviewer" });
  beats(3000, 3570);
  past.stop(3599);
  past.now(3600);
});
afterAll(() => past.close());

const since = ["--since", "20:00"] as const;
const codex = ["--runtime", "codex"] as const;
const claude = ["--runtime", "claude"] as const;

test("a table of a past moment asks for the runtime of that moment, and as the log knew it too", async () => {
  const named = async (...argv: string[]) =>
    (await past.json<PsDocument>("ps", ...argv)).agents.map((row) => [row.name, row.runtime]);
  const both = [
    ["coder0", "claude"],
    ["coder1", "claude"],
  ];
  for (const option of ["--at", "--as-recorded"]) {
    expect(await named(option, "20:20", ...codex)).toEqual([["coder0", "codex"]]);
    expect(await named(option, "20:20", ...claude)).toEqual([["coder1", "claude"]]);
    expect(await named(option, "20:31", ...codex)).toEqual([]);
    expect(await named(option, "20:31", ...claude)).toEqual(both);
  }
  for (const [moment, runtime] of [
    ["20:20", "codex"],
    ["20:31", "claude"],
  ] as const)
    expect((await past.run("why", "coder0", "--at", moment)).stdout).toContain(runtime);
});

test("uptime counts the time in which an agent was of the runtime that is asked for, and says which that was", async () => {
  const uptime = (...argv: string[]) => past.json<UptimeDocument>("uptime", "coder0", ...since, ...argv);
  const [whole, before, after] = [await uptime(), await uptime(...codex), await uptime(...claude)];
  expect([whole, before, after].map(({ agents }) => agents[0]?.window_us)).toEqual([3600e6, 1800e6, 1800e6]);
  expect([before, after].map(({ agents }) => agents[0]?.runtime)).toEqual(["codex", "claude"]);
  expect(before.agents[0]).toMatchObject({
    class: "implementer",
    unhealthy_by_kind_us: { failed: 300e6, stale: 300e6 - 1 },
    outages: 2,
    declared: [
      { from: "2026-06-20T20:00:00.000Z", to: "2026-06-20T20:30:00.000Z", runtime: "codex", counted: true },
      { from: "2026-06-20T20:30:00.000Z", runtime: "claude", class: "implementer", counted: false },
      { to: "2026-06-20T21:00:00.000Z", runtime: "claude", class: "reviewer", counted: false },
    ],
  });
  // The parts are the whole, to the microsecond, in each bucket; and each adds up to its own time.
  const buckets = ["healthy_us", "unhealthy_us", "planned_us", "unobserved_us"] as const;
  for (const bucket of buckets)
    expect((before.total[bucket] ?? 0) + (after.total[bucket] ?? 0)).toBe(whole.total[bucket]);
  for (const { total, agents } of [whole, before, after])
    for (const figures of [total, ...agents])
      expect(buckets.reduce((sum, bucket) => sum + figures[bucket], 0)).toBe(figures.window_us);
  const remark = "coder0 was of runtime codex for 30 min of it: only that time counts here.";
  expect((await past.run("uptime", ...since, ...codex)).stdout).toContain(remark);
  expect((await past.run("uptime", ...since)).stdout).not.toContain("was of");
  const narrow = await past.run("uptime", ...since, ...claude, "--class", "reviewer");
  expect(narrow.stdout).toContain("coder0 was of class reviewer and of runtime claude for 15 min of it");
  expect(narrow.stdout).not.toContain("coder1");
});

test("an outage that lasts while an agent is declared anew is one, for it and for its class", async () => {
  const { agents, classes } = await past.json<UptimeDocument>("uptime", "coder0", ...since, ...claude);
  // Unwell when it became claude; and again from 20:40 to 20:50, over the change of its class.
  expect(agents[0]).toMatchObject({ outages: 2, longest_us: 600e6 - 1 });
  const { classes: all } = await past.json<UptimeDocument>("uptime", "coder0", ...since);
  expect(all.map((one) => [one.class, one.window_us, one.outages])).toEqual([
    ["implementer", 2700e6, 3],
    ["reviewer", 900e6, 1],
  ]);
  expect(classes.map((one) => [one.class, one.window_us])).toEqual([
    ["implementer", 900e6],
    ["reviewer", 900e6],
  ]);
});

test("uptime asks the past once for a stretch that is of one kind, however often it was declared anew within it", () => {
  const asked: Window[] = [];
  const figures = {
    ...{ windowUs: 0, healthyUs: 0, unhealthyUs: 0, plannedUs: 0, unobservedUs: 0, waitingUs: 0 },
    ...{ unhealthyByKindUs: {}, availability: null, observedShare: 0 },
    ...{ mtbfUs: null, mttrUs: null, longestUs: null },
    outages: { count: 0, began: 0, ended: 0, endedDownUs: 0, longestUs: 0, looksOnly: true },
  };
  const uptime = (_: string, window: Window) => {
    asked.push(window);
    return figures;
  };
  const only = { uptime } as unknown as Past;
  const window = { fromUs: at(0), toUs: at(30) };
  const piece = (from: number, to: number, runtime: string) => ({
    ...{ fromUs: at(from), toUs: at(to), class: "implementer", runtime, seq: 1 },
  });
  const declared = [piece(0, 10, "codex"), piece(10, 20, "claude"), piece(20, 30, "codex")];
  const declaration = { role: "agent", class: "implementer", runtime: "codex" } as const;
  const entries = [{ name: "coder0", declaration, stays: [window], declared, redeclared: [] }];
  uptimeDocument(only, { entries, window, atUs: at(30) });
  expect(asked).toEqual([window]);
  asked.length = 0;
  uptimeDocument(only, { entries, kinds: { classes: [], runtimes: ["codex"] }, window, atUs: at(30) });
  expect(asked).toEqual([
    { fromUs: at(0), toUs: at(10) },
    { fromUs: at(20), toUs: at(30) },
  ]);
});

test("history finds whoever was of the runtime at any time, tells when it was declared anew, and of whom it tells more than was asked for", async () => {
  const named = async (...argv: string[]) => (await past.json<HistoryDocument>("history", ...argv)).agents;
  expect((await named(...since, ...codex)).map(({ name }) => name)).toEqual(["coder0"]);
  expect((await named("--since", "20:31", ...codex)).map(({ name }) => name)).toEqual([]);
  const [coder0, coder1] = await named(...since, ...claude);
  expect(coder0?.declared.map((one) => [one.from, one.runtime, one.class])).toEqual([
    ["2026-06-20T20:00:00.000Z", "codex", "implementer"],
    ["2026-06-20T20:30:00.000Z", "claude", "implementer"],
    ["2026-06-20T20:45:00.000Z", "claude", "reviewer"],
  ]);
  expect(coder1?.declared).toHaveLength(1);
  expect(coder0?.intervals.reduce((sum, { seconds }) => sum + seconds, 0)).toBeCloseTo(3600, 6);
  const remark = "coder0 was of runtime claude for 30 min of it: the rest of its time is told, too.\n";
  const story = (await past.run("history", ...since, ...claude)).stdout;
  expect(story).toMatch(/20:30:00 {2}coder0 {2}declared anew: runtime claude instead of codex {2}\[#\d+\]\n/);
  expect(story).toMatch(
    /20:45:00 {2}coder0 {2}declared anew: class reviewer instead of implementer {2}\[#\d+\]\n/,
  );
  expect(story.endsWith(remark)).toBe(true);
  expect((await past.run("history", "--timeline", ...since, ...claude)).stdout.endsWith(remark)).toBe(true);
  const csv = await past.run("history", "--csv", ...since, ...claude);
  expect(csv.stderr).toBe(remark);
  expect(csv.stdout).not.toContain("the rest of its time");
  // Where nothing is left out of what was asked for nothing is to be said.
  for (const words of [[...since], ["--since", "20:31", ...claude], [...since, ...codex, ...claude]])
    expect((await past.run("history", ...words)).stdout).not.toContain("the rest of its time");
});

test("incidents are of what failed while it was of the runtime, and say what it was when it was first unwell", async () => {
  const deaths = async (...argv: string[]) =>
    (await past.json<IncidentsDocument>("incidents", "coder0", ...since, ...argv)).incidents.flatMap(
      ({ deaths }) => deaths.map(({ at, runtime, class: ofClass }) => [at.slice(11, 19), runtime, ofClass]),
    );
  const failed = ["20:10:00", "codex", "implementer"];
  // It was silent on both sides of the change.
  const between = ["20:25:00", "codex", "implementer"];
  const later = ["20:40:00", "claude", "implementer"];
  expect(await deaths()).toEqual([failed, between, later]);
  expect(await deaths(...codex)).toEqual([failed, between]);
  expect(await deaths(...claude)).toEqual([between, later]);
  expect(await deaths("--class", "reviewer")).toEqual([later]);
});

test("events are of what their agent was when they happened", async () => {
  const seqs = async (...argv: string[]) =>
    (await past.run("events", "--json", ...argv)).stdout
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { seq: number; agent: string | null; occurred_at: string });
  const all = (await seqs(...since)).filter(({ agent }) => agent === "coder0");
  const [before, after] = [
    await seqs(...since, ...codex),
    await seqs(...since, ...claude, "--agent", "coder0"),
  ];
  const changed = "2026-06-20T20:30:00.000Z";
  expect(before).toEqual(all.filter((event) => event.occurred_at < changed));
  expect(after).toEqual(all.filter((event) => event.occurred_at >= changed));
  expect(before.length > 10 && after.length > 10).toBe(true);
  // The newest so many of them, and not those of the newest so many events that are.
  expect(await seqs("--limit", "3", ...codex)).toEqual(before.slice(-3));
  expect(await seqs("--limit", "3", "--after", "#10", ...codex)).toEqual(
    before.filter(({ seq }) => seq > 10).slice(0, 3),
  );
  expect(await seqs("--at", "20:40", "--limit", "2", ...codex)).toEqual(before.slice(-2));
  expect(new Set((await seqs(...since, ...claude)).map(({ agent }) => agent))).toEqual(
    new Set(["coder0", "coder1"]),
  );
  expect((await past.run("events", "--since", "20:31", ...codex)).stderr).toBe("No event matches.\n");
});

test("to a diff whoever became another runtime has neither come nor gone", async () => {
  for (const asked of [codex, claude]) {
    const { agents } = await past.json<DiffDocument>("diff", "20:20", "20:36", ...asked);
    expect(agents.map(({ name, change }) => [name, change])).toEqual([["coder0", "changed"]]);
    expect(agents[0]?.cells).toContainEqual({ cell: "runtime", from: "codex", to: "claude" });
  }
  const later = await past.json<DiffDocument>("diff", "20:31", "20:55", ...codex);
  expect(later).toMatchObject({ agents: [], compared: 0 });
});

test("what is declared while events are followed holds from then on", async () => {
  const fleet = seedFleet();
  const reader = openReader(fleet.log.path);
  try {
    const then = declaredThen(reader, null, { classes: [], runtimes: ["claude"] });
    expect(then.agents()).toEqual(["reviewer"]);
    const printed: string[] = [];
    const ends = new AbortController();
    const following = followEvents({
      reader,
      filter: { afterSeq: reader.lastSeq(), types: ["heartbeat."] },
      fits: then.fits,
      tick: tickPath(fleet.log.path),
      print: ({ agent }) => printed.push(agent ?? "-"),
      signal: ends.signal,
    });
    const beat = (agent: string) => fleet.look(beatLook(clock.nowUs(), agent, clock.nowUs()));
    beat("coder0");
    beat("reviewer");
    fleet.look(rosterLook(clock.nowUs(), { coder0: { runtime: "claude" }, reviewer: { runtime: "pi" } }));
    beat("reviewer");
    beat("coder0");
    while (printed.length < 2) await new Promise((resolve) => setImmediate(resolve));
    ends.abort();
    await following;
    expect(printed).toEqual(["reviewer", "coder0"]);
  } finally {
    reader.close();
    fleet.close();
  }
});

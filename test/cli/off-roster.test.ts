import { afterAll, beforeAll, expect, test } from "vitest";
import type { HistoryDocument } from "../../query/history-document.ts";
import type { UptimeDocument } from "../../query/uptime.ts";
import { beatLook, rosterLook } from "../support/looks.ts";
import { at, type SeededPast, seedPast } from "./support/seeded-past.ts";

/** coder0 is `codex` from 20:00 to 20:10, off the roster until 20:20, `codex` again until 20:40, and `claude` from then on. */
let past: SeededPast;
beforeAll(() => {
  past = seedPast();
  const roster = (second: number, agents: Parameters<typeof rosterLook>[1]) =>
    past.look(second, rosterLook(at(second), { coder1: { runtime: "claude" }, ...agents }));
  past.record(0, rosterLook(at(0), { coder0: { runtime: "codex" }, coder1: { runtime: "claude" } }));
  roster(600, {});
  roster(1200, { coder0: { runtime: "codex" } });
  roster(2400, { coder0: { runtime: "claude" } });
  past.stop(3599);
  past.now(3600);
});
afterAll(() => past.close());

const since = ["--since", "20:00"] as const;
const stretch = (from: string, to: string, runtime: string) => ({
  from: `2026-06-20T${from}:00.000Z`,
  to: `2026-06-20T${to}:00.000Z`,
  runtime,
  class: "implementer",
});
const DECLARED = [
  stretch("20:00", "20:10", "codex"),
  stretch("20:20", "20:40", "codex"),
  stretch("20:40", "21:00", "claude"),
];

test("time off the roster is no declaration's, though it counts as planned to what the agent had been", async () => {
  const [coder0] = (await past.json<UptimeDocument>("uptime", "coder0", ...since)).agents;
  expect(coder0?.declared).toEqual(DECLARED.map((one) => ({ ...one, counted: true })));
  expect(coder0).toMatchObject({ window_us: 3600e6, planned_us: 600e6 });
  const [codex] = (await past.json<UptimeDocument>("uptime", "coder0", ...since, "--runtime", "codex"))
    .agents;
  expect(codex?.declared.map(({ counted }) => counted)).toEqual([true, true, false]);
  expect(codex).toMatchObject({ window_us: 2400e6, planned_us: 600e6 });
  const [history] = (await past.json<HistoryDocument>("history", "coder0", ...since)).agents;
  expect(history?.declared).toEqual(DECLARED);
});

test("what is said of how long it was declared so leaves out the time off the roster, and tells of it", async () => {
  const said = (await past.run("uptime", "coder0", ...since, "--runtime", "codex")).stdout.replace(
    /\n/g,
    " ",
  );
  expect(said).toContain(
    "coder0 was of runtime codex for 30 min of it: only that time counts here, and 10 min off the roster, which were planned.",
  );
  const later = (await past.run("uptime", "coder0", ...since, "--runtime", "claude")).stdout;
  expect(later).toContain("coder0 was of runtime claude for 20 min of it: only that time counts here.\n");
  const story = (await past.run("history", "coder0", ...since, "--runtime", "codex")).stdout;
  expect(story).toContain(
    "coder0 was of runtime codex for 30 min of it: the rest of its time is told, too.\n",
  );
});

test("a class that nobody was of is told by every verb with those that there were, of what agents were declared as then", async () => {
  for (const verb of ["history", "uptime", "incidents"]) {
    const { exit, stderr } = await past.run(verb, ...since, "--class", "nobody", "--runtime", "none");
    expect([verb, exit, stderr]).toEqual([
      verb,
      0,
      expect.stringContaining(
        '  no agent was then of class "nobody"; there were: implementer\n  no agent was then of runtime "none"; there were: claude, codex\n',
      ),
    ]);
    const later = await past.run(verb, "--since", "20:50", "--runtime", "codex");
    expect(later.stderr).toContain('  no agent was then of runtime "codex"; there were: claude\n');
  }
  const events = await past.run("events", "--runtime", "none");
  expect([events.exit, events.stderr]).toEqual([
    0,
    'No event matches.\n  no agent was ever of runtime "none"; there were: claude, codex\n',
  ]);
  const ps = await past.run("ps", "--at", "20:50", "--class", "nobody");
  expect(ps.stderr).toBe('  no agent here is of class "nobody"; there are: implementer\n');
});

test("windows that begin off the roster count to what the agent had been, as those that hold all of it", async () => {
  const renamed = seedPast();
  try {
    const roster = (second: number, agents: Parameters<typeof rosterLook>[1]) =>
      renamed.look(second, rosterLook(at(second), { keeper: { class: "keeper" }, ...agents }));
    renamed.record(0, rosterLook(at(0), { keeper: { class: "keeper" }, coder0: { class: "reviewer" } }));
    roster(600, {});
    roster(1200, { coder0: { class: "reviewer2" } });
    renamed.stop(3599);
    renamed.now(3600);
    const planned = async (from: string, to: string, ...asked: string[]) => {
      const document = await renamed.json<UptimeDocument>("uptime", "--since", from, "--until", to, ...asked);
      return Object.fromEntries(document.classes.map((one) => [one.class, one.planned_us / 60e6]));
    };
    expect(await planned("20:00", "20:30")).toEqual({ reviewer: 10, reviewer2: 0, keeper: 0 });
    expect(await planned("20:00", "20:15")).toMatchObject({ reviewer: 5 });
    expect(await planned("20:15", "20:30")).toEqual({ reviewer: 5, reviewer2: 0, keeper: 0 });
    expect(await planned("20:15", "20:30", "--class", "reviewer")).toEqual({ reviewer: 5 });
    const [history] = (
      await renamed.json<HistoryDocument>("history", "coder0", "--since", "20:15", "--until", "20:30")
    ).agents;
    expect(history?.redeclared).toMatchObject([
      { at: "2026-06-20T20:20:00.000Z", changes: [{ what: "class", from: "reviewer", to: "reviewer2" }] },
    ]);
  } finally {
    renamed.close();
  }
});

test("nobody declared a session that no roster names", async () => {
  const bare = seedPast();
  try {
    bare.record(0);
    bare.look(1, beatLook(at(1), "stray", at(1)));
    bare.stop(599);
    bare.now(600);
    const [stray] = (await bare.json<UptimeDocument>("uptime", "stray", ...since)).agents;
    expect(stray).toMatchObject({ name: "stray", class: "unrostered", declared: [] });
  } finally {
    bare.close();
  }
});

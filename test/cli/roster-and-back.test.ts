import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runProgram } from "../../cli/program.ts";
import type { HistoryDocument } from "../../query/history-document.ts";
import type { IncidentsDocument } from "../../query/incidents.ts";
import type { PsDocument } from "../../query/row.ts";
import type { WhenDocument } from "../../query/when.ts";
import type { RosterSnapshot } from "../../store/events/snapshot.ts";
import { paneSeen, rosterLook, tmuxLook } from "../support/looks.ts";
import { catchOutput } from "./support/output.ts";
import { at, type SeededPast, seedPast } from "./support/seeded-past.ts";

/**
 * looper, of which no beat is expected, runs from 20:01:00 on, and is off the roster from 20:04:00 to 20:04:05. looper2 is named at 20:04:00 and never runs.
 * hand runs from 20:02:00 to 20:03:00, when it fails, and is named at 20:04:05. It is asked at 20:15.
 */
let past: SeededPast;
const LOOPER = paneSeen("looper", 1, { startedAtUs: at(60) });
const HAND = paneSeen("hand", 2, { startedAtUs: at(120) });
const quiet = { heartbeat: "not-expected" } as const;
beforeAll(() => {
  past = seedPast(200);
  past.record(0, rosterLook(at(0), { looper: quiet }), tmuxLook(at(0), []));
  past.look(60, tmuxLook(at(60), [LOOPER]));
  past.look(120, tmuxLook(at(120), [LOOPER, HAND]));
  past.look(180, tmuxLook(at(180), [LOOPER, { ...HAND, dead: true, status: 1, diedAtUs: at(180) }]));
  past.look(240, rosterLook(at(240), { looper2: quiet }));
  past.look(245, rosterLook(at(245), { looper: quiet, looper2: quiet, hand: {} }));
  past.stop(900);
  past.now(900);
});
afterAll(() => past.close());

const story = async (since: string, ...more: string[]) =>
  (await past.run("history", "looper", "--since", since, ...more)).stdout
    .split("\n")
    .filter((line) => line.includes("running"))
    .map((line) => line.replace(/ +\[.*$/, ""));

describe("one that ran on while the roster did not name it", () => {
  const ON = "20:01:00  looper  running, for 3 min";
  const OFF = "20:04:00  looper  running, off the roster, for 5.0 s; running since 20:01:00";
  const ON_AGAIN = "20:04:05  looper  running, for 10 min 55 s; running since 20:01:00";

  test("is told of alike whichever window shows a part of it", async () => {
    expect(await story("20:00")).toEqual([ON, OFF, ON_AGAIN]);
    expect(await story("20:04")).toEqual([OFF, ON_AGAIN]);
    expect(await story("20:04:03")).toEqual([OFF, ON_AGAIN]);
    expect(await story("20:10")).toEqual([ON_AGAIN]);
  });

  test("has run since its process began, on every surface", async () => {
    const began = "2026-06-20T20:01:00.000Z";
    const [row] = (await past.json<PsDocument>("ps", "looper", "--at", "20:14")).agents;
    const [off] = (await past.json<PsDocument>("ps", "looper", "--all", "--at", "20:04:03")).agents;
    expect([row?.since, off?.since]).toEqual([began, began]);
    for (const since of ["20:00", "20:04:03", "20:10"]) {
      const { first } = await past.json<WhenDocument>("when", "looper", "running", "--since", since);
      expect(first?.since).toBe(began);
      const [agent] = (await past.json<HistoryDocument>("history", "looper", "--since", since)).agents;
      const runs = agent?.intervals.filter(({ status }) => status === "running") ?? [];
      expect(runs.map((one) => one.since)).toEqual(runs.map(() => began));
    }
    const query = "SELECT DISTINCT since_at FROM intervals WHERE agent = 'looper' AND status = 'running'";
    const { rows } = await past.json<{ rows: unknown[] }>("sql", "--in-this-process", query);
    expect(rows).toEqual([{ since_at: "2026-06-20T20:01:00.000000Z" }]);
  });
});

describe("what was so as soon as the roster named it", () => {
  const said = async (...asked: string[]) => (await past.run("when", ...asked)).stdout.replace(/\n/g, " ");

  test("of one that never ran is no death at that moment, and the log knows of before", async () => {
    expect(await said("looper2", "dead")).toMatch(
      /^looper2 was dead from 2026-06-20 20:04:00 \(11 min ago\), when the roster named it \(never-ran\), for 11 min so far/,
    );
    const { first } = await past.json<WhenDocument>("when", "looper2", "dead");
    expect(first).toMatchObject({ witnessed: true, not_before: null, named: true });
  });

  test("of one that had ended before says since when it was down", async () => {
    expect(await said("hand", "failed")).toMatch(
      /^hand was failed from 2026-06-20 20:04:05 \(10 min 55 s ago\), when the roster named it, down since 20:03:00 \(exit 1\)/,
    );
    const { incidents } = await past.json<IncidentsDocument>("incidents", "hand");
    expect(incidents[0]?.deaths[0]).toMatchObject({ named: true, witnessed: false, not_before: null });
    expect((await past.run("incidents", "hand")).stdout).toContain("it was so when the roster named it");
  });
});

test("a timeline is no wider than its terminal, however narrow that is", async () => {
  for (const width of [20, 24, 30, 40]) {
    const output = catchOutput(width);
    const asked = ["history", "--timeline", "--since", "20:00"];
    expect(await runProgram(asked, { output, environment: past.environment })).toBe(0);
    const lines = output.printed().split("\n");
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines) expect([width, line, line.length <= width]).toEqual([width, line, true]);
  }
});

test("a name that nobody has is quoted in one way by every verb", async () => {
  const name = "a\n\u202eb";
  for (const words of [
    ["when", name, "dead"],
    ["history", name],
    ["uptime", name],
    ["send", name, "hello"],
  ])
    expect([words[0], (await past.run(...words)).stderr]).toEqual([
      words[0],
      expect.stringContaining('"a\\n\\u{202e}b"'),
    ]);
});

test("of the time before anybody was declared history tells only with --all, and of what was off the roster later always", async () => {
  const fresh = seedPast(120);
  try {
    // The first look of a host that has no roster yet, and then its first recorder.
    fresh.sample(0, missingRoster(at(0)), tmuxLook(at(0), []));
    fresh.record(21.5, rosterLook(at(21.5), { coder0: quiet, coder1: quiet }), tmuxLook(at(21.5), []));
    const panes = ["coder0", "coder1"].map((name, one) => paneSeen(name, one + 1, { startedAtUs: at(30) }));
    fresh.look(30, tmuxLook(at(30), panes));
    fresh.look(60, rosterLook(at(60), { coder1: quiet }));
    fresh.look(65, tmuxLook(at(65), panes.slice(1)));
    fresh.stop(100);
    fresh.now(100);
    const told = async (...asked: string[]) =>
      (await fresh.run("history", "coder0", ...asked)).stdout
        .split("\n")
        .flatMap((line) => /coder0 {2}(.*?)(?: +\[.*)?$/.exec(line)?.[1] ?? []);
    const known = [
      "dead, for 8.5 s: never-ran",
      "running, for 30 s",
      "running, off the roster, for 5.0 s; running since 20:00:30",
      "off the roster, for 35 s",
    ];
    expect(await told()).toEqual(known);
    expect((await told("--all")).slice(0, 2)).toEqual([
      "off the roster, for 0.0 s",
      expect.stringMatching(/^unobserved, off the roster, for 21 s/),
    ]);
    expect(await told("--since", "20:00:50")).toEqual(known.slice(1));
  } finally {
    fresh.close();
  }
});

function missingRoster(atUs: number): RosterSnapshot {
  const file = { state: "missing", path: "/r/roster.yaml" } as const;
  return { ...rosterLook(atUs, {}), file };
}

import { afterAll, beforeAll, expect, test } from "vitest";
import type { HistoryDocument } from "../../query/history-document.ts";
import type { PsDocument } from "../../query/row.ts";
import type { UptimeDocument } from "../../query/uptime.ts";
import type { WhenDocument } from "../../query/when.ts";
import { paneSeen, rosterLook, tmuxLook } from "../support/looks.ts";
import { at, type SeededPast, seedPast } from "./support/seeded-past.ts";

/**
 * coder0 is on the roster from 20:00 to 20:01 and from 20:02 on, and its session runs all the while. Of nobody's roster are `hand`, which runs from
 * 20:00:30 to 20:00:50, and `other`, which the look after the gap from 20:03 to 20:05 finds under that name; it was `named` until then. ghost is
 * on the roster until 20:01, and never ran.
 */
let past: SeededPast;
const coder0 = paneSeen("coder0", 1, { startedAtUs: at(-60) });
const hand = paneSeen("hand", 2, { startedAtUs: at(30) });
const named = paneSeen("named", 3, { startedAtUs: at(100) });
beforeAll(() => {
  past = seedPast();
  const look = (second: number, ...panes: ReturnType<typeof paneSeen>[]) =>
    past.look(second, tmuxLook(at(second), panes));
  past.record(0, rosterLook(at(0), { coder0: {}, coder1: {}, ghost: {} }), tmuxLook(at(0), [coder0]));
  past.beats("coder0", 0, 180);
  look(30, coder0, hand);
  look(50, coder0);
  past.look(60, rosterLook(at(60), { coder1: {} }));
  look(100, coder0, named);
  past.look(120, rosterLook(at(120), { coder0: {}, coder1: {} }));
  past.stop(180);
  past.record(300, tmuxLook(at(300), [coder0, { ...named, name: "other" }]));
  past.stop(399);
  past.now(400);
});
afterAll(() => past.close());

const rows = async (time: string, ...asked: string[]) =>
  (await past.json<PsDocument>("ps", ...asked, "--at", time)).agents.map(
    (row) => `${row.name} ${row.status}`,
  );
const intervals = async (name: string) =>
  (await past.json<HistoryDocument>("history", name, "--since", "20:00")).agents[0]?.intervals.map(
    ({ from, status, unrostered }) => [from.slice(14, 19), status, unrostered],
  );

test("where nobody knows whether one is there it is unobserved on every surface, and nowhere absent", async () => {
  expect(await rows("20:04", "hand")).toEqual(["hand unobserved"]);
  expect(await rows("20:04", "--all")).toEqual(
    expect.arrayContaining(["hand unobserved", "named unobserved", "other unobserved"]),
  );
  const why = await past.run("why", "hand", "--at", "20:04");
  expect([why.exit, why.stdout]).toEqual([0, expect.stringContaining("hand was unobserved")]);
  expect(await intervals("hand")).toEqual([
    ["00:00", null, false],
    ["00:30", "running", true],
    ["00:50", null, false],
    ["03:00", "unobserved", true],
    ["05:00", null, false],
    ["06:39", "unobserved", true],
  ]);
});

test("where one is known not to be there ps and why say so, in the same words", async () => {
  for (const verb of ["ps", "why"]) {
    const { exit, stderr } = await past.run(verb, "hand", "--at", "20:01:30");
    expect([verb, exit, stderr]).toEqual([
      verb,
      3,
      "fleet: hand was not there at 2026-06-20 20:01:30\n  There were: coder1, coder0.\n",
    ]);
  }
  expect((await past.run("why", "nobody", "--at", "20:01:30")).stderr).toContain(
    'no agent is called "nobody"',
  );
});

test("of one that was declared, and of which no session was ever told, no surface tells anything off the roster, whoever watched", async () => {
  expect(await intervals("ghost")).toEqual([
    ["00:00", "absent", false],
    ["01:00", null, false],
  ]);
  expect(await rows("20:04", "--all")).not.toContain("ghost unobserved");
  for (const verb of ["ps", "why"]) {
    const { exit, stderr } = await past.run(verb, "ghost", "--at", "20:04");
    expect([verb, exit, stderr]).toEqual([verb, 3, expect.stringContaining("ghost was not there at")]);
  }
});

test("one that came while the log was watching had not been there when the log began", async () => {
  const { first } = await past.json<WhenDocument>("when", "hand", "running", "--since", "20:00");
  expect(first).toMatchObject({ began_before: false, witnessed: true, from: "2026-06-20T20:00:30.000Z" });
  expect((await past.run("when", "hand", "running")).stdout).not.toContain("when the log begins");
  const found = await past.json<WhenDocument>("when", "other", "running", "--since", "20:00");
  expect(found.first).toMatchObject({
    ...{ began_before: false, witnessed: false, from: "2026-06-20T20:05:00.000Z" },
    not_before: "2026-06-20T20:03:00.000Z",
  });
  expect((await past.run("history", "other")).stdout).not.toContain("before the log");
  // Its process is older than its name.
  const [row] = (await past.json<PsDocument>("ps", "other", "--at", "20:05:30")).agents;
  expect(row?.since).toBe("2026-06-20T20:05:00.000Z");
});

test("off the roster one is told of as the table shows it, and its time stays planned", async () => {
  expect(await rows("20:01:30", "coder0")).toEqual(["coder0 running"]);
  expect((await intervals("coder0"))?.slice(0, 3)).toEqual([
    ["00:00", "healthy", false],
    ["01:00", "running", true],
    ["02:00", "healthy", false],
  ]);
  const when = await past.json<WhenDocument>("when", "coder0", "running", "--since", "20:00");
  expect(when).toMatchObject({ count: 1, first: { from: "2026-06-20T20:01:00.000Z", seconds: 60 } });
  expect((await past.run("history", "coder0")).stdout).toContain(
    "coder0  running, off the roster, for 1 min",
  );
  const uptime = await past.json<{ agents: { planned_us: number }[] }>(
    "uptime",
    "coder0",
    "--since",
    "20:00",
  );
  expect(uptime.agents[0]?.planned_us).toBe(60e6);
});

test("why names what took it off the roster, and when the roster was looked at", async () => {
  const { stdout } = await past.run("why", "coder0", "--at", "20:01:30");
  expect(stdout).toMatch(
    /declared +not on the roster +observed 0\.0 s ago, by roster\n +#\d+ .*roster\.agent\.removed/,
  );
});

test("JSON, CSV and sql say the same of time in which it was neither on the roster nor there", async () => {
  const told = (await intervals("hand"))?.map(([, status, unrostered]) => [status, unrostered]);
  const [head = "", ...lines] = (await past.run("history", "hand", "--since", "20:00", "--csv")).stdout
    .trim()
    .split("\r\n");
  const columns = head.split(",");
  const cell = (line: string, column: string) => line.split(",")[columns.indexOf(column)] ?? "";
  expect(lines.map((line) => [cell(line, "status") || null, cell(line, "unrostered") === "true"])).toEqual(
    told,
  );
  const query = "SELECT status, unrostered FROM intervals WHERE agent = 'hand' ORDER BY from_us";
  const { rows } = await past.json<{ rows: { status: string | null; unrostered: number }[] }>(
    ...["sql", "--in-this-process", query],
  );
  expect(rows.map(({ status, unrostered }) => [status, unrostered === 1])).toEqual(told);
});

test("uptime is what the intervals of sql add up to, by their bucket, also of a session that no roster ever named", async () => {
  const query = "SELECT agent, bucket, sum(seconds) AS seconds FROM intervals GROUP BY agent, bucket";
  const { rows } = await past.json<{ rows: { agent: string; bucket: string; seconds: number }[] }>(
    ...["sql", "--in-this-process", query],
  );
  for (const name of ["coder0", "coder1", "hand", "other"]) {
    const { agents } = await past.json<UptimeDocument>("uptime", name, "--since", "20:00");
    for (const bucket of ["healthy", "unhealthy", "planned", "unobserved"] as const) {
      const found = rows.find((row) => row.agent === name && row.bucket === bucket)?.seconds ?? 0;
      expect([name, bucket, Math.round(found * 1e6)]).toEqual([name, bucket, agents[0]?.[`${bucket}_us`]]);
    }
  }
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HistoryDocument } from "../../query/history-document.ts";
import type { PsDocument } from "../../query/row.ts";
import type { UptimeDocument } from "../../query/uptime.ts";
import { paneSeen, rosterLook, tmuxLook } from "../support/looks.ts";
import { at, EVENING, type SeededPast, seedPast } from "./support/seeded-past.ts";

/** Seconds after the beginning of the support's evening at which UTC shows this. */
const utc = (text: string) => Date.parse(`${text}Z`) / 1000 - EVENING / 1e6;

/**
 * The night of 25 October 2026 in Berlin, where 02:00 to 03:00 comes twice. coder0 (an interval of 60 s) does not beat from 02:20
 * the first time to 02:20 the second time.
 */
let past: SeededPast;
beforeAll(() => {
  past = seedPast();
  const begins = utc("2026-10-24T20:00");
  past.record(
    begins,
    rosterLook(at(begins), { coder0: { intervalSeconds: 60 } }),
    tmuxLook(at(begins), [paneSeen("coder0", 1, { startedAtUs: at(begins - 60) })]),
  );
  past.beats("coder0", begins, utc("2026-10-25T00:20"), 60);
  past.beats("coder0", utc("2026-10-25T01:20"), utc("2026-10-25T04:00"), 60);
  past.stop(utc("2026-10-25T04:00:30"));
  past.now(utc("2026-10-25T05:00"));
  process.env.TZ = "Europe/Berlin";
});
afterAll(() => past.close());

const statusAt = async (text: string) => {
  const { stdout } = await past.run("ps", "--at", text, "--json");
  return (JSON.parse(stdout) as PsDocument).agents.map(({ status }) => status);
};

describe("an hour that comes twice", () => {
  test("without an offset it means the first time, with one it means what it says", async () => {
    expect(await statusAt("2026-10-25 02:30")).toEqual(["stale"]);
    expect(await statusAt("2026-10-25 02:30+02:00")).toEqual(["stale"]);
    expect(await statusAt("2026-10-25 02:30+01:00")).toEqual(["healthy"]);
    expect(await statusAt("02:30")).toEqual(["stale"]);
    const said = async (time: string) => (await past.run("ps", "--at", time)).stdout;
    expect(await said("02:30")).toContain("at 2026-10-25 02:30:00+02:00:");
    expect(await said("2026-10-25 02:30+01:00")).toContain("at 2026-10-25 02:30:00+01:00:");
    // The hours beside it are there once.
    expect(await said("01:59:59")).toContain("at 2026-10-25 01:59:59:");
    expect(await said("03:00")).toContain("at 2026-10-25 03:00:00:");
    expect(
      (await past.run("when", "coder0", "stale", "--since", "02:30", "--until", "02:20")).stderr,
    ).toContain("--since 2026-10-25 02:30:00+02:00 is not before --until 2026-10-25 02:20:00+02:00");
  });

  test("who wrote a time that came twice is told which is meant and how to say the other, beside the answer", async () => {
    const twice = (said: string, clock: string) =>
      `${said}: clocks here showed that time twice; the first is meant, 2026-10-25 ${clock}:00+02:00\n` +
      `  For the second give "2026-10-25 ${clock}:00+01:00".\n`;
    const window = ["--since", "02:10", "--until", "02:40"] as const;
    const both = twice('--until "02:40"', "02:40") + twice('--since "02:10"', "02:10");
    for (const [argv, said] of [
      [["ps", "--at", "02:30", "--json"], twice('--at "02:30"', "02:30")],
      [["ps", "--as-recorded", "02:30"], twice('--as-recorded "02:30"', "02:30")],
      [["why", "coder0", "--at", "2026-10-25 02:30"], twice('--at "2026-10-25 02:30"', "02:30")],
      [["diff", "01:00", "02:30"], twice('T2 "02:30"', "02:30")],
      [["uptime", ...window], both],
      [["events", "--at", "02:30", "--since", "01:00"], twice('--at "02:30"', "02:30")],
      [["events", "--since", "02:30", "--limit", "1"], twice('--since "02:30"', "02:30")],
      [["messages", "--at", "02:30", "--json"], twice('--at "02:30"', "02:30")],
      [["sql", "--in-this-process", "--at", "02:30", "SELECT 1"], twice('--at "02:30"', "02:30")],
    ] as const)
      expect(await past.run(...argv)).toMatchObject({ exit: 0, stderr: said });
    // What it advises is understood, and is no riddle itself.
    const advised = await past.run("ps", "--at", "2026-10-25 02:30:00+01:00", "--json");
    expect(advised.stderr).toBe("");
    expect(JSON.parse(advised.stdout)).toMatchObject({ at: "2026-10-25T01:30:00.000Z" });
    // Before it has come the second time nobody can have meant that.
    past.now(utc("2026-10-25T00:50"));
    expect((await past.run("ps", "--at", "02:30")).stderr).toBe("");
    past.now(utc("2026-10-25T05:00"));
  });

  test("a night with it is 25 hours of a day long, and what lasts is measured in time that passed", async () => {
    const window = ["--since", "2026-10-25 00:00", "--until", "2026-10-25 04:00"] as const;
    const { total } = await past.json<UptimeDocument>("uptime", ...window);
    expect(total.window_us).toBe(5 * 3600e6);
    expect(total.unhealthy_by_kind_us).toEqual({ stale: (60 - 3) * 60e6 - 1 });
    const { stdout } = await past.run("when", "coder0", "stale", ...window);
    expect(stdout).toMatch(/^coder0 went stale at 2026-10-25 02:23:00\+02:00 .*, for 57 min /);
    // On the clock it ended three minutes before it began: of such an hour each time says which of the two it is.
    const story = (await past.run("history", "coder0", ...window)).stdout;
    expect(story).toMatch(
      /02:23:00\+02:00 {2}coder0 {2}stale, for 57 min: no beat.*\n02:20:00\+01:00 {2}coder0 {2}healthy/,
    );
  });

  test("how long ago is time that passed", async () => {
    // 05:00 UTC is 06:00 on the clock; four hours before that it showed 02:00 the second time.
    expect(await statusAt("4h30m")).toEqual(["stale"]);
    expect(await statusAt("3h30m")).toEqual(["healthy"]);
  });
});

test("a range that crosses midnight is one range", async () => {
  const document = await past.json<HistoryDocument>(
    "history",
    "--since",
    "yesterday 23:30",
    "--until",
    "00:30",
  );
  expect(document.window).toEqual({ from: "2026-10-24T21:30:00.000Z", to: "2026-10-24T22:30:00.000Z" });
  expect(document.agents[0]?.intervals.map(({ status, seconds }) => [status, seconds])).toEqual([
    ["healthy", 3600],
  ]);
});

describe("a time that is none is refused", () => {
  test.each([
    ["2026-03-29 02:30", "clocks here skipped that time; give an offset (+02:00)"],
    ["2026-02-29", "there is no day 2026-02-29"],
    ["2026-10-25 24:30", "there is no time 24:30:00"],
    ["2026-10-25 06:30", "lies in the future"],
    ["2024-02-29", "nothing is known of 2024-02-29 00:00:00: the log begins at 2026-10-24 22:00:00"],
  ])("%s", async (text, reason) => {
    const { exit, stderr } = await past.run("ps", "--at", text);
    expect(exit).toBe(2);
    expect(stderr).toContain(reason);
  });
});

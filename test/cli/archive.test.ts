import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runProgram } from "../../cli/program.ts";
import { derive, projections } from "../../query/planes/all.ts";
import type { FleetEvent } from "../../store/events/catalogue.ts";
import { type Log, openLog } from "../../store/log.ts";
import { beatLook, paneSeen, rosterLook, tmuxLook } from "../support/looks.ts";
import { catchOutput } from "./support/output.ts";
import { type SeededFleet, seedFleet } from "./support/seeded-fleet.ts";

let fleet: SeededFleet;
let log: Log;
let state: string;
beforeEach(() => {
  fleet = seedFleet();
  state = join(fleet.home, "old");
  mkdirSync(state, { mode: 0o700 });
  const clock = { us: Date.UTC(2020, 4, 20, 12) * 1000, nowUs: () => clock.us };
  const identity = { tenantId: "jarvis", host: "W-jarvis", machineId: null };
  log = openLog({ path: join(state, "fleet.db"), identity, clock, projections, derive });
  const gone = (agent: string): FleetEvent => ({
    type: "heartbeat.file.removed",
    agent,
    source: "heartbeat",
    occurredAtUs: clock.us - 5,
    precision: "us",
    payload: {},
  });
  for (const snapshot of [
    rosterLook(clock.us, { coder0: {}, reviewer: {} }),
    tmuxLook(clock.us, [paneSeen("coder0", 1)]),
    beatLook(clock.us, "coder0", clock.us - 1e6),
  ])
    log.append({ source: snapshot.source, snapshot });
  for (let n = 0; n < 20; n += 1)
    log.append({ source: "heartbeat", events: [gone("coder0"), gone(`a${n}`)] });
  clock.us = Date.UTC(2020, 6, 3) * 1000;
  log.append({ source: "heartbeat", events: [gone("coder0")] });
});
afterEach(() => {
  log.close();
  fleet.close();
});

/** A verb on the log of 2020. */
async function run(...argv: string[]) {
  const output = catchOutput(120);
  const environment = { ...fleet.environment, FLEET_STATE: state };
  const exit = await runProgram(argv, { output, environment });
  return { exit, stdout: output.printed(), stderr: output.complained() };
}
const json = async (...argv: string[]) => JSON.parse((await run(...argv, "--json")).stdout);

test("moves closed months, says what it did, and every verb goes on to see them", async () => {
  const moved = log.lastSeq() - 1;
  const verbs = [
    ["events", "--limit", "1000", "--json"],
    ["events", "--agent", "coder0"],
    ["export"],
    ["sql", "--in-this-process", "SELECT * FROM events"],
    ["sql", "--in-this-process", "--at", "#30", "SELECT * FROM events"],
    ["sql", "--in-this-process", "--at", "2020-05-20T13:00:00Z", "SELECT seq FROM events"],
    ["verify", "--json"],
    ["ps", "--all", "--at", "2020-05-20T13:00:00Z", "--json"],
    ["why", "coder0", "--at", "2020-05-20T13:00:00Z", "--json"],
    ["ps", "--all", "--as-recorded", "#30", "--json"],
    ["history", "--since", "2020-05-01", "--until", "2020-06-01", "--csv"],
    ["sql", "--in-this-process", "--csv", "SELECT agent, status, from_us FROM intervals"],
  ];
  const answers = async (): Promise<string[]> => {
    const all: string[] = [];
    for (const verb of verbs) {
      const { exit, stdout } = await run(...verb);
      expect([verb, exit]).toEqual([verb, 0]);
      all.push(stdout.replace(/"seconds": [\d.]+/, ""));
    }
    return all;
  };
  const before = await answers();
  const dry = await run("archive", "--before", "2020-06-10", "--dry-run");
  expect(dry.stdout).toBe(`2020-05  #1 to #${moved}\n${moved} events would be archived.\n`);
  expect(readdirSync(state)).not.toContain("archive");

  const { exit, stdout, stderr } = await run("archive", "--before", "now");
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  expect(stdout).toMatch(
    new RegExp(
      `^Archived ${moved} events of 2020-05 in .* s: \\d+ kB in 1 file, [\\d.]+ bytes an event\\.\n`,
    ),
  );
  expect(await answers()).toEqual(before);

  expect((await run("archive", "--list")).stdout).toMatch(
    /^2020-05-000000000001\.jsonl\.zst {2}#1 to #\d+ {2}2020-05-20 to 2020-05-20/,
  );
  expect(await json("archive", "--list")).toMatchObject({
    schema: "fleet.archive.v1",
    tenant_id: "jarvis",
    host: "W-jarvis",
    segments: [{ file: "2020-05-000000000001.jsonl.zst", from_seq: 1, to_seq: moved }],
  });
  const ended = await run("archive", "--before", "2020-05-20T13:00:00Z");
  expect(ended.stdout).toMatch(/^Nothing to archive: .* ended by 2020-05-20 \d\d:00:00, but/);
  expect(await json("archive", "--before", "now")).toMatchObject({ events: 0, done: false });
});

test("a file that is not there is listed as that", async () => {
  await run("archive", "--before", "now");
  const whole = await run("archive", "--list");
  expect([whole.exit, whole.stderr]).toEqual([0, ""]);
  rmSync(join(state, "archive", "2020-05-000000000001.jsonl.zst"));
  const { stdout, stderr } = await run("archive", "--list");
  expect(stdout).toMatch(/^2020-05-000000000001\.jsonl\.zst .* an event {2}not there$/m);
  expect(stderr).toMatch(
    /2020-05-000000000001\.jsonl\.zst is not there; what was recorded from 2020-05-20 12:00 to 2020-05-20 12:00 UTC \(#1 to #\d+\) cannot be told\n {2}.*put it back from a backup/,
  );
  expect((await json("archive", "--list")).segments).toMatchObject([
    { is_there: false, problem: expect.stringContaining("is not there") },
  ]);
});

test("the month that a moment lies in stays", async () => {
  expect(await json("archive", "--before", "2020-05-31T23:59:59Z")).toMatchObject({ months: [], events: 0 });
  expect(await json("archive", "--before", "2020-06-01T00:00:00Z", "--dry-run")).toMatchObject({
    months: [{ month: "2020-05" }],
  });
});

test("says what is to be given", async () => {
  expect(await run("archive")).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining("Give --before TIME"),
  });
  expect(await run("archive", "--before", "#4")).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining("takes a moment"),
  });
  const later = await run("archive", "--before", `${new Date().getUTCFullYear() + 1}-02-01`);
  expect(later).toMatchObject({
    exit: 2,
    stderr: expect.stringMatching(/--before .* lies in the future\n {2}Give a/),
  });
  expect((await run("archive", "--list")).stdout).toBe("Nothing was archived yet.\n");
});

import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { verify } from "../../cli/declarations/verify.ts";
import { perform } from "../../cli/perform.ts";
import { catchOutput } from "./support/output.ts";
import { type SeededFleet, seedFleet } from "./support/seeded-fleet.ts";

let fleet: SeededFleet;
beforeEach(() => {
  fleet = seedFleet();
});
afterEach(() => fleet.close());

/** As somebody would who can write to the file and knows SQLite. */
function forge(sql: string): void {
  const shell = new Sqlite(fleet.log.path);
  shell.exec(`DROP TRIGGER events_no_update; ${sql}`);
  shell.close();
}

test("a whole log ends with 0, says what was checked, and what to keep", async () => {
  const { exit, stdout, stderr } = await fleet.run("verify");
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  const last = fleet.log.lastSeq();
  expect(stdout).toContain(`The log is whole: ${last} events in `);
  const kept = new RegExp(`${last}:[0-9a-f]{64}`).exec(stdout)?.[0] ?? "";
  expect((await fleet.run("verify", "--expect", kept)).exit).toBe(0);
  const other = `${kept.slice(0, -1)}${kept.endsWith("0") ? "1" : "0"}`;
  const longer = `99999${kept.slice(kept.indexOf(":"))}`;
  expect((await fleet.run("verify", "--expect", longer)).stdout).toMatch(
    /damaged between #\d+ and #99999: the log ends at #\d+; it was longer when that digest was printed, or that was another log/,
  );
  for (const strange of [other, `2${kept.slice(kept.indexOf(":"))}`]) {
    const told = await fleet.run("verify", "--expect", strange);
    expect(told.exit).toBe(1);
    expect(told.stdout).toContain("This is not the log that the digest was printed for: ");
    expect(told.stdout).not.toContain("The log is damaged");
  }
});

test("a damaged one ends with 1 and names the first bad event", async () => {
  forge("UPDATE events SET payload = 'not json' WHERE seq = 3; UPDATE events SET lag = 1 WHERE seq = 5");
  const { exit, stdout } = await fleet.run("verify");
  expect(exit).toBe(1);
  expect(stdout).toContain(
    "The log is damaged at #3: a payload is not JSON: not json.\nEverything before #3 is",
  );
  const json = await fleet.run("verify", "--json");
  expect(json.exit).toBe(1);
  expect(JSON.parse(json.stdout)).toMatchObject({
    schema: "fleet.verify.v1",
    tenant_id: "jarvis",
    host: "W-jarvis",
    state: "damaged",
    digest: null,
    first_bad: { from_seq: 3, to_seq: 3 },
  });
});

test("as JSON it names the log, its end and its digest", async () => {
  const { exit, stdout } = await fleet.run("verify", "--json");
  expect(exit).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    schema: "fleet.verify.v1",
    log_id: fleet.log.logId,
    state: "whole",
    last_seq: fleet.log.lastSeq(),
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    first_bad: null,
  });
});

test("what is expected must be a place and a digest", async () => {
  const { exit, stderr } = await fleet.run("verify", "--expect", "abc");
  expect(exit).toBe(2);
  expect(stderr).toContain('--expect "abc": expected a place in the log and its digest');
});

test("progress is shown to a terminal, is gone in the end, and is not in the answer", async () => {
  const output = { ...catchOutput(), isTerminal: true };
  const around = { output, environment: fleet.environment };
  // Enough commits that a verify of them reports how far it has come, and a clock that says that this takes long.
  const agents = Array.from({ length: 1100 }, (_, n) => `a${n}`);
  for (const agent of agents)
    fleet.log.append({
      source: "heartbeat",
      events: [
        {
          type: "heartbeat.file.removed",
          agent,
          source: "heartbeat",
          occurredAtUs: 1,
          precision: "us",
          payload: {},
        },
      ],
    });
  const now = performance.now.bind(performance);
  let calls = 0;
  performance.now = () => now() + 1000 * calls++;
  try {
    expect(await perform(verify, { arguments: [], options: {} }, around)).toBe(0);
  } finally {
    performance.now = now;
  }
  expect(output.complained().replaceAll(/\d+/g, "N")).toBe("\rN % of N events\u001b[K\r\u001b[K");
  expect(output.printed()).not.toContain("%");
});

test("without a log it says so", async () => {
  const { exit, stderr } = await seedless("verify");
  expect(exit).toBe(1);
  expect(stderr).toContain("nothing has been recorded yet");
});

async function seedless(...argv: string[]) {
  const { runProgram } = await import("../../cli/program.ts");
  const output = catchOutput();
  const environment = { HOME: fleet.home, FLEET_STATE: `${fleet.home}/other`, PATH: process.env.PATH ?? "" };
  const exit = await runProgram(argv, { output, environment });
  return { exit, stdout: output.printed(), stderr: output.complained() };
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openOwnLog } from "../../cli/own-log.ts";
import { runProgram } from "../../cli/program.ts";
import type { HistoryDocument } from "../../query/history-document.ts";
import type { UptimeDocument } from "../../query/uptime.ts";
import type { FleetEvent } from "../../store/events/catalogue.ts";
import { beatLook, paneSeen, rosterLook, SOCKET, tmuxLook } from "../support/looks.ts";
import { catchOutput } from "./support/output.ts";
import { at, type SeededPast, seedPast } from "./support/seeded-past.ts";

/**
 * A log whose events say that somebody watches, and which has no lease: what was exported while a recorder ran, a part of that, or a database that lost
 * its row. Nobody is left to say that the watch ended, and it did: with the last that the log holds of it.
 */
let past: SeededPast;
let home: string;
let variables: Record<string, string>;
beforeEach(() => {
  past = seedPast();
  home = mkdtempSync(join(tmpdir(), "fleet-no-lease-"));
  // A tmux and a bus of nobody: whatever is looked at here answers at once.
  const own = { FLEET_TENANT: "jarvis", FLEET_HOST: "W-jarvis", XDG_RUNTIME_DIR: home };
  variables = { ...past.environment, ...own, FLEET_STATE: join(home, "state") };
  const pane = paneSeen("coder0", 1, { startedAtUs: at(-60) });
  past.record(0, rosterLook(at(0), { coder0: {} }), tmuxLook(at(0), [pane]));
  past.beats("coder0", 0, 60);
});
afterEach(() => {
  past.close();
  rmSync(home, { recursive: true, force: true });
});

async function inOther(...argv: string[]) {
  const output = catchOutput(120);
  const exit = await runProgram(argv, { output, environment: variables });
  return { exit, stdout: output.printed(), stderr: output.complained() };
}

async function restored(...selection: string[]): Promise<void> {
  const file = join(home, "now.ndjson");
  await past.run("export", "--output", file, ...selection);
  expect(await inOther("import", file)).toMatchObject({ exit: 0, stderr: "" });
}

const ACTED: FleetEvent = {
  type: "message.submitted",
  agent: "coder0",
  source: "operator",
  occurredAtUs: at(160),
  precision: "us",
  payload: { message: "m1" },
};

/** The next writer of any kind. */
function gone(on: (log: ReturnType<typeof openOwnLog>["log"]) => unknown): void {
  const { log } = openOwnLog(variables);
  on(log);
  log.close();
}

/** Of the time since the last sign of life (20:01:00): a beat vouches for its 45 s, and nobody for what comes after it. */
async function since() {
  const { stdout } = await inOther("uptime", "coder0", "--since", "2026-06-20T20:01:00Z", "--json");
  const [row] = (JSON.parse(stdout) as UptimeDocument).agents;
  const { healthy_us, unhealthy_us, unobserved_us } = row as UptimeDocument["agents"][number];
  return [healthy_us, unhealthy_us, unobserved_us].map((us) => Math.round(us / 1e6));
}

async function lapses(): Promise<unknown[]> {
  const { stdout } = await inOther("export", "--type", "recorder.lapsed");
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line).payload);
}

const recorder = process.pid;
const LAST = { lastAliveUs: expect.closeTo(at(60), -4) };

test.each<[string, (log: ReturnType<typeof openOwnLog>["log"]) => unknown]>([
  ["an operator's word", (log) => log.append({ source: "operator", events: [ACTED] })],
  [
    "a look of one source",
    (log) => log.append({ source: "heartbeat", snapshot: beatLook(at(160), "coder0", at(160)) }),
  ],
  ["a recorder", (log) => log.claimLease({ pid: 7, pidStart: 8, bootId: "b", version: "1" }, () => true)],
  ["a settlement", (log) => expect(log.settleLapsedLease(() => true)).toBe(true)],
])(
  "time that nobody watched after an export is never observed: neither before nor after %s",
  async (_, write) => {
    await restored();
    past.now(160);
    expect(await since()).toEqual([45, 0, 55]);
    gone(write);
    expect(await lapses()).toEqual([{ pid: recorder, ...LAST }]);
    past.now(200);
    expect((await since()).slice(0, 2)).toEqual(_ === "a look of one source" ? [85, 0] : [45, 0]);
    const { stdout } = await inOther("when", "coder0", "stale", "--since", "2026-06-20T20:00:30Z");
    expect(stdout).not.toContain("all of it was observed");
    expect((await inOther("when", "coder0", "unobserved")).stdout).toContain("2026-06-20 20:01:45");
  },
);

test("one look by hand into such a log covers its own instant", async () => {
  await restored();
  past.now(160);
  expect(await inOther("ps")).toMatchObject({ exit: 0, stderr: "" });
  past.now(200);
  const [, , unobserved] = await since();
  expect(unobserved).toBeGreaterThan(50);
  expect(await lapses()).toEqual([{ pid: recorder, ...LAST }]);
  const { gaps } = JSON.parse((await inOther("history", "--json")).stdout) as HistoryDocument;
  expect(gaps.map(({ from }) => from)).toContain("2026-06-20T20:01:00.000Z");
});

test("what an operator did after the recorder's last word is no sign that it lived", async () => {
  past.tell(63, { ...ACTED, occurredAtUs: at(63) });
  await restored();
  past.now(160);
  const before = await since();
  gone((log) => log.settleLapsedLease(() => true));
  expect(await lapses()).toEqual([{ pid: recorder, ...LAST }]);
  expect(await since()).toEqual(before);
});

test("a part of a log that holds a source's word, and no recorder's, is no open watch for ever", async () => {
  const watched = { source: "tmux", scope: SOCKET };
  past.tell(20, { type: "recorder.source.unavailable", payload: { ...watched, reason: "no answer" } });
  past.tell(40, { type: "recorder.source.recovered", payload: watched });
  past.beats("coder0", 75, 90);
  past.now(100);
  await restored("--since", "2026-06-20T20:00:35Z");
  past.now(200);
  gone((log) => log.append({ source: "operator", events: [ACTED] }));
  expect(await lapses()).toEqual([{ pid: null, lastAliveUs: expect.closeTo(at(90), -4) }]);
  const { stdout } = await inOther("events", "--type", "recorder.lapsed");
  expect(stdout).toContain("the recorder fell silent without a word");
});

test("a database that lost its lease, and a lease that is of another watch, vouch for nothing", async () => {
  variables = { ...variables, FLEET_STATE: past.environment.FLEET_STATE ?? "" };
  const change = (sql: string) => {
    const database = new Database(join(variables.FLEET_STATE ?? "", "fleet.db"));
    database.exec(sql);
    database.close();
  };
  change("DELETE FROM lease");
  past.now(160);
  expect(await since()).toEqual([45, 0, 55]);
  gone((log) => log.append({ source: "operator", events: [ACTED] }));
  expect(await lapses()).toEqual([{ pid: recorder, ...LAST }]);
  gone((log) => log.append({ source: "operator", events: [ACTED] }));
  expect(await lapses()).toHaveLength(1);
});

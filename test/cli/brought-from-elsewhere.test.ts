import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { HistoryDocument } from "../../query/history-document.ts";
import { beatLook, paneSeen, rosterLook, tmuxLook } from "../support/looks.ts";
import { at, type SeededPast, seedPast } from "./support/seeded-past.ts";

// Not every machine that runs the tests tells its id.
vi.mock("../../cli/machine-id.ts", () => ({ machineId: () => "here" }));

let past: SeededPast;
beforeEach(() => {
  past = seedPast();
  const pane = paneSeen("coder0", 1, { startedAtUs: at(-60) });
  past.record(0, rosterLook(at(0), { coder0: {} }), tmuxLook(at(0), [pane]));
  past.beats("coder0", 0, 60);
  past.now(600);
});
afterEach(() => past.close());

function change(sql: string): void {
  const database = new Database(join(past.environment.FLEET_STATE ?? "", "fleet.db"));
  database.exec(sql);
  database.close();
}

/** The log has a name of that machine from an event on. */
function named(n: number, machine: string, from: string): string {
  return `INSERT INTO log_ids (n, log_id, from_seq, machine_id, host, created_at)
    SELECT ${n}, 'log ${n}', ${from}, '${machine}', 'W-jarvis', 1 FROM (SELECT max(seq) AS seq FROM events)`;
}

async function told() {
  const { gaps } = await past.json<HistoryDocument>("history");
  return [gaps.at(-1)?.from, gaps.at(-1)?.cause];
}

const LAST = "2026-06-20T20:01:00.000Z";
const ENDS = /^20:01:00 +- +the log ends here; of later it knows nothing$/m;

test("where the recorder of this machine fell silent, it ended without a word", async () => {
  change(named(2, "here", "2"));
  expect(await told()).toEqual([LAST, "lapsed"]);
  expect((await past.run("history")).stdout).toContain("the recorder ended without a word");
});

test("a log that was copied from another machine ends there, and accuses no recorder, also once it is tended here", async () => {
  change(named(2, "there", "2"));
  expect(await told()).toEqual([LAST, "log-ends"]);
  expect((await past.run("history")).stdout).toMatch(ENDS);
  // Whoever opens the copy for writing names it anew, for what comes from here on.
  change(named(3, "here", "seq + 1"));
  expect(await told()).toEqual([LAST, "log-ends"]);
});

test("an imported log, which has no lease, ends there too", async () => {
  change("DELETE FROM lease");
  expect(await told()).toEqual([LAST, "log-ends"]);
  expect((await past.run("history")).stdout).toMatch(ENDS);
});

test("who opened a log for writing, and of whom it holds no event, is none of those to ask for", async () => {
  change("INSERT INTO partitions (partition_id, tenant_id, host) VALUES (7, 'root', 'vm')");
  const { exit, stderr } = await past.run("history", "--since", "2h");
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  expect((await past.run("history", "--host", "vm")).stderr).toContain("this log holds nothing of");
});

test("one turn at work is one change, two are changes", async () => {
  past.look(61, beatLook(at(61), "coder0", at(61), { status: "busy" }));
  expect((await past.run("history")).stdout).toContain("(busy and healthy in turn, 1 change)");
  past.look(62, beatLook(at(62), "coder0", at(62)));
  expect((await past.run("history")).stdout).toContain("(busy and healthy in turn, 2 changes)");
});

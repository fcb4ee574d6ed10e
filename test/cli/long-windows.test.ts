import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Sqlite from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chronicle } from "../../query/history/chronicler.ts";
import { derive, projections } from "../../query/planes/all.ts";
import type { KeptVerdict } from "../../store/chronicle.ts";
import { openLog } from "../../store/log.ts";
import { openVerdictTable } from "../../store/verdict-table.ts";
import { beatLook, paneSeen, rosterLook, SOCKET, tmuxLook } from "../support/looks.ts";

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const TURN_US = 30_000_000;
/** More than a page, and more than a shelf has at hand, many times over. */
const OUTAGES = 40_000;
/** A child process has a clock of its own: it has to be over by now. */
const END_US = (Math.floor(Date.now() / 1000) - 60) * 1_000_000;
const BEGIN_US = END_US - (OUTAGES + 4) * TURN_US;
/** Held as a list, what any of these answers tells took more than this. */
const HEAP_MEGABYTES = 24;

const WATCHED = [
  ["roster", ""],
  ["tmux", SOCKET],
  ["systemd", ""],
  ["heartbeat", ""],
] as const;

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "fleet-test-long-"));
  const state = join(directory, "state");
  mkdirSync(state, { mode: 0o700 });
  fill(join(state, "fleet.db"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A fortnight of an agent that falls silent each half minute, as the recorder has judged it. */
function fill(path: string): void {
  const clock = { us: BEGIN_US, nowUs: () => clock.us };
  const identity = { tenantId: "t", host: "h", machineId: null };
  const log = openLog({ path, identity, clock, projections, chronicle, derive });
  for (const us of [BEGIN_US, END_US]) {
    clock.us = us;
    for (const snapshot of [
      rosterLook(us, { coder0: {} }),
      tmuxLook(us, [paneSeen("coder0", 1)]),
      beatLook(us, "coder0", us),
    ])
      log.append({ source: snapshot.source, snapshot });
    const events = WATCHED.map(([source, scope]) => ({
      ...{ type: "recorder.source.started" as const, agent: null, source: "recorder" as const },
      ...{ occurredAtUs: us, precision: "us" as const, payload: { source, scope } },
    }));
    if (us === BEGIN_US) log.append({ source: "recorder", events });
  }
  const lastSeq = log.lastSeq();
  log.close();
  const database = new Sqlite(path);
  database.transaction(() => {
    const table = openVerdictTable(database, 1);
    table.cut("coder0", -Infinity);
    table.extend("coder0", [...verdicts()]);
    table.allSettled();
    table.settledThrough(lastSeq);
  })();
  database.close();
}

function* verdicts(): Generator<KeptVerdict> {
  const none = { reason: null, why: [], rules: 1 };
  yield { fromUs: -Infinity, toUs: BEGIN_US, status: null, ...none };
  for (let turn = 0; turn < OUTAGES; turn += 1) {
    const fromUs = BEGIN_US + turn * TURN_US;
    yield { fromUs, toUs: fromUs + TURN_US / 2, status: "healthy", ...none };
    yield { fromUs: fromUs + TURN_US / 2, toUs: fromUs + TURN_US, status: "stale", ...none };
  }
}

function asked(...argv: string[]): { lines: string[]; status: number | null; stderr: string } {
  const at = new Date(END_US / 1000).toISOString();
  const { stdout, status, stderr } = spawnSync(
    process.execPath,
    [`--max-old-space-size=${HEAP_MEGABYTES}`, "--max-semi-space-size=1", MAIN, ...argv, "--at", at],
    {
      env: { PATH: process.env.PATH, HOME: directory, FLEET_STATE: join(directory, "state") },
      encoding: "utf8",
      maxBuffer: 1 << 30,
    },
  );
  return { lines: stdout.split("\n"), status, stderr };
}

const sinceFor = (outages: number) => [
  "--since",
  new Date((END_US - (outages + 3) * TURN_US) / 1000).toISOString(),
];

test.each([
  ["uptime coder0 --json", OUTAGES, 30],
  ["when coder0 stale", OUTAGES, 1],
  ["when coder0 stale --json", OUTAGES, 15 * OUTAGES],
  ["history coder0 --json", OUTAGES, 10 * 2 * OUTAGES],
  ["history coder0 --csv", OUTAGES, 2 * OUTAGES - 2],
  ["incidents coder0 --json", 12_000, 30 * 12_000],
])("%s tells of a window whose verdicts would not fit into its memory", (words, outages, lines) => {
  const { status, stderr, lines: told } = asked(...words.split(" "), ...sinceFor(outages - 1));
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(told.length).toBeGreaterThanOrEqual(lines);
});

/**
 * How fast every document is folded again from the log, against iterating a bare SELECT over the same rows and columns with
 * no more done to them than to look at them; and whether memory stays flat: what the process holds at its peak, with
 * the whole log and with a tenth of it.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Sqlite from "better-sqlite3";
import { derive, projections } from "../query/planes/all.ts";
import { openLog } from "../store/log.ts";
import { startRefold } from "../store/rebuild.ts";
import { eventAt } from "./load.ts";
import type { BenchOptions, Result } from "./result.ts";
import { atLeast, atMost, info, median, optionsOf, table } from "./result.ts";

const ROUNDS = 5;
const SPACING_US = 270_000;
const BATCH = 1000;

export function run({ events = 1_000_000 }: BenchOptions = {}): Result[] {
  const directory = mkdtempSync(join(tmpdir(), "fleet-bench-rebuild-"));
  try {
    const whole = join(directory, "fleet.db");
    const tenth = join(directory, "tenth.db");
    fill(whole, events);
    fill(tenth, Math.ceil(events / 10));
    const bare: number[] = [];
    const refolded: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      bare.push(events / seconds(() => iterate(whole)));
      refolded.push(events / seconds(() => refold(whole)));
    }
    const rebuilt = seconds(() => rebuildOnce(whole));
    const [peak, peakOfTenth] = [peakMegabytes(whole), peakMegabytes(tenth)];
    return [
      info("rebuild: iterate a bare SELECT", median(bare), "events/s"),
      info("rebuild: fold the whole log", median(refolded), "events/s"),
      info("rebuild: `fleet rebuild`, documents written", events / rebuilt, "events/s"),
      atLeast("rebuild: fold / bare SELECT", (median(refolded) / median(bare)) * 100, "%", 80),
      info("rebuild: peak memory", peak, "MB"),
      atMost("rebuild: peak memory / that of a tenth of the log", peak / peakOfTenth, "x", 1.25),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function open(path: string, clock: { nowUs(): number }) {
  const identity = { tenantId: "jarvis", host: "W-jarvis", machineId: "bench" };
  return openLog({ path, identity, clock, projections, derive });
}

function fill(path: string, events: number): void {
  let nowUs = 0;
  const log = open(path, { nowUs: () => nowUs });
  for (let from = 0; from < events; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, events - from) }, (_, i) =>
      eventAt(from + i, SPACING_US),
    );
    nowUs = batch.at(-1)?.recordedAtUs ?? 0;
    log.append({ source: "heartbeat", events: batch.map(({ event }) => event) });
  }
  log.close();
}

function iterate(path: string): void {
  const database = new Sqlite(path, { readonly: true });
  const rows = database
    .prepare("SELECT seq, series_id, recorded_at, lag, payload FROM events")
    .raw()
    .iterate();
  let seen = 0;
  for (const row of rows as Iterable<unknown[]>) seen += row.length;
  database.close();
  if (seen === 0) throw new Error("the bench read nothing");
}

function refold(path: string): void {
  const database = new Sqlite(path, { readonly: true });
  const fold = startRefold(database, projections);
  while (fold.step() > 0);
  database.close();
}

function rebuildOnce(path: string): void {
  const log = open(path, { nowUs: () => Date.now() * 1000 });
  log.rebuild();
  log.close();
}

/** The peak of a process that does nothing but one rebuild. */
function peakMegabytes(path: string): number {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [fileURLToPath(import.meta.url), "--rebuild-only", path],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`the rebuild failed: ${stderr}`);
  return Number(stdout);
}

function seconds(work: () => void): number {
  const started = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - started) / 1e9;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , mode, path] = process.argv;
  if (mode === "--rebuild-only" && path !== undefined) {
    rebuildOnce(path);
    process.stdout.write(String(process.resourceUsage().maxRSS / 1024));
  } else process.stdout.write(table(run(optionsOf(process.argv))));
}

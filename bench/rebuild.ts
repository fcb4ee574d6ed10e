/**
 * How fast everything is folded again from the log, documents and chronicle, into tables aside, and how fast with putting it in place, against iterating `SELECT * FROM events` with no more done to a row
 * than to receive it (an array, which is what better-sqlite3 gives fastest); and whether memory stays flat: what the
 * process holds at its peak, with the whole log and with a tenth of it.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Sqlite from "better-sqlite3";
import { openBenchLog } from "./bench-log.ts";
import { eventAt } from "./load.ts";
import type { BenchOptions, Result } from "./result.ts";
import { atLeast, atMost, info, median, optionsOf, peakMegabytes, table } from "./result.ts";

const ROUNDS = 9;
/** With fewer events the figures say nothing. */
const SMALL = 50_000;
/** SQLite's page caches fill with the first megabytes of a log, and the heaps of two threads find their size; rows would be 300 MB. */
const FLAT_MEGABYTES = 48;
const SPACING_US = 270_000;
/** What arrived within half a minute: a beat that is written later than a minute after it was made is late. */
const BATCH = 100;
/** As the launcher starts it. */
const AS_LAUNCHED = ["--max-semi-space-size=4"];
/** As it is installed. */
const THREAD = fileURLToPath(new URL("../dist/rebuild-thread.cjs", import.meta.url));

export function run({ events = 1_000_000 }: BenchOptions = {}): Result[] {
  const directory = mkdtempSync(join(tmpdir(), "fleet-bench-rebuild-"));
  try {
    const whole = join(directory, "fleet.db");
    const tenth = join(directory, "tenth.db");
    fill(whole, events);
    fill(tenth, Math.ceil(events / 10));
    const rates: Record<Work, number[]> = { iterate: [], fold: [], rebuild: [], alone: [] };
    const rounds = events < SMALL ? 1 : ROUNDS;
    for (let round = 0; round < rounds; round += 1)
      for (const work of Object.keys(rates) as Work[])
        rates[work].push(events / inProcess(work, whole).seconds);
    const [peak, peakOfTenth] = [whole, tenth].map((path) => inProcess("rebuild", path).megabytes) as [
      number,
      number,
    ];
    const rate = (work: Work) => median(rates[work]);
    // Taken within each round: the two ran within the same second, whatever else the machine did.
    const shares = (work: Work) =>
      median(rates[work].map((rate, round) => rate / (rates.iterate[round] ?? Number.NaN))) * 100;
    return [
      info("rebuild: iterate a bare SELECT", rate("iterate"), "events/s"),
      info("rebuild: fold the whole log", rate("fold"), "events/s"),
      info("rebuild: fold it and put it in place", rate("rebuild"), "events/s"),
      atLeast("rebuild: fold / bare SELECT, median round", shares("fold"), "%", 80),
      info("rebuild: with putting it in place / bare SELECT", shares("rebuild"), "%"),
      info("rebuild: the same on one core / bare SELECT", shares("alone"), "%"),
      info("rebuild: peak memory", peak, "MB"),
      atMost(
        "rebuild: peak memory above that of a tenth of the log",
        peak - peakOfTenth,
        "MB",
        FLAT_MEGABYTES,
      ),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

type Work = "iterate" | "fold" | "rebuild" | "alone";
/** Each says when it was done, where that is not at its end. */
const works: Readonly<Record<Work, (path: string) => bigint | undefined>> = {
  iterate,
  fold: (path) => rebuildOnce(path, THREAD).foldedAt,
  rebuild: (path) => rebuildOnce(path, THREAD).doneAt,
  alone: (path) => rebuildOnce(path, null).doneAt,
};

/** Each in a process of its own, as `fleet rebuild` is: what one did to the heap and to the compiler is nothing to the next. */
function inProcess(work: Work, path: string): { seconds: number; megabytes: number } {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [...(work === "iterate" ? [] : AS_LAUNCHED), fileURLToPath(import.meta.url), "--only", work, path],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`${work} failed: ${stderr}`);
  return JSON.parse(stdout) as { seconds: number; megabytes: number };
}

function open(path: string, clock: { nowUs(): number }, thread: string | null = null) {
  return openBenchLog(path, () => clock.nowUs(), { rebuildThread: { thread } });
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

function iterate(path: string): undefined {
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

/** A rebuild tells of its progress once more when all is folded, and again when it is in place. */
function rebuildOnce(path: string, thread: string | null): { foldedAt: bigint; doneAt: bigint } {
  const log = open(path, { nowUs: () => Date.now() * 1000 }, thread);
  const last = log.lastSeq();
  let foldedAt = 0n;
  log.rebuild((seq) => {
    if (seq === last && foldedAt === 0n) foldedAt = process.hrtime.bigint();
  });
  log.close();
  return { foldedAt, doneAt: process.hrtime.bigint() };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , mode, work, path] = process.argv;
  if (mode === "--only" && path !== undefined) {
    const started = process.hrtime.bigint();
    const doneAt = works[work as Work](path) ?? process.hrtime.bigint();
    const seconds = Number(doneAt - started) / 1e9;
    const megabytes = peakMegabytes();
    process.stdout.write(JSON.stringify({ seconds, megabytes }));
  } else process.stdout.write(table(run(optionsOf(process.argv))));
}

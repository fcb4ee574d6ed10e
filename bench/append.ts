/**
 * How fast events go into the log by the full path (validate, stamp, insert, chain, fold, cursor; one durable commit for
 * each 1000), against what better-sqlite3 can insert at all: one prepared INSERT, 100 to a commit, the very rows that
 * the log ends up with (numbers and shared payloads), the same pragmas, no index, no trigger. The two take turns, slice by slice.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Sqlite from "better-sqlite3";
import type { FleetEvent } from "../store/events/catalogue.ts";
import { openBenchLog } from "./bench-log.ts";
import { eventAt } from "./load.ts";
import type { BenchOptions, Result } from "./result.ts";
import { atLeast, info, median, optionsOf, table } from "./result.ts";

const BATCH = 1000;
const RAW_BATCH = 100;
const SLICE = 50_000;
/** A batch of 1000 is what arrived within a second. */
const SPACING_US = 1000;

export function run({ events = 1_000_000 }: BenchOptions = {}): Result[] {
  const directory = mkdtempSync(join(tmpdir(), "fleet-bench-append-"));
  try {
    const full = fullPath(join(directory, "fleet.db"));
    const raw = rawPath(join(directory, "raw.db"));
    const slices: { full: number; raw: number }[] = [];
    for (let from = 0; from < events; from += SLICE) {
      const slice = Array.from({ length: Math.min(SLICE, events - from) }, (_, i) =>
        eventAt(from + i, SPACING_US),
      );
      // Building the slice is no part of either; each goes first every other time.
      const order = slices.length % 2 === 0 ? (["full", "raw"] as const) : (["raw", "full"] as const);
      const seconds = { full: 0, raw: 0 };
      for (const which of order) seconds[which] = which === "full" ? full.append(slice) : raw.append(slice);
      slices.push(seconds);
    }
    full.close();
    raw.close();
    const rate = (which: "full" | "raw") => events / slices.reduce((sum, slice) => sum + slice[which], 0);
    return [
      info("append: raw INSERT, 100 to a commit", rate("raw"), "events/s"),
      info("append: full path, 1000 to a commit", rate("full"), "events/s"),
      info(
        "append: full / raw, median slice",
        median(slices.map((slice) => (slice.raw / slice.full) * 100)),
        "%",
      ),
      atLeast("append: full / raw", (rate("full") / rate("raw")) * 100, "%", 50),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

type Slice = readonly { readonly event: FleetEvent; readonly recordedAtUs: number }[];

function fullPath(path: string) {
  let nowUs = 0;
  const log = openBenchLog(path, () => nowUs);
  return {
    append(slice: Slice): number {
      const batches: { events: FleetEvent[]; nowUs: number }[] = [];
      for (let i = 0; i < slice.length; i += BATCH) {
        const rows = slice.slice(i, i + BATCH);
        batches.push({ events: rows.map(({ event }) => event), nowUs: rows.at(-1)?.recordedAtUs ?? 0 });
      }
      const started = process.hrtime.bigint();
      for (const batch of batches) {
        nowUs = batch.nowUs;
        const expected = log.cursor("bench");
        const next = String(Number(expected ?? 0) + batch.events.length);
        const appended = log.append({
          source: "heartbeat",
          events: batch.events,
          cursor: { name: "bench", expected, next },
        });
        if (!appended.ok || appended.count !== batch.events.length) throw new Error("the bench lost events");
      }
      return secondsSince(started);
    },
    close: () => log.close(),
  };
}

function rawPath(path: string) {
  const database = new Sqlite(path);
  for (const pragma of [
    "page_size = 8192",
    "journal_mode = WAL",
    "synchronous = FULL",
    "wal_autocheckpoint = 2000",
  ])
    database.pragma(pragma);
  database.exec(
    "CREATE TABLE events (seq INTEGER PRIMARY KEY, series_id INTEGER NOT NULL, recorded_at INTEGER NOT NULL, lag INTEGER NOT NULL, payload ANY NOT NULL, origin_id INTEGER, origin_seq INTEGER) STRICT",
  );
  const insert = database.prepare(
    "INSERT INTO events (seq, series_id, recorded_at, lag, payload) VALUES (?, ?, ?, ?, ?)",
  );
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const series = new Map<string, number>();
  const payloads = new Map<string, bigint>();
  let seq = 0;
  const encode = ({ event, recordedAtUs }: Slice[number]): unknown[] => {
    const key = `${event.agent} ${event.type}`;
    const seriesId = series.get(key) ?? series.set(key, series.size + 1).size;
    const text = JSON.stringify(event.payload);
    let payload: string | bigint = text;
    if (event.type === "heartbeat.received") {
      payload = payloads.get(text) ?? BigInt(payloads.size + 1);
      payloads.set(text, payload);
    }
    seq += 1;
    return [seq, seriesId, recordedAtUs, recordedAtUs - event.occurredAtUs, payload];
  };
  return {
    append(slice: Slice): number {
      const rows = slice.map(encode);
      const started = process.hrtime.bigint();
      for (let i = 0; i < rows.length; i += RAW_BATCH) {
        begin.run();
        const end = Math.min(rows.length, i + RAW_BATCH);
        for (let j = i; j < end; j++) {
          const row = rows[j] as unknown[];
          insert.run(row[0], row[1], row[2], row[3], row[4]);
        }
        commit.run();
      }
      return secondsSince(started);
    },
    close: () => database.close(),
  };
}

function secondsSince(started: bigint): number {
  return Number(process.hrtime.bigint() - started) / 1e9;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.stdout.write(table(run(optionsOf(process.argv))));

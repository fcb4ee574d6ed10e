/**
 * What an event costs on disk in a log that is mostly heartbeats: 50 agents that beat every 15 s, each beat a look of its own
 * and so a commit of its own, as a recorder writes them. All that the file holds counts: the chain of digests (a
 * row for each commit), dictionaries, indexes, documents, and what pages leave unused.
 */
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Sqlite from "better-sqlite3";
import type { PayloadOf } from "../store/events/catalogue.ts";
import type { BeatSeen } from "../store/events/snapshot.ts";
import { openBenchLog } from "./bench-log.ts";
import { AGENTS, agentName, beat, eventAt, START_US } from "./load.ts";
import type { BenchOptions, Result } from "./result.ts";
import { atMost, info, optionsOf, table } from "./result.ts";

const INTERVAL_US = 15_000_000;

export function run({ events = 300_000 }: BenchOptions = {}): Result[] {
  // The size is the same on any file system; where there is one in memory, nobody waits for 300,000 flushes of a disk.
  const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const directory = mkdtempSync(join(parent, "fleet-bench-size-"));
  try {
    const path = join(directory, "fleet.db");
    const walBytes = record(path, events);
    const bytes = statSync(path).size;
    const parts = partsOf(path);
    const part = (name: string) => (parts.get(name) ?? 0) / events;
    const other = bytes / events - part("events") - part("batches");
    return [
      info("size: events", part("events"), "bytes/event"),
      info("size: chain of digests, one commit an event", part("batches"), "bytes/event"),
      info("size: dictionaries, indexes, documents", other, "bytes/event"),
      atMost("size: heartbeat log, all included", bytes / events, "bytes/event", 80),
      info("size: WAL beside it while a recorder runs", walBytes / 2 ** 20, "MB"),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function record(path: string, events: number): number {
  let nowUs = START_US;
  const log = openBenchLog(path, () => nowUs);
  // Something of each plane, so that the documents of a real fleet are there.
  const changes = Array.from({ length: AGENTS * 40 }, (_, i) => eventAt(i, 10).event);
  log.append({ source: "tmux", events: changes.filter(({ type }) => type !== "heartbeat.received") });
  for (let i = 0; i < events; i += 1) {
    nowUs = START_US + 1e6 + Math.floor((i * INTERVAL_US) / AGENTS);
    const agent = i % AGENTS;
    const { occurredAtUs, precision, payload } = beat(Math.floor((i * 10) / 9), nowUs);
    const seen: BeatSeen = {
      agent: agentName(agent),
      beat: {
        occurredAtUs,
        precision,
        payload: { ...(payload as PayloadOf<"heartbeat.received">), pid: 20_000 + agent },
      },
      writerAlive: true,
    };
    const look = { begunAtUs: nowUs - 300, endedAtUs: nowUs - 100, scope: "" };
    log.append({
      source: "heartbeat",
      snapshot: { source: "heartbeat", ...look, beats: [seen], complete: false },
    });
  }
  const seq = log.lastSeq();
  if (seq < events) throw new Error(`the bench wrote ${seq} events instead of ${events}`);
  const walBytes = statSync(`${path}-wal`).size;
  log.close();
  return walBytes;
}

function partsOf(path: string): ReadonlyMap<string, number> {
  const database = new Sqlite(path, { readonly: true });
  const rows = database.prepare("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").raw().all();
  database.close();
  return new Map(rows as [string, number][]);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.stdout.write(table(run(optionsOf(process.argv))));

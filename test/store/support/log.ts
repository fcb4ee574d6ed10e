import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "better-sqlite3";
import Sqlite from "better-sqlite3";
import { afterEach } from "vitest";
import type { Log, LogOptions } from "../../../store/log.ts";
import { openLog } from "../../../store/log.ts";
import type { ReadonlyDocuments } from "../../../store/projection.ts";
import type { Reader } from "../../../store/reader.ts";
import { openReader } from "../../../store/reader.ts";
import { deriveBeats, OWN, T0, tally } from "./events.ts";

/** A clock that a test sets. */
export function testClock(startUs = T0) {
  const clock = { us: startUs, nowUs: () => clock.us };
  return clock;
}

/** A directory, and logs and connections in it, all closed and removed after the test. */
export function logBench() {
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0).reverse()) close();
  });
  const bench = {
    directory(): string {
      const directory = mkdtempSync(join(tmpdir(), "fleet-test-store-"));
      closers.push(() => rmSync(directory, { recursive: true, force: true }));
      return directory;
    },
    path: (): string => join(bench.directory(), "fleet.db"),
    open(path: string, over: Partial<LogOptions> = {}): Log {
      const log = openLog({
        path,
        identity: { ...OWN, machineId: "m1" },
        clock: testClock(),
        projections: [tally],
        derive: deriveBeats,
        ...over,
      });
      closers.push(() => log.close());
      return log;
    },
    read(path: string): Reader {
      const reader = openReader(path);
      closers.push(() => reader.close());
      return reader;
    },
    /** A connection that knows nothing of fleet: what an operator's SQLite shell may do. */
    raw(path: string): Database {
      const database = new Sqlite(path);
      closers.push(() => database.close());
      return database;
    },
  };
  return bench;
}

/** Every document there is, for comparing. */
export function allDocuments(documents: ReadonlyDocuments, families = ["tally", "agent", "order"]): unknown {
  return Object.fromEntries(families.map((family) => [family, [...documents.list(family)]]));
}

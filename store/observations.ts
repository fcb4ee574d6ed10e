import type { Database } from "better-sqlite3";
import { prepared } from "./prepared.ts";

/** A successful look at a scope. It may have changed nothing: then it is all that says how fresh the documents are. */
export interface Look {
  readonly source: string;
  readonly scope: string;
  /** Wall clock. */
  readonly atUs: number;
  /** The end of the look on the log's clock, when it saw the whole scope; null for a look at a part of it. */
  readonly completeUs: number | null;
}

export interface Observations {
  record(look: Look): void;
  /** Another writer's complete look ended after this moment of the log's clock. Own looks come one after another. */
  seenElsewhereSince(us: number, source: string, scope: string): boolean;
  gauge(scope: string, values: Readonly<Record<string, number>>): void;
}

export function openObservations(database: Database, partitionId: number): Observations {
  // The later commit stands, not the larger time: a wall clock that was set back must not leave a look in the future.
  const put = prepared(
    database,
    `INSERT INTO observations (partition_id, source, scope, at, complete_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (partition_id, source, scope)
     DO UPDATE SET at = excluded.at, complete_at = max(complete_at, excluded.complete_at)`,
  );
  const complete = prepared(
    database,
    "SELECT complete_at FROM observations WHERE partition_id = ? AND source = ? AND scope = ?",
    "pluck",
  );
  const readings = prepared(
    database,
    "SELECT readings FROM gauges WHERE partition_id = ? AND scope = ?",
    "pluck",
  );
  const putReadings = prepared(
    database,
    "INSERT OR REPLACE INTO gauges (partition_id, scope, readings) VALUES (?, ?, ?)",
  );
  const own = new Map<string, number>();
  return {
    record({ source, scope, atUs, completeUs }) {
      put().run(partitionId, source, scope, atUs, completeUs ?? 0);
      if (completeUs !== null) own.set(`${source} ${scope}`, completeUs);
    },
    seenElsewhereSince(us, source, scope) {
      const last = (complete().get(partitionId, source, scope) as number | undefined) ?? 0;
      return last > us && last !== own.get(`${source} ${scope}`);
    },
    gauge(scope, values) {
      const text = JSON.stringify(values);
      if (readings().get(partitionId, scope) !== text) putReadings().run(partitionId, scope, text);
    },
  };
}

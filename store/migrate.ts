import type { Database } from "better-sqlite3";
import { FleetError } from "./errors.ts";
import type { Migration } from "./migrations/list.ts";
import { APPLICATION_ID } from "./schema.ts";
import { inSnapshot, inTransaction } from "./transaction.ts";

/**
 * Brings the database to the newest schema, each migration in a transaction of its own together with the record of having
 * run. Running it twice, or twenty times at once, is harmless: whoever gets the write lock looks again first.
 */
export function migrate(database: Database, migrations: readonly Migration[]): void {
  const newest = migrations.length;
  for (let version = checkedVersion(database, newest); version < newest; ) {
    version = inTransaction(database, () => {
      const found = checkedVersion(database, newest);
      const next = migrations[found];
      if (next === undefined) return found;
      database.exec(next.sql);
      database.pragma(`application_id = ${APPLICATION_ID}`);
      database.pragma(`user_version = ${next.version}`);
      return next.version;
    });
  }
}

/** The schema version found; refuses what was written by a newer fleet, and what is no fleet log at all. */
export function checkedVersion(database: Database, newest: number): number {
  const { version, application, isEmpty } = readMarks(database);
  if (application !== APPLICATION_ID && !(application === 0 && version === 0 && isEmpty)) {
    throw new FleetError("config", `${database.name} is a SQLite database, but not a fleet log`, {
      hint: "Set FLEET_STATE to the directory that holds the fleet's own fleet.db, or to an empty one.",
    });
  }
  if (version > newest) {
    throw new FleetError(
      "too-new",
      `${database.name} has schema version ${version}, this fleet knows ${newest}`,
      { hint: "It was written by a newer fleet: update this one. Nothing was changed." },
    );
  }
  return version;
}

/**
 * All three as of one moment: read one by one, a log that another process makes in between has no mark yet and tables already,
 * and looks like somebody else's database. Whether a database is empty is asked only of one that has no mark.
 */
function readMarks(database: Database): { version: number; application: number; isEmpty: boolean } {
  return inSnapshot(database, () => {
    // The first of them is what begins the snapshot.
    const version = database.pragma("user_version", { simple: true }) as number;
    const application = database.pragma("application_id", { simple: true }) as number;
    const isEmpty =
      application === 0 && database.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() === 0;
    return { version, application, isEmpty };
  });
}

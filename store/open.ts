import { accessSync, chmodSync, closeSync, constants, existsSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Database } from "better-sqlite3";
import Sqlite from "better-sqlite3";
import { FleetError } from "./errors.ts";
import { checkedVersion, migrate } from "./migrate.ts";
import { migrations } from "./migrations/list.ts";
import { NEWEST_SCHEMA } from "./schema.ts";

export const BUSY_TIMEOUT_MS = 5000;
const FOR_READING = { readonly: true, timeout: BUSY_TIMEOUT_MS } as const;
/** After this many pages (of 8 KiB) in the WAL a commit moves them into the database. */
const CHECKPOINT_PAGES = 2000;

/** Opens the log for appending; makes it (0600) where there is none, and brings an older one up to date. */
export function openForAppend(path: string, busyTimeoutMs: number): Database {
  createPrivately(path);
  return opened(path, { timeout: busyTimeoutMs }, (database) => {
    // Counts only for a database that has no page yet.
    database.pragma("page_size = 8192");
    useWal(database, busyTimeoutMs);
    // What was acknowledged survives a power cut: at the few events a second of a fleet the flush costs nothing.
    database.pragma("synchronous = FULL");
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    // A burst may make the WAL large; the checkpoint after it gives the space back.
    database.pragma(`journal_size_limit = ${CHECKPOINT_PAGES * 8192}`);
    migrate(database, migrations);
  });
}

/** Opens the log for reading only. It must exist; an older one is brought up to date first, so that a new fleet reads it at once. */
export function openForReading(path: string): Database {
  const current = openCurrent(path);
  if (current !== null) return current;
  openForAppend(path, BUSY_TIMEOUT_MS).close();
  return openedForReading(path, () => {});
}

/** Opens the log for reading only, or null where it is an older one, which has to be brought up to date first. Throws where there is none. */
export function openCurrent(path: string): Database | null {
  if (!existsSync(path)) throw noLog(path);
  let version = 0;
  const database = openedForReading(path, (database) => {
    version = checkedVersion(database, NEWEST_SCHEMA);
  });
  if (version === NEWEST_SCHEMA) return database;
  database.close();
  if (version === 0) throw noLog(path);
  return null;
}

/** Nothing to read: no file, or one that a writer has only just made. */
export function noLog(path: string): FleetError {
  return new FleetError("unavailable", `there is no log at ${path}`, {
    hint: "Start `fleet record`, or run `fleet ps`, which looks once and begins one.",
  });
}

/**
 * A log in WAL mode is read with the help of two files beside it. A live writer holds them there; where none does whoever reads makes them, and
 * cannot where nothing may be written. SQLite would go without them if it were promised that nobody writes meanwhile (`immutable`), which no
 * reader can promise: a wrong promise gives wrong answers.
 */
function openedForReading(path: string, prepare: (database: Database) => void): Database {
  try {
    return opened(path, FOR_READING, prepare);
  } catch (error) {
    const { code } = error as { code?: unknown };
    const directory = dirname(path);
    // Of a file system that is read-only SQLite says no more than that it could not open.
    const isRefused = typeof code === "string" && /^SQLITE_(READONLY|CANTOPEN)(_|$)/.test(code);
    if (code !== "SQLITE_READONLY_DIRECTORY" && (!isRefused || mayWrite(directory))) throw error;
    const what =
      "no recorder has it open, and nothing may be written beside it, where SQLite has to make two files to read it";
    throw new FleetError("unavailable", `${path} cannot be read: ${what} (${code})`, {
      hint: `chmod 700 ${directory}; where that cannot be, copy it (cp -r), chmod 700 the copy, and set FLEET_STATE to it.`,
      cause: error,
    });
  }
}

function mayWrite(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function opened(path: string, options: Sqlite.Options, prepare: (database: Database) => void): Database {
  const database = new Sqlite(path, options);
  try {
    prepare(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLite gives -wal and -shm the mode of the database, so only that one has to be right, from its first moment on. */
function createPrivately(path: string): void {
  try {
    if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
    else if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new FleetError("unavailable", `${path}: the log cannot be made there (${code ?? String(error)})`, {
      hint: `Check that ${dirname(path)} exists, that this user may write to it, and that the disk is not full.`,
      cause: error,
    });
  }
}

/**
 * Changing the journal mode wants the database for itself and does not wait for it: of several processes that meet a new
 * log at the same moment all but one are told "busy" at once, and have to ask again.
 */
function useWal(database: Database, busyTimeoutMs: number): void {
  const deadline = Date.now() + busyTimeoutMs;
  while (database.pragma("journal_mode", { simple: true }) !== "wal") {
    try {
      const mode = database.pragma("journal_mode = WAL", { simple: true });
      if (mode === "wal") return;
      throw new FleetError("config", `${database.name}: the file system does not allow WAL mode (${mode})`, {
        hint: "Set FLEET_STATE to a directory on a local disk.",
      });
    } catch (error) {
      if ((error as { code?: string }).code !== "SQLITE_BUSY" || Date.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

import { FleetError } from "./errors.ts";
import { lockHolder } from "./lock-holder.ts";

/**
 * Runs `work` on the database at `path`; what SQLite says about the file, the disk or another process becomes a
 * `FleetError` that names the path and what to do, and so does what can no longer be read of a table. Anything else (a bug of ours) passes
 * through as it is.
 */
export function storing<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageFailure(path, error) ?? error;
  }
}

function storageFailure(path: string, error: unknown): FleetError | null {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: string };
  // Payloads of events are told apart by whoever reads them: what else is kept as JSON, or deflated, is folded from them.
  if (error instanceof SyntaxError || (typeof code === "string" && code.startsWith("Z_")))
    return new FleetError("corrupt", `${path}: what is folded from the events is damaged (${message})`, {
      hint: "Run `fleet rebuild`, which folds it anew, and `fleet verify`, which says whether the events are whole.",
      cause: error,
    });
  if (error instanceof FleetError || typeof code !== "string" || !code.startsWith("SQLITE_")) return null;
  // Extended codes begin with their primary one: SQLITE_IOERR_WRITE, SQLITE_BUSY_SNAPSHOT.
  const is = (primary: string) => code === primary || code.startsWith(`${primary}_`);
  const failure = (kind: "unavailable" | "corrupt", what: string, hint: string) =>
    new FleetError(kind, `${path}: ${what}`, { hint, cause: error });

  if (is("SQLITE_BUSY") || is("SQLITE_LOCKED")) {
    const holder = lockHolder(`${path}-shm`);
    return failure(
      "unavailable",
      `the log is being written by ${holder ?? "another process"}, which did not finish in time`,
      "Run this again; if it persists, see what that process is doing (a rebuild? a stopped debugger?).",
    );
  }
  if (is("SQLITE_FULL")) {
    return failure(
      "unavailable",
      "the disk is full",
      "Free some space and run this again; the log is intact.",
    );
  }
  // Not to go without that file (`locking_mode = EXCLUSIVE`, which needs none): a recorder that comes meanwhile would find the log locked.
  if (code === "SQLITE_IOERR_SHMSIZE") {
    return failure(
      "unavailable",
      "the disk is full: there is no room for the 32 KiB (fleet.db-shm) with which SQLite reads a log that nobody has open",
      "Free some space and run this again: 64 KiB are enough to read it, a recorder wants some MB. The log is intact. (A quota does the same.)",
    );
  }
  if (is("SQLITE_READONLY") || is("SQLITE_PERM")) {
    return failure(
      "unavailable",
      `the log cannot be written (${code})`,
      "Make the state directory and its files writable for this user, or set FLEET_STATE to one that is.",
    );
  }
  if (is("SQLITE_CANTOPEN")) {
    return failure(
      "unavailable",
      `the log cannot be opened (${code})`,
      "Check that the state directory exists and that this user may read and write it.",
    );
  }
  if (is("SQLITE_CORRUPT") || is("SQLITE_NOTADB") || code === "SQLITE_IOERR_CORRUPTFS") {
    return failure(
      "corrupt",
      `the log is damaged (${message ?? code})`,
      "Stop fleet, keep a copy of fleet.db and fleet.db-wal, then restore a backup or salvage what can be read" +
        " with `sqlite3 fleet.db .recover`; moved aside, fleet starts a new log.",
    );
  }
  if (is("SQLITE_IOERR")) {
    return failure(
      "unavailable",
      `the disk refused to read or write the log (${code})`,
      "Check free space, quota and the kernel's log (dmesg); the log is intact as of its last commit.",
    );
  }
  return null;
}

import { lstatSync, type Stats } from "node:fs";
import { FleetError } from "../../store/errors.ts";
import { makeDirectories } from "../make-directories.ts";

/**
 * Makes the run directory (0700) where it is missing, and refuses one into which somebody else could write: whoever can
 * write there can say of any agent that it is well.
 */
export function ensureRunDirectory(path: string, uid: number): void {
  make(path);
  const reason = distrust(path, lstatSync(path), uid);
  if (reason !== null) throw new FleetError("config", reason.problem, { hint: reason.hint });
}

function distrust(path: string, stats: Stats, uid: number): { problem: string; hint: string } | null {
  const elsewhere = "or set MOSAIC_HEARTBEAT_RUN_DIR to a directory of your own.";
  if (stats.isSymbolicLink()) {
    return {
      problem: `the run directory ${path} is a symbolic link`,
      hint: "Name the real directory in MOSAIC_HEARTBEAT_RUN_DIR.",
    };
  }
  if (!stats.isDirectory())
    return { problem: `the run directory ${path} is not a directory`, hint: `Move it away, ${elsewhere}` };
  if (stats.uid !== uid) {
    return {
      problem: `the run directory ${path} belongs to uid ${stats.uid}, not to you (uid ${uid})`,
      hint: `Run fleet as its owner (one tenant is one user), ${elsewhere}`,
    };
  }
  if ((stats.mode & 0o022) !== 0) {
    const mode = (stats.mode & 0o7777).toString(8).padStart(4, "0");
    return {
      problem: `the run directory ${path} can be written by others (mode ${mode})`,
      hint: `Look at what is in it, then run: chmod 700 ${path}`,
    };
  }
  return null;
}

function make(path: string): void {
  try {
    makeDirectories(path);
  } catch (error) {
    throw unmade(path, error as Error);
  }
}

function unmade(path: string, cause: Error): FleetError {
  return new FleetError("config", `the run directory ${path} cannot be made: ${cause.message}`, {
    hint: "Set MOSAIC_HEARTBEAT_RUN_DIR to a place that you can write.",
    cause,
  });
}

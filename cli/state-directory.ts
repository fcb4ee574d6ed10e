import { existsSync, lstatSync, statSync } from "node:fs";
import { makePrivateDirectory } from "../collectors/private-directory.ts";
import { FleetError } from "../store/errors.ts";
import type { Places } from "./environment.ts";
import { whyForbidden } from "./forbidden.ts";

export interface Ownership {
  readonly isDirectory: boolean;
  readonly uid: number;
  readonly mode: number;
  /** The owner of the link, where the path itself is a symbolic link. */
  readonly linkUid: number | null;
}

/** Why a directory may not hold the log, or null when it may: what is in it decides what people believe. */
export function distrust(
  path: string,
  found: Ownership,
  uid: number,
): { problem: string; hint: string } | null {
  const elsewhere = "or set FLEET_STATE to a directory of your own.";
  if (!found.isDirectory) {
    return {
      problem: `the state directory ${path} is not a directory`,
      hint: `Move that file away, ${elsewhere}`,
    };
  }
  if (found.linkUid !== null && found.linkUid !== uid && found.linkUid !== 0) {
    return {
      problem: `the state directory ${path} is a link that belongs to uid ${found.linkUid}, not to you (uid ${uid})`,
      hint: `Remove the link, ${elsewhere}`,
    };
  }
  if (found.uid !== uid) {
    return {
      problem: `the state directory ${path} belongs to uid ${found.uid}, not to you (uid ${uid})`,
      hint: `Run fleet as its owner (one tenant is one user), ${elsewhere}`,
    };
  }
  // Root looks into it all the same; for others what is in it would seem not to be there.
  if (uid !== 0 && (found.mode & 0o500) !== 0o500) {
    const mode = (found.mode & 0o7777).toString(8).padStart(4, "0");
    return {
      problem: `the state directory ${path} may not be looked into (mode ${mode})`,
      hint: `chmod 700 ${path}`,
    };
  }
  if ((found.mode & 0o022) !== 0) {
    const mode = (found.mode & 0o7777).toString(8).padStart(4, "0");
    return {
      problem: `the state directory ${path} can be written by others (mode ${mode})`,
      hint: `Look at what is in it, then run: chmod 700 ${path}`,
    };
  }
  return null;
}

/** True when the state directory is there and can be trusted, false when it is not there; throws when it must not be used. */
export function stateDirectoryExists(places: Places, uid: number): boolean {
  const found = ownershipOf(places.stateDirectory);
  if (found === null) return false;
  const reason = distrust(places.stateDirectory, found, uid);
  if (reason !== null) throw new FleetError("config", reason.problem, { hint: reason.hint });
  return true;
}

/** Makes the state directory and its spool (0700, missing parents too) where they are not there yet. */
export function ensureStateDirectory(places: Places, uid: number): void {
  try {
    if (!stateDirectoryExists(places, uid)) makePrivateDirectory(places.stateDirectory);
    makePrivateDirectory(places.spoolDirectory);
  } catch (error) {
    if (error instanceof FleetError) throw error;
    const { code, path } = error as NodeJS.ErrnoException;
    const why = code === "EACCES" && path !== undefined ? whyForbidden(path, uid) : null;
    if (why !== null && existsSync(places.stateDirectory))
      throw new FleetError("config", `nothing can be written into the state directory: ${why.what}`, {
        hint: `${why.remedy}, or set FLEET_STATE to a directory that you can write.`,
        cause: error,
      });
    throw new FleetError(
      "config",
      `the state directory ${places.stateDirectory} cannot be made: ${(error as Error).message}`,
      {
        hint: `${places.stateChosenBy} chose it; set FLEET_STATE to a place that you can write.`,
        cause: error,
      },
    );
  }
}

function ownershipOf(path: string): Ownership | null {
  try {
    const itself = lstatSync(path);
    const found = itself.isSymbolicLink() ? statSync(path) : itself;
    const linkUid = itself.isSymbolicLink() ? itself.uid : null;
    return { isDirectory: found.isDirectory(), uid: found.uid, mode: found.mode, linkUid };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return null;
    throw new FleetError("config", `the state directory ${path} cannot be looked at: ${message}`, {
      hint: "Set FLEET_STATE to a directory of your own.",
      cause: error,
    });
  }
}

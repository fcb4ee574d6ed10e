import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";

/** What stands in the way of reading and writing at a path, and what to do about it. */
export interface Forbidden {
  readonly what: string;
  readonly remedy: string;
}

interface Found {
  readonly uid: number;
  readonly mode: number;
  readonly isDirectory: boolean;
}

/** How a path is looked at; root may do everything, so that tests bring their own. */
export interface Looking {
  stat(path: string): Found | null;
  may(path: string, what: number): boolean;
}

/**
 * Why this user may not read or write there; null: nothing that a look at owners and modes finds. That somebody else owns it is one answer; that it is one's
 * own, and its mode forbids it, is another, and whoever is told the first for the second looks in the wrong place.
 */
export function whyForbidden(path: string, uid: number, looking: Looking = ofThisUser): Forbidden | null {
  const culprit = culpritOf(path, looking);
  if (culprit === null) return null;
  const { at, found } = culprit;
  if (found.uid !== uid)
    return {
      what: `${at} belongs to uid ${found.uid}, not to you (uid ${uid})`,
      remedy: `Run fleet as the user who owns the fleet; or, if it should be yours: chown ${uid} ${at}`,
    };
  const mode = (found.mode & 0o7777).toString(8).padStart(4, "0");
  return {
    what: `${at} is yours, and its mode forbids it (${mode})`,
    remedy: `chmod ${found.isDirectory ? "u+rwx" : "u+rw"} ${at}`,
  };
}

/** From the outermost in: a directory that may not be entered hides what is in it. */
function culpritOf(
  path: string,
  { stat, may }: Looking,
): { readonly at: string; readonly found: Found } | null {
  const above: string[] = [];
  for (let at = dirname(path); ; at = dirname(at)) {
    above.unshift(at);
    if (at === dirname(at)) break;
  }
  let last: { readonly at: string; readonly found: Found } | null = null;
  for (const at of above) {
    const found = stat(at);
    if (found === null) return last;
    if (!may(at, constants.X_OK)) return { at, found };
    last = { at, found };
  }
  const found = stat(path);
  const needed = found?.isDirectory
    ? constants.R_OK | constants.W_OK | constants.X_OK
    : constants.R_OK | constants.W_OK;
  if (found !== null && !may(path, needed)) return { at: path, found };
  // Making, renaming and removing it is up to the directory that it is in.
  return last === null || may(last.at, constants.W_OK) ? null : last;
}

const ofThisUser: Looking = {
  stat(path) {
    try {
      const found = statSync(path);
      return { uid: found.uid, mode: found.mode, isDirectory: found.isDirectory() };
    } catch {
      return null;
    }
  },
  may(path, what) {
    try {
      accessSync(path, what);
      return true;
    } catch {
      return false;
    }
  },
};

import { lstatSync, opendirSync, type Stats } from "node:fs";

/** What the run directory is and which heartbeat files it lists. */
export type DirectoryLook =
  /** Not there (yet): that is an answer, nobody has beaten. */
  | { readonly state: "missing" }
  | { readonly state: "refused"; readonly reason: string }
  | {
      readonly state: "listed";
      readonly identity: string;
      /** Agents that have a file `NAME.hb`. */
      readonly agents: readonly string[];
      /** Names that end in `.hb` and are not `NAME.hb`. */
      readonly misnamed: readonly string[];
    };

/** Also the roster's rule for names. */
export const AGENT_NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/;

/** A fleet has tens of agents; a directory with more entries than this is something else. */
const MAX_ENTRIES = 4096;

export function beatFileOf(agent: string): string {
  return `${agent}.hb`;
}

/** The agent whose heartbeat file has this name; null when it is not one. */
export function agentOfBeatFile(name: string): string | null {
  if (!name.endsWith(".hb")) return null;
  const agent = name.slice(0, -3);
  return AGENT_NAME.test(agent) ? agent : null;
}

/** Lists the directory, unless somebody else could put files there or it is not what it seems. */
export function lookAtDirectory(path: string, uid: number): DirectoryLook {
  const stats = statsOf(path);
  if (stats === null) return { state: "missing" };
  const reason = distrust(path, stats, uid);
  if (reason !== null) return { state: "refused", reason };
  const names = namesIn(path);
  if (!names.ok) return names.look;
  const agents: string[] = [];
  const misnamed: string[] = [];
  for (const name of names.names) {
    const agent = agentOfBeatFile(name);
    if (agent !== null) agents.push(agent);
    // Names with a leading dot are where atomic writers keep what is not finished.
    else if (name.endsWith(".hb") && !name.startsWith(".")) misnamed.push(name);
  }
  return {
    state: "listed",
    identity: `${stats.dev}:${stats.ino}:${stats.birthtimeMs}`,
    agents: agents.sort(),
    misnamed: misnamed.sort(),
  };
}

type Names =
  | { readonly ok: true; readonly names: string[] }
  | { readonly ok: false; readonly look: DirectoryLook };

function namesIn(path: string): Names {
  const names: string[] = [];
  try {
    const listing = opendirSync(path, { bufferSize: 256 });
    try {
      for (let entry = listing.readSync(); entry !== null; entry = listing.readSync()) {
        names.push(entry.name);
        if (names.length > MAX_ENTRIES) {
          const reason = `${path} holds more than ${MAX_ENTRIES} files; heartbeats need one per agent`;
          return { ok: false, look: { state: "refused", reason } };
        }
      }
    } finally {
      listing.closeSync();
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT") return { ok: false, look: { state: "missing" } };
    if (code !== "EACCES") throw error;
    return { ok: false, look: { state: "refused", reason: `${path} cannot be listed: permission denied` } };
  }
  return { ok: true, names };
}

/** Why the directory is not to be believed; null when it may be. */
function distrust(path: string, stats: Stats, uid: number): string | null {
  if (stats.isSymbolicLink()) {
    return `${path} is a symbolic link; name the real directory in MOSAIC_HEARTBEAT_RUN_DIR`;
  }
  if (!stats.isDirectory()) return `${path} is not a directory`;
  if (stats.uid !== uid)
    return `${path} belongs to uid ${stats.uid}, not to ${uid}; whoever owns it could write any heartbeat`;
  if ((stats.mode & 0o022) !== 0) {
    const mode = (stats.mode & 0o7777).toString(8).padStart(4, "0");
    return `${path} can be written by others (mode ${mode}); run: chmod 700 ${path}`;
  }
  return null;
}

function statsOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

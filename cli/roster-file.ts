import { readFileSync, statSync } from "node:fs";
import { type RosterEnvironment, socketNamesOf } from "../collectors/roster/declarations.ts";
import { MAX_ROSTER_BYTES, type ParsedRoster, parseRoster } from "../collectors/roster/parse.ts";
import { documentsOf } from "../query/planes/documents.ts";
import type { ReadonlyDocuments } from "../store/projection.ts";
import { DEFAULT_SOCKET_NAME } from "./environment.ts";

/** The roster file as it is now, for what must be known before anything is recorded; null where there is none to read. */
export function readRosterFile(path: string): ParsedRoster | null {
  try {
    const found = statSync(path);
    if (!found.isFile() || found.size > MAX_ROSTER_BYTES) return null;
    return parseRoster(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}

/**
 * The names of the sockets that are hooked: those of the roster file, its additional `tmux.sockets` too. While the file is
 * refused or gone, those of the last good one that this process saw and of the declarations in force.
 */
export function createSocketNames(
  path: string,
  environment: RosterEnvironment,
): (documents: ReadonlyDocuments) => string[] {
  let seen = "";
  let lastGood: readonly string[] = [];
  return (documents) => {
    const stamp = stampOf(path);
    if (stamp !== seen) {
      seen = stamp;
      const roster = readRosterFile(path);
      if (roster?.ok) lastGood = socketNamesOf(roster.roster, environment);
    }
    const declared = [...documentsOf(documents, "roster")].map(
      ([, { declaration }]) => declaration.socketName,
    );
    const names = new Set([...lastGood, ...declared]);
    return names.size > 0 ? [...names] : [environment.socketName ?? DEFAULT_SOCKET_NAME];
  };
}

/** Changes with every write of the file; empty where there is none. */
function stampOf(path: string): string {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path);
    return `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch {
    return "";
  }
}

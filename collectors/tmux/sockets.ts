import { readdirSync } from "node:fs";
import { join } from "node:path";

/** A tmux server's socket: `tmux -L NAME`, or its path for `tmux -S`. */
export interface TmuxSocket {
  readonly name: string;
  readonly path: string;
}

/** More than this many sockets in one user's directory are not a fleet; the first ones by name are looked at. */
const MAX_SOCKETS = 256;

/** The sockets in tmux's directory of this user; none where there is no directory yet. */
export function listSockets(directory: string): TmuxSocket[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isSocket())
      .map(({ name }) => ({ name, path: join(directory, name) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .slice(0, MAX_SOCKETS);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return [];
    throw error;
  }
}

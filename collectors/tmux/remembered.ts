import type { CursorMove } from "../../store/events/batch.ts";

/**
 * Sockets at which a server was last seen. A server may end while nobody looks, and its socket be swept away or leave the
 * roster: remembered, it is looked at once more, and its end gets into the log.
 */
export const REMEMBERED_SOCKETS = "tmux-sockets";

const MAX_REMEMBERED = 1024;

export function parseRemembered(cursor: string | null): string[] {
  if (cursor === null) return [];
  try {
    const value: unknown = JSON.parse(cursor);
    return Array.isArray(value) ? value.filter((path) => typeof path === "string") : [];
  } catch {
    return [];
  }
}

/** The move that remembers or forgets a socket; undefined when the cursor says so already. */
export function rememberMove(cursor: string | null, path: string, alive: boolean): CursorMove | undefined {
  const before = parseRemembered(cursor);
  if (before.includes(path) === alive) return undefined;
  const after = alive ? [...before, path].slice(-MAX_REMEMBERED) : before.filter((other) => other !== path);
  return { name: REMEMBERED_SOCKETS, expected: cursor, next: JSON.stringify(after) };
}

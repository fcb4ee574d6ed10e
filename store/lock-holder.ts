import { readFileSync, statSync } from "node:fs";

/** SQLite's WAL_WRITE_LOCK is a POSIX lock on byte 120 of the -shm file (wal.c: 120 + lock index 0). */
const WRITE_LOCK_BYTE = 120;

/**
 * Who holds the write lock of a WAL database, as words ("process 4711 (node)"), from /proc/locks; null where the kernel does
 * not say. It may have changed hands since: good enough for the sentence of an error.
 */
export function lockHolder(shmPath: string): string | null {
  try {
    const pid = holderIn(readFileSync("/proc/locks", "utf8"), statSync(shmPath).ino);
    return pid === null ? null : `process ${pid}${commandOf(pid)}`;
  } catch {
    return null;
  }
}

/** A line: `3: POSIX  ADVISORY  WRITE 4711 fe:01:262155 120 120`; waiting ones have `->` after the number. */
export function holderIn(locks: string, inode: number): number | null {
  for (const line of locks.split("\n")) {
    const match = /^\d+: POSIX +ADVISORY +WRITE +(\d+) [0-9a-f]+:[0-9a-f]+:(\d+) (\d+) (\d+|EOF)$/.exec(line);
    if (!match || Number(match[2]) !== inode) continue;
    const last = match[4] === "EOF" ? Number.POSITIVE_INFINITY : Number(match[4]);
    if (Number(match[3]) <= WRITE_LOCK_BYTE && WRITE_LOCK_BYTE <= last) return Number(match[1]);
  }
  return null;
}

function commandOf(pid: number): string {
  try {
    return ` (${readFileSync(`/proc/${pid}/comm`, "utf8").trim()})`;
  } catch {
    return "";
  }
}

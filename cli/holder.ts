import { bootId, readProcess } from "../collectors/proc/stat.ts";
import type { LeaseHolder } from "../store/lease.ts";

/**
 * Whether the process that claimed a lease still lives: same boot, same pid, same start time. A pid alone proves nothing,
 * pids are used again; without a start time it is all there is.
 */
export function isHolderAlive(holder: LeaseHolder): boolean {
  if (holder.bootId !== bootId()) return false;
  const process = readProcess(holder.pid);
  if (process === null || process.state === "Z") return false;
  return holder.pidStart === null || process.startTicks === holder.pidStart;
}

import { chronicle } from "../query/history/chronicler.ts";
import { derive, projections } from "../query/planes/all.ts";
import { type Log, type LogOptions, openLog } from "../store/log.ts";

/** A log with all that a recorder keeps, written by a clock of the bench's own. */
export function openBenchLog(path: string, nowUs: () => number, more: Partial<LogOptions> = {}): Log {
  const identity = { tenantId: "jarvis", host: "W-jarvis", machineId: "bench" };
  return openLog({ path, identity, clock: { nowUs }, projections, chronicle, derive, ...more });
}

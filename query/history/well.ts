import type { AgentStatus } from "../row.ts";
import type { Interval } from "./intervals.ts";

/** A stretch of being well in one way or another. */
export function wellFor(fromUs: number, toUs: number): Interval {
  return { fromUs, toUs, status: "healthy", reason: null, why: [], rules: 0 };
}

/** As `VerdictReader.notWell` has it. */
export function isWell(status: AgentStatus): boolean {
  return ["healthy", "busy", "starting", "running"].includes(status);
}

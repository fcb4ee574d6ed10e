import type { AgentPane, HeartbeatDocument } from "./planes/documents.ts";
import type { AgentStatus } from "./row.ts";
import type { Evidence } from "./weighed.ts";

/** What ends is told alike of those that are expected to beat and of those that are not. */
const ENDED: ReadonlySet<AgentStatus> = new Set(["stopped", "finished", "failed", "absent", "dead"]);

/** Whether one is down for good, or was wanted down. */
export function hasEnded(status: AgentStatus): boolean {
  return ENDED.has(status);
}

/** Since when (µs) a rung has held that holds since `sinceUs` by its own evidence: not from before it could be asked, nor from later than now. */
export function shownSinceUs(
  { status, sinceUs }: { readonly status: AgentStatus; readonly sinceUs?: number | null },
  { nowUs, expectedSinceUs }: Evidence,
): number | null {
  if (sinceUs === undefined || sinceUs === null) return null;
  const asExpectedUs = hasEnded(status) ? sinceUs : Math.max(sinceUs, expectedSinceUs ?? sinceUs);
  // A beat may be dated by a clock that is ahead.
  return Math.min(asExpectedUs, nowUs);
}

/** Since when (µs) beats of this status have been the agent's: while its session had another name it was shown as that, whoever watched it come back. */
export function statusSinceUs({ statusSinceUs: us }: HeartbeatDocument, own: AgentPane | undefined): number {
  return own?.state === "alive" ? Math.max(us, own.namedAtUs ?? us) : us;
}

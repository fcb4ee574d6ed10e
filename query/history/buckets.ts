import { NEVER_RAN } from "../death.ts";
import type { AgentStatus } from "../row.ts";
import type { Interval } from "./intervals.ts";

/** What a stretch of time counts as for availability. */
export type Bucket = "healthy" | "unhealthy" | "planned" | "unobserved";

const BUCKET_OF: Readonly<Record<AgentStatus, Bucket>> = {
  healthy: "healthy",
  busy: "healthy",
  waiting: "healthy",
  starting: "healthy",
  // Of a row that nobody expects to beat, life is all that was promised.
  running: "healthy",
  failed: "unhealthy",
  dead: "unhealthy",
  stale: "unhealthy",
  silent: "unhealthy",
  stopped: "planned",
  finished: "planned",
  unobserved: "unobserved",
  // Until its first run nothing of it could be observed.
  absent: "unobserved",
};

/**
 * Null, off the roster, is planned: before its declaration and after its removal nobody wanted it to run. What has never run is no failure: a
 * row that is not expected to beat is called `dead` then, where another is `absent`, and counts as that does.
 */
export function bucketOf(status: AgentStatus | null, reason: string | null): Bucket {
  if (status === null) return "planned";
  return reason === NEVER_RAN ? BUCKET_OF.absent : BUCKET_OF[status];
}

/**
 * What a stretch of `Past.sightings` counts as: the same as that of `Past.intervals`, of which uptime is made. Off the roster nobody wanted an agent to
 * run, whatever its session was; of a session that no roster ever named, what it was is all that there is to tell.
 */
export function bucketOfSighting(
  { status, reason, unrostered }: Pick<Interval, "status" | "reason" | "unrostered">,
  isStray: boolean,
): Bucket {
  return bucketOf(unrostered && !isStray ? null : status, reason);
}

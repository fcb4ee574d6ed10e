import { documentOf, documentsOf, ONLY } from "../../query/planes/documents.ts";
import type { ReadonlyDocuments } from "../../store/projection.ts";

/** Evidence that arrives within this is not late: spools and journals are read every few seconds. */
const GRACE_US = 60_000_000;

export interface SettledInput {
  readonly nowUs: number;
  readonly documents: ReadonlyDocuments;
  /** The last successful look at each scope. */
  readonly observations: readonly {
    readonly source: string;
    readonly scope: string;
    readonly atUs: number;
  }[];
  /** When the live recorder last proved itself; null: none is live. */
  readonly recorderAliveAtUs: number | null;
}

/**
 * Up to which moment no more evidence is to be expected: a minute ago, and not after what any watched source has caught up with.
 * Without a live recorder time stands still at its end, because spool and journal will still tell of the time after it. A source that
 * does not answer does not hold the rest back (it may never answer again); what it tells late is a correction.
 */
export function settledUntilUs({ nowUs, documents, observations, recorderAliveAtUs }: SettledInput): number {
  const latestUs = nowUs - GRACE_US;
  if (recorderAliveAtUs === null) {
    const ended = documentOf(documents, "recorder", ONLY);
    const looks = observations.map(({ atUs }) => atUs);
    // Only looks by hand: each covers its own instant.
    if (ended === undefined) return Math.min(latestUs, Math.max(0, ...looks));
    return Math.min(latestUs, ended.state === "running" ? Math.max(0, ...looks) : ended.sinceUs);
  }
  const seenAtUs = new Map(observations.map(({ source, scope, atUs }) => [`${source} ${scope}`, atUs]));
  let untilUs = Math.min(latestUs, recorderAliveAtUs);
  for (const [, { source, scope, state }] of documentsOf(documents, "coverage")) {
    if (state !== "observed") continue;
    // A scope that takes no looks of its own speaks when something happens; the recorder's own life stands for it.
    untilUs = Math.min(untilUs, seenAtUs.get(`${source} ${scope}`) ?? recorderAliveAtUs);
  }
  return untilUs;
}

import { lastSeen } from "./history/last-seen.ts";
import type { Past } from "./history/past.ts";

/**
 * What the log's first looks found of an agent had begun before: since when, as far as its source told that of itself (its process's start, its
 * time of death), which is what `ps` shows. Null inside: nobody knows. Null: it was seen to begin, or something else was seen before it.
 */
export function foundFirst(
  past: Past,
  agent: string,
  fromUs: number,
): { readonly sinceUs: number | null } | null {
  if (lastSeen(past.intervals, agent, fromUs) !== null) return null;
  const { sinceUs } = past.explain(agent, fromUs).verdict;
  return { sinceUs: sinceUs === null ? null : Math.min(sinceUs, fromUs) };
}

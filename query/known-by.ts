import { isGlimpse } from "./history/glimpse.ts";
import type { Past } from "./history/past.ts";
import type { Span } from "./history/span.ts";

/**
 * How something is known that is known of no more than a moment: by one `look`, before and after which nobody watched; or because a source told of
 * that `moment` (a hook's line, a beat, the boot), at which nobody looked. Null: it is known of more than that, or watching ended with it.
 */
export type Glimpse = "look" | "moment" | null;

export function glimpseOf(past: Past, agent: string, { fromUs, toUs }: Span): Glimpse {
  if (!isGlimpse(toUs - fromUs)) return null;
  if (!wasWatched(past, agent, fromUs, Math.max(fromUs, toUs - 1))) return "moment";
  return wasWatched(past, agent, fromUs - 1, fromUs - 1) ? null : "look";
}

/** Whether anybody looked at any plane of it between two moments, both included. */
function wasWatched(past: Past, agent: string, fromUs: number, untilUs: number): boolean {
  const { pane, systemd, heartbeat, process } = past.explain(agent, untilUs).facts.watch;
  return [pane, systemd, heartbeat, process].some(
    ({ observedAtUs }) => (observedAtUs ?? -Infinity) >= fromUs,
  );
}

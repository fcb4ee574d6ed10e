import { MOMENT_US } from "./cause.ts";
import type { Occurrence } from "./history/occurrence.ts";
import type { Past } from "./history/past.ts";
import { lengthOf } from "./history/span.ts";
import { exactIsoOf } from "./instant.ts";
import type { EventSource } from "./lately.ts";
import type { Explained } from "./ps.ts";

/** One who was attached to an agent's session. */
export interface Attached {
  client: string | null;
  since: string;
  read_only: boolean;
}

/** Who was attached at a moment, and in the one before it. Null: nobody is known to have been, and nobody watched its tmux socket all that time. */
export function attachedTo(
  { past, events, attachedSince }: Pick<AskedAttached, "past" | "events" | "attachedSince">,
  agent: string,
  atUs: number,
  then: Explained | undefined,
): Attached[] | null {
  const window = { fromUs: atUs - MOMENT_US, toUs: atUs + 1 };
  const known = [...past.occurrences(agent, "attached", window)].map((one) => {
    const event = events.event(one.why[0] ?? 0);
    const client = (event?.payload as { client?: unknown } | null | undefined)?.client;
    return {
      client: typeof client === "string" ? client : null,
      since: exactIsoOf(attachedSince(agent, one)),
      read_only: one.reason === "read-only",
    };
  });
  if (known.length > 0) return known;
  if (then?.facts.watch.pane.state !== "fresh") return null;
  const watchedUs = lengthOf([...past.observed(agent, "attached", window)]);
  return watchedUs === window.toUs - window.fromUs ? [] : null;
}

export interface AskedAttached {
  readonly past: Past;
  readonly events: EventSource;
  /** When one that was attached already as a window began had come: see `attachedSince`. */
  readonly attachedSince: (agent: string, one: Occurrence) => number;
}

/**
 * When an attachment had begun. A look that found a client there may have ended time that nobody watched, and a hook have told when in it
 * the client came: so much of the log is looked at for it as that takes, once for all who die meanwhile.
 */
export function attachedSince(past: Past, events: EventSource): AskedAttached["attachedSince"] {
  const known = new Map<string, number>();
  return (agent, one) => {
    if (!one.beganBefore) return one.fromUs;
    const seq = one.why[0] ?? 0;
    const key = `${seq} ${agent}`;
    const sinceUs =
      known.get(key) ?? beganUs(past, agent, seq, events.event(seq)?.occurredAtUs ?? one.fromUs);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(key, sinceUs);
    return sinceUs;
  };
}

const MOST_KNOWN = 1000;

function beganUs(past: Past, agent: string, seq: number, toldUs: number): number {
  for (let farUs = 1; ; farUs *= 1000) {
    const fromUs = Math.max(past.beginsUs ?? toldUs, toldUs - farUs);
    const around = past.occurrences(agent, "attached", { fromUs, toUs: toldUs + MOMENT_US + 1 });
    const one = [...around].find(({ why }) => why.includes(seq));
    if (one === undefined) return toldUs;
    if (!one.beganBefore || fromUs === past.beginsUs || farUs > toldUs) return one.fromUs;
  }
}

import type { StoredEvent } from "../store/events/envelope.ts";
import type { Occurrence } from "./history/occurrence.ts";
import { once } from "./history/once.ts";
import type { Past } from "./history/past.ts";
import type { Window } from "./history/sweep.ts";

/** The result of a unit of which the kernel ended a process for want of memory. */
export const OUT_OF_MEMORY = "oom-kill";

/** A message older than this is no part of a death. */
const LOOK_BACK_US = 7 * 86_400_000_000;

/** Single events that no table holds; the reader of the log is handed in. */
export interface EventSource {
  event(seq: number): StoredEvent | null;
  /** Both ends included. Null: of everybody, and of the host itself. */
  between(agent: string | null, types: readonly string[], span: Window): Iterable<StoredEvent>;
}

/** What came over an agent around a moment, where its planes do not tell. */
export interface Lately {
  /** The last message before a moment. */
  lastSent(agent: string, atUs: number): Occurrence | null;
  /** systemd's line that one of its processes was ended for want of memory, the first of a span. */
  outOfMemory(agent: string, span: Window): { seq: number } | null;
}

/** Asked of the log for each moment. */
export function lately(past: Past, events: EventSource): Lately {
  return {
    lastSent: (agent, atUs) => sentIn(past, agent, atUs, atUs).at(-1) ?? null,
    outOfMemory(agent, span) {
      for (const { seq } of killedIn(events, agent, span)) return { seq };
      return null;
    },
  };
}

/** The same of one agent over a stretch of its time, read once. */
export function latelyOver(past: Past, events: EventSource, agent: string, { fromUs, toUs }: Window): Lately {
  const each = lately(past, events);
  const sent = once(() => sentIn(past, agent, fromUs, toUs));
  const killed = once(() =>
    [...killedIn(events, agent, { fromUs, toUs })].map(({ seq, occurredAtUs }) => ({ seq, occurredAtUs })),
  );
  return {
    lastSent: (name, atUs) =>
      name === agent && fromUs <= atUs && atUs <= toUs
        ? (sent().findLast((one) => one.fromUs <= atUs && one.fromUs >= atUs - LOOK_BACK_US) ?? null)
        : each.lastSent(name, atUs),
    outOfMemory(name, span) {
      if (name !== agent || span.fromUs < fromUs || span.toUs > toUs) return each.outOfMemory(name, span);
      const line = killed().find((one) => one.occurredAtUs >= span.fromUs && one.occurredAtUs <= span.toUs);
      return line === undefined ? null : { seq: line.seq };
    },
  };
}

/** What was sent until the end, from so long before the beginning as may matter to it. */
function sentIn(past: Past, agent: string, fromUs: number, toUs: number): Occurrence[] {
  return [...past.occurrences(agent, "sent", { fromUs: fromUs - LOOK_BACK_US, toUs: toUs + 1 })];
}

function* killedIn(events: EventSource, agent: string, span: Window) {
  for (const event of events.between(agent, ["journal.unit.logged"], span))
    if ((event.payload as { unitResult?: unknown } | null)?.unitResult === OUT_OF_MEMORY) yield event;
}

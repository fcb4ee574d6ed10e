import type { FleetEvent, PayloadOf } from "../store/events/catalogue.ts";
import type { StoredEvent } from "../store/events/envelope.ts";

/** What tells of attaches, and of the terminals that tmux itself saw. */
export const ATTACH_EVENTS = ["operator.attached", "operator.detached", "tmux.client."];

export interface AttachEyes {
  /** The process with this pid is one that was there at this time already. */
  lives(pid: number, atUs: number): boolean;
  /** tmux has this terminal joined to this agent's session, as far as is known. */
  isJoined(agent: string, terminal: string): boolean;
  readonly nowUs: number;
}

/** By then tmux has been seen with the terminal that an attach joined to it. */
const JOINED_BY_US = 5_000_000;

/**
 * The end of each attach whose process was killed before it could tell of it: when tmux saw its terminal go, or else now. While the
 * terminal is joined still, which outlives that process, the person is there. Pure.
 */
export function lostAttaches(events: Iterable<StoredEvent>, eyes: AttachEyes): FleetEvent[] {
  const open = new Map<string, StoredEvent>();
  const left = new Map<string, number>();
  for (const event of events) {
    if (event.agent === null || event.schemaVersion > 1) continue;
    if (event.type === "tmux.client.detached") {
      const { client } = event.payload as PayloadOf<"tmux.client.detached">;
      left.set(`${event.agent} ${client}`, event.occurredAtUs);
    }
    const key = `${event.agent} ${(event.payload as { pid?: unknown }).pid}`;
    if (event.type === "operator.attached") open.set(key, event);
    if (event.type === "operator.detached") open.delete(key);
  }
  return [...open.values()].flatMap((event): FleetEvent[] => {
    const agent = event.agent as string;
    const { verb, user, pid, pane, terminal } = event.payload as PayloadOf<"operator.attached">;
    const cameAtUs = event.occurredAtUs;
    if (eyes.nowUs - cameAtUs < JOINED_BY_US || eyes.lives(pid, cameAtUs)) return [];
    if (eyes.isJoined(agent, terminal)) return [];
    const leftAtUs = left.get(`${agent} ${terminal}`) ?? 0;
    const occurredAtUs = leftAtUs > cameAtUs ? leftAtUs : eyes.nowUs;
    const seconds = Math.round((occurredAtUs - cameAtUs) / 1000) / 1000;
    const head = { agent, source: "operator", occurredAtUs, precision: "us" } as const;
    return [
      { ...head, type: "operator.detached", payload: { verb, user, pid, pane, seconds, how: "killed" } },
    ];
  });
}

import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";

/** What tells that somebody's terminal was joined to an agent's session, by `fleet attach` or by tmux alone. */
export const HAND_EVENTS = ["operator.attached", "operator.detached", "tmux.client."];

/** A time in which a person could type into an agent. */
export interface Hand {
  readonly agent: string;
  readonly fromUs: number;
  /** Infinity: still there, or nobody saw it go. */
  readonly untilUs: number;
}

/** Who could type when, by the events of a log in their order. An attach whose end nobody has told goes on. Pure. */
export function handsOf(events: Iterable<StoredEvent>): Hand[] {
  const open = new Map<string, Hand>();
  const closed: Hand[] = [];
  for (const event of events) {
    const { agent, occurredAtUs } = event;
    const key = agent === null || event.schemaVersion > 1 ? null : keyOf(event);
    if (agent === null || key === null) continue;
    const begun = open.get(key);
    const isBeginning = event.type.endsWith(".attached");
    if (isBeginning && begun === undefined)
      open.set(key, { agent, fromUs: occurredAtUs, untilUs: Number.POSITIVE_INFINITY });
    if (!isBeginning && begun !== undefined) {
      open.delete(key);
      closed.push({ ...begun, untilUs: occurredAtUs });
    }
  }
  return [...closed, ...open.values()];
}

/** Whether somebody could type into this agent at some moment of this time. */
export function wasTouched(hands: readonly Hand[], agent: string, fromUs: number, untilUs: number): boolean {
  return hands.some((hand) => hand.agent === agent && hand.fromUs <= untilUs && hand.untilUs >= fromUs);
}

function keyOf({ type, agent, payload }: StoredEvent): string | null {
  if (type === "operator.attached" || type === "operator.detached")
    return `${agent} process ${(payload as PayloadOf<"operator.attached">).pid}`;
  if (type !== "tmux.client.attached" && type !== "tmux.client.detached") return null;
  const { socket, server, session, client } = payload as PayloadOf<"tmux.client.attached">;
  return [socket, server, session, client].join("\n");
}

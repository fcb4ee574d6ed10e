import type { PayloadOf } from "../store/events/catalogue.ts";
import type { EventSource } from "./lately.ts";
import type { AgentPane } from "./planes/documents.ts";
import { WITHIN_US } from "./planes/within.ts";

/** When a session had lost its agent's name, where a look found that which ended time without a watcher: the first line of tmux's hooks that says so. */
export function renamedUnseenUs(events: EventSource, own: AgentPane): number | null {
  const fromUs = own.unseenFromUs ?? own.atUs;
  let firstUs: number | null = null;
  const span = { fromUs: fromUs - WITHIN_US.s + 1, toUs: own.atUs };
  for (const { payload, occurredAtUs } of events.between(null, ["tmux.hook.fired"], span)) {
    const { hook, socket, server, session } = payload as PayloadOf<"tmux.hook.fired">;
    const isIts = socket === own.socket && server === own.server && session === own.session;
    if (hook === "session-renamed" && isIts) firstUs = Math.min(firstUs ?? occurredAtUs, occurredAtUs);
  }
  return firstUs === null ? null : Math.max(firstUs, fromUs);
}

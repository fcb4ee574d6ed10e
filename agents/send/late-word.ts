import type { MessageEntry } from "../../query/messages.ts";
import type { FleetEvent } from "../../store/events/catalogue.ts";
import type { Ack } from "../acks/acks.ts";
import { messageEvent, verdictEvent } from "./ledger.ts";
import { equalsOf, pairAcks } from "./pairing.ts";

/** Since when an agent has said of itself that it is at rest; null while it does not say so. */
export type RestSince = (agent: string) => number | null;

/** A runtime at rest for so long has nothing in its queue any more. */
const EMPTY_AFTER_US = 10_000_000;

/** Messages of which something may still be heard after their senders have ended. */
export function openMessages(messages: readonly MessageEntry[]): MessageEntry[] {
  return messages.filter(
    ({ state, submitted, queued }) =>
      (state === "accepted" && queued) || (submitted && (state === "unverifiable" || state === "draft")),
  );
}

/**
 * What the runtime's adapter has said of a message since it was asked for: that the runtime holds it after all, that it has taken it
 * up, or nothing although it came to rest, which is what a message leaves behind that a person took back. Null: nothing yet.
 * `messages`: all that are known, because equal texts share what is said of them. Pure.
 */
export function lateWord(
  entry: MessageEntry,
  messages: readonly MessageEntry[],
  acks: readonly Ack[],
  restSince: RestSince,
  nowUs: number,
): FleetEvent | null {
  const { agent, id, requested, state, atUs } = entry;
  if (agent === null) return null;
  const head = { agent, message: id };
  const paired = pairAcks(equalsOf(messages, agent, requested.digest), acks, requested.digest).get(id);
  const takenUp = paired?.takenUp ?? null;
  if (state !== "accepted") {
    const received = paired?.received ?? null;
    if (received === null) return null;
    const because = "the runtime said that it holds it, after the sender had ended";
    const queued = received.queued && takenUp === null;
    return verdictEvent(head, { verdict: "accepted", proof: "ack", queued, because }, true, nowUs);
  }
  if (takenUp !== null) return messageEvent("message.taken_up", head, { proof: "ack" }, takenUp.atMs * 1000);
  const restsSinceUs = restSince(agent);
  const saysWhatItTakesUp = acks.some(({ what }) => what === "taken-up");
  if (!saysWhatItTakesUp || restsSinceUs === null) return null;
  const isEmpty = restsSinceUs > atUs && nowUs - restsSinceUs >= EMPTY_AFTER_US;
  const because = "the runtime came to rest without having taken it up";
  return isEmpty ? messageEvent("message.withdrawn", head, { because }, nowUs) : null;
}

import { type MessageEntry, messagesOf } from "../../query/messages.ts";
import type { FleetEvent } from "../../store/events/catalogue.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";
import type { Ack } from "../acks/acks.ts";
import { messageEvent, verdictEvent } from "./ledger.ts";

/** Since when an agent has said of itself that it is at rest; null while it does not say so. */
export type RestSince = (agent: string) => number | null;

/** A runtime at rest for so long has nothing in its queue any more. */
const EMPTY_AFTER_US = 10_000_000;

/** Messages of which something may still be heard after their senders have ended. */
export function openMessages(ledger: Iterable<StoredEvent>): MessageEntry[] {
  return messagesOf(ledger).filter(
    ({ state, submitted, queued }) =>
      (state === "accepted" && queued) || (submitted && (state === "unverifiable" || state === "draft")),
  );
}

/**
 * What the runtime's adapter has said of a message since it was asked for: that the runtime holds it after all, that it has taken it
 * up, or nothing although it came to rest, which is what a message leaves behind that a person took back. Null: nothing yet. Pure.
 */
export function lateWord(
  entry: MessageEntry,
  acks: readonly Ack[],
  restSince: RestSince,
  nowUs: number,
): FleetEvent | null {
  const { agent, id, requested, requestedAtUs, state, atUs } = entry;
  if (agent === null) return null;
  const head = { agent, message: id };
  // The adapter's clock has milliseconds, and so may be a little before ours.
  const since = acks.filter(({ atMs }) => atMs >= Math.floor(requestedAtUs / 1000));
  const own = since.filter(({ sha256 }) => sha256 === requested.digest);
  const takenUp = own.find(({ what }) => what === "taken-up");
  if (state !== "accepted") {
    const received = own.find(({ what }) => what === "received") ?? takenUp;
    if (received === undefined) return null;
    const because = "the runtime said that it holds it, after the sender had ended";
    const queued = received.queued && takenUp === undefined;
    return verdictEvent(head, { verdict: "accepted", proof: "ack", queued, because }, true, nowUs);
  }
  if (takenUp !== undefined)
    return messageEvent("message.taken_up", head, { proof: "ack" }, takenUp.atMs * 1000);
  const restsSinceUs = restSince(agent);
  const saysWhatItTakesUp = acks.some(({ what }) => what === "taken-up");
  if (!saysWhatItTakesUp || restsSinceUs === null) return null;
  const isEmpty = restsSinceUs > atUs && nowUs - restsSinceUs >= EMPTY_AFTER_US;
  const because = "the runtime came to rest without having taken it up";
  return isEmpty ? messageEvent("message.withdrawn", head, { because }, nowUs) : null;
}

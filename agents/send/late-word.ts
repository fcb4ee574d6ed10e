import type { MessageEntry } from "../../query/messages.ts";
import type { FleetEvent } from "../../store/events/catalogue.ts";
import type { Ack } from "../acks/acks.ts";
import { type Hand, wasTouched } from "./hands.ts";
import { messageEvent, verdictEvent } from "./ledger.ts";
import { equalsOf, type Paired, pairAcks } from "./pairing.ts";
import type { Verdict } from "./verdict.ts";

/** Since when an agent has said of itself that it is at rest; null while it does not say so. */
export type RestSince = (agent: string) => number | null;

/** A runtime at rest for so long has nothing in its queue any more. */
const EMPTY_AFTER_US = 10_000_000;

/** By then the recorder has seen whose terminal was joined to the agent when the runtime said it. */
const HANDS_SEEN_US = 3_000_000;

/** Messages of which something may still be heard after their senders have ended. */
export function openMessages(messages: readonly MessageEntry[]): MessageEntry[] {
  return messages.filter(
    ({ state, submitted, queued }) =>
      (state === "accepted" && queued) || (submitted && (state === "unverifiable" || state === "draft")),
  );
}

/**
 * The verdict on a message whose sender has ended without an `accepted`, by what the runtime's adapter has said since; null where that
 * proves nothing. Not where somebody's terminal was joined to the agent between the Enter and that word: a text that seemed to be
 * lost is typed again by hand, and its digest is the same. Pure.
 */
export function lateVerdict(
  entry: MessageEntry,
  { received, takenUp }: Pick<Paired, "received" | "takenUp">,
  hands: readonly Hand[],
): Verdict | null {
  const { agent, submitted, submittedAtUs, requestedAtUs, runtimeMessage } = entry;
  if (agent === null || received === null) return null;
  if (runtimeMessage !== null) {
    // Its name is of nobody's typing. That its adapter heard of it is not yet that it was kept; that it is answered is.
    const because = `the runtime answers it as ${runtimeMessage}, after the sender had ended`;
    return takenUp === null ? null : { verdict: "accepted", proof: "id", queued: false, because };
  }
  if (!submitted) return null;
  // The adapter's clock has milliseconds.
  const heardAtUs = received.atMs * 1000 + 999;
  if (wasTouched(hands, agent, submittedAtUs ?? requestedAtUs, heardAtUs)) return null;
  const because = "the runtime said that it holds it, after the sender had ended";
  return { verdict: "accepted", proof: "ack", queued: received.queued && takenUp === null, because };
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
  hands: readonly Hand[],
  restSince: RestSince,
  nowUs: number,
): FleetEvent | null {
  const { agent, id, requested, state, atUs } = entry;
  if (agent === null) return null;
  const head = { agent, message: id };
  const paired = pairAcks(equalsOf(messages, agent, requested.digest), acks, requested.digest).get(id);
  const { received = null, takenUp = null } = paired ?? {};
  if (state !== "accepted") {
    if (received === null || nowUs - received.atMs * 1000 < HANDS_SEEN_US) return null;
    const verdict = lateVerdict(entry, { received, takenUp }, hands);
    return verdict === null ? null : verdictEvent(head, verdict, true, nowUs);
  }
  if (takenUp !== null) {
    const proof = entry.runtimeMessage === null ? "ack" : "id";
    return messageEvent("message.taken_up", head, { proof }, takenUp.atMs * 1000);
  }
  const restsSinceUs = restSince(agent);
  const saysWhatItTakesUp = acks.some(({ what }) => what === "taken-up");
  if (!saysWhatItTakesUp || restsSinceUs === null) return null;
  const isEmpty = restsSinceUs > atUs && nowUs - restsSinceUs >= EMPTY_AFTER_US;
  const because = "the runtime came to rest without having taken it up";
  return isEmpty ? messageEvent("message.withdrawn", head, { because }, nowUs) : null;
}

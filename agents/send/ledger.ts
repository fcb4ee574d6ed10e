import type { FleetEvent, PayloadOf } from "../../store/events/catalogue.ts";
import type { Verdict } from "./verdict.ts";

/** Whose message it is, for every event of it. */
export interface LedgerHead {
  readonly agent: string;
  readonly message: string;
}

type MessageType = Extract<FleetEvent["type"], `message.${string}`>;

/** One event of a message. */
export function messageEvent<T extends MessageType>(
  type: T,
  { agent, message }: LedgerHead,
  payload: Omit<PayloadOf<T>, "message">,
  atUs: number,
): FleetEvent {
  const event = { type, agent, source: "operator", occurredAtUs: atUs, precision: "us" } as const;
  return { ...event, payload: { message, ...payload } } as unknown as FleetEvent;
}

/** A verdict as the event that tells of it. */
export function verdictEvent(head: LedgerHead, verdict: Verdict, typed: boolean, atUs: number): FleetEvent {
  const { because } = verdict;
  switch (verdict.verdict) {
    case "accepted": {
      const { proof, queued } = verdict;
      return messageEvent("message.accepted", head, { proof, queued, because }, atUs);
    }
    case "draft":
      return messageEvent("message.draft", head, { because }, atUs);
    case "unverifiable":
      return messageEvent("message.unverifiable", head, { which: verdict.which, because }, atUs);
    case "refused":
      return messageEvent(
        "message.refused",
        head,
        { why: verdict.why, what: verdict.what, typed, because },
        atUs,
      );
  }
}

import type { PayloadOf } from "../store/events/catalogue.ts";
import type { StoredEvent } from "../store/events/envelope.ts";

/** Every type of event that tells of a message. */
export const MESSAGE_EVENTS = ["message."];

/**
 * Where a message stands. `requested`, `typed`, `posted`, `submitted`: how far it got before the sender ended without a verdict, or while
 * it still works. The verdicts are those of `send --verify`.
 */
export type MessageState =
  | "requested"
  | "typed"
  | "posted"
  | "submitted"
  | "accepted"
  | "draft"
  | "unverifiable"
  | "refused"
  | "taken-up"
  | "withdrawn"
  | "answered";

/** One message as the log tells of it. */
export interface MessageEntry {
  readonly tenantId: string;
  readonly host: string;
  readonly agent: string | null;
  readonly id: string;
  readonly state: MessageState;
  /** The verdict that was reached, also where something followed it. */
  readonly verdict: "accepted" | "draft" | "unverifiable" | "refused" | null;
  readonly because: string | null;
  /** Why it was refused, or what is missing to a proof. */
  readonly kind: string | null;
  readonly proof: string | null;
  readonly queued: boolean;
  /** How it went out: typed into the pane, or given to the runtime's server; null where it is not known that it did. */
  readonly via: "typed" | "prompt_async" | null;
  /** Of a message that the runtime's server was given: into which conversation, and what the runtime calls it. */
  readonly session: string | null;
  readonly runtimeMessage: string | null;
  /** The text went into the pane, as far as is known. */
  readonly typed: boolean;
  readonly submitted: boolean;
  /** When Enter was typed behind it, or the server was given it; null where that is not known. */
  readonly submittedAtUs: number | null;
  readonly requested: PayloadOf<"message.requested">;
  readonly requestedAtUs: number;
  /** When its state was entered. */
  readonly atUs: number;
  /** The event that tells of its request, and the newest one. */
  readonly seq: number;
  readonly lastSeq: number;
}

/** The ledger of the messages that these events tell of, in the order in which they were asked for. Pure. */
export function messagesOf(events: Iterable<StoredEvent>): MessageEntry[] {
  const messages = new Map<string, MessageEntry>();
  for (const event of events) {
    const payload = event.payload as { readonly message?: unknown } | null;
    if (event.schemaVersion > 1 || typeof payload?.message !== "string") continue;
    const key = [event.tenantId, event.host, event.agent, payload.message].join("\n");
    const known = messages.get(key);
    // An id that was refused before anything was typed may be asked for again.
    if (event.type === "message.requested") messages.set(key, begun(event));
    else if (known !== undefined) messages.set(key, { ...known, ...told(event, known), lastSeq: event.seq });
  }
  return [...messages.values()];
}

function begun(event: StoredEvent): MessageEntry {
  const requested = event.payload as PayloadOf<"message.requested">;
  return {
    tenantId: event.tenantId,
    host: event.host,
    agent: event.agent,
    id: requested.message,
    state: "requested",
    verdict: null,
    because: null,
    kind: null,
    proof: null,
    queued: false,
    via: null,
    session: null,
    runtimeMessage: null,
    typed: false,
    submitted: false,
    submittedAtUs: null,
    requested,
    requestedAtUs: event.occurredAtUs,
    atUs: event.occurredAtUs,
    seq: event.seq,
    lastSeq: event.seq,
  };
}

/** What an event changes in an entry; nothing where it is of a type that this program does not know. */
function told(event: StoredEvent, known: MessageEntry): Partial<MessageEntry> {
  const payload = event.payload as Readonly<Record<string, unknown>>;
  const atUs = event.occurredAtUs;
  const because = textOf(payload.because);
  switch (event.type) {
    case "message.typed":
      // What the server was given before that, it did not take.
      return { state: "typed", via: "typed", session: null, runtimeMessage: null, typed: true, atUs };
    case "message.posted":
      return {
        state: "posted",
        via: "prompt_async",
        session: textOf(payload.session),
        runtimeMessage: textOf(payload.runtimeMessage),
        atUs,
      };
    case "message.submitted":
      return { state: "submitted", submitted: true, submittedAtUs: atUs, atUs };
    case "message.accepted":
      return {
        state: "accepted",
        verdict: "accepted",
        because,
        kind: null,
        proof: String(payload.proof),
        queued: payload.queued === true,
        atUs,
      };
    case "message.draft":
      return { state: "draft", verdict: "draft", because, kind: null, atUs };
    case "message.unverifiable":
      return { state: "unverifiable", verdict: "unverifiable", because, kind: String(payload.which), atUs };
    case "message.refused":
      return { state: "refused", verdict: "refused", because, kind: String(payload.why), atUs };
    // What came later does not take back that it was queued once.
    case "message.taken_up":
      return { state: known.state === "answered" ? "answered" : "taken-up", atUs };
    case "message.withdrawn":
      return { state: "withdrawn", because, atUs };
    case "message.answered":
      return { state: "answered", because, atUs };
    default:
      return {};
  }
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

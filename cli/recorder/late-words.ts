import { type Ack, FROM_THE_BEGINNING, readAcks } from "../../agents/acks/acks.ts";
import { HAND_EVENTS, type Hand, handsOf } from "../../agents/send/hands.ts";
import { lateWord, openMessages } from "../../agents/send/late-word.ts";
import { MESSAGE_EVENTS, type MessageEntry, messagesOf } from "../../query/messages.ts";
import { documentOf, documentsOf } from "../../query/planes/documents.ts";
import { openReader, type Reader } from "../../store/reader.ts";
import type { OwnLog } from "../own-log.ts";
import { hasNews, recentOf } from "./recent-events.ts";

/** Looks for what runtimes say of messages whose senders have ended. */
export interface LateWords {
  look(): void;
  close(): void;
}

/** A queued message that nobody took up in so long is not looked for any more. */
const GIVE_UP_US = 24 * 3600 * 1_000_000;

export function createLateWords({ log, here, identity, clock }: OwnLog): LateWords {
  let reader: Reader | null = null;
  let readUpTo = -1;
  let messages: MessageEntry[] = [];
  let open: MessageEntry[] = [];
  let hands: Hand[] = [];

  /** The ledger is read again only when a message's event has come. */
  const refresh = (nowUs: number): void => {
    const lastSeq = log.lastSeq();
    if (lastSeq === readUpTo) return;
    reader ??= openReader(here.places.database);
    const { tenantId, host } = identity;
    const ledger = { tenantId, host, types: [...MESSAGE_EVENTS, ...HAND_EVENTS] };
    if (hasNews(reader, ledger, readUpTo)) {
      const told = recentOf(reader, ledger, nowUs - GIVE_UP_US);
      messages = messagesOf(told);
      hands = [...handsOf(told), ...whoIsThere()];
      open = openMessages(messages);
    }
    readUpTo = lastSeq;
  };
  /** Terminals that were joined before the events that are read here. */
  const whoIsThere = (): Hand[] =>
    [...documentsOf(log.documents(), "client")].map(([, { payload, atUs }]) => ({
      agent: payload.name,
      fromUs: atUs,
      untilUs: Number.POSITIVE_INFINITY,
    }));
  const restSince = (agent: string): number | null => {
    const found = documentOf(log.documents(), "heartbeat", agent);
    const speaks = found !== undefined && !found.removed && found.beat.evidence !== "sidecar";
    return speaks && found.beat.status === "ok" ? found.statusSinceUs : null;
  };
  return {
    look() {
      const nowUs = Math.floor(clock.nowUs());
      refresh(nowUs);
      const said = new Map<string, Ack[]>();
      for (const entry of open) {
        const { agent, id } = entry;
        if (agent === null) continue;
        const { runDirectory } = here.places;
        const acks = said.get(agent) ?? readAcks(runDirectory, agent, here.account.uid, FROM_THE_BEGINNING);
        said.set(agent, acks);
        const event = lateWord(entry, messages, acks, hands, restSince, nowUs);
        if (event === null) continue;
        // Its sender may follow it too: whoever is first tells it.
        const cursor = { name: `${event.type}:${agent}:${id}`, expected: null, next: "told" };
        log.append({ source: "operator", events: [event], cursor });
      }
    },
    close: () => reader?.close(),
  };
}

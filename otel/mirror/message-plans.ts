import type { StoredEvent } from "../../store/events/envelope.ts";
import type { Reader } from "../../store/reader.ts";

/** So many events of messages are held at once. */
const PORTION = 20_000;

export interface MessageStory {
  readonly request: StoredEvent;
  /** The request, and all that was said of it, in the order of the log. */
  readonly events: readonly StoredEvent[];
}

/**
 * Messages of which something is said between two places of the log, and those that were open before it, each with all of its events up
 * to the end of its portion. The log is read once: a message whose request lies before its portion is looked up.
 */
export function* messageStories(
  reader: Pick<Reader, "events" | "event" | "identity">,
  { afterSeq, untilSeq, open }: { afterSeq: number; untilSeq: number; open: readonly number[] },
  size = PORTION,
): Generator<MessageStory[]> {
  const partition = reader.identity();
  const portions = (function* () {
    let portion: StoredEvent[] = [];
    const filter = { ...partition, types: ["message."], afterSeq, beforeSeq: untilSeq + 1 };
    for (const event of reader.events(filter)) {
      portion.push(event);
      if (portion.length < size) continue;
      yield portion;
      portion = [];
    }
    yield portion;
  })();
  let waiting = open;
  for (const portion of portions) {
    const throughSeq = portion.length === size ? (portion.at(-1) as StoredEvent).seq : untilSeq;
    const stories = storiesOf(reader, portion, waiting, throughSeq);
    waiting = [];
    yield stories;
  }
}

function storiesOf(
  reader: Pick<Reader, "events" | "event" | "identity">,
  portion: readonly StoredEvent[],
  open: readonly number[],
  untilSeq: number,
): MessageStory[] {
  /** By the place of the request; null: it is to be looked up, with all that followed. */
  const told = new Map<number, StoredEvent[] | null>(open.map((seq) => [seq, null]));
  const newest = new Map<string, number>();
  for (const event of portion) {
    const key = `${event.agent}\n${messageOf(event)}`;
    if (event.type === "message.requested") {
      newest.set(key, event.seq);
      told.set(event.seq, [event]);
      continue;
    }
    const seq = newest.get(key) ?? requestBefore(reader, event)?.seq;
    if (seq === undefined) continue;
    newest.set(key, seq);
    const events = told.get(seq);
    if (events === undefined) told.set(seq, null);
    else events?.push(event);
  }
  return [...told]
    .sort(([a], [b]) => a - b)
    .flatMap(([seq, events]) => {
      const request = events?.[0] ?? reader.event(seq);
      return request === null ? [] : [{ request, events: events ?? eventsOf(reader, request, untilSeq) }];
    });
}

/** The request that an event of a message belongs to: the newest one of its id before it. */
function requestBefore(
  reader: Pick<Reader, "events" | "identity">,
  event: StoredEvent,
): StoredEvent | undefined {
  const types = ["message.requested"];
  const filter = { ...reader.identity(), types, beforeSeq: event.seq, newestFirst: true };
  for (const request of reader.events({ ...filter, agent: event.agent ?? "" }))
    if (messageOf(request) === messageOf(event)) return request;
  return undefined;
}

function eventsOf(
  reader: Pick<Reader, "events" | "identity">,
  request: StoredEvent,
  untilSeq: number,
): StoredEvent[] {
  const filter = { ...reader.identity(), agent: request.agent ?? "", types: ["message."] };
  const found: StoredEvent[] = [request];
  for (const event of reader.events({ ...filter, afterSeq: request.seq, beforeSeq: untilSeq + 1 })) {
    if (messageOf(event) !== messageOf(request)) continue;
    if (event.type === "message.requested") break;
    found.push(event);
  }
  return found;
}

function messageOf({ payload }: StoredEvent): unknown {
  return (payload as { message?: unknown } | null)?.message;
}

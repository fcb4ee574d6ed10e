import type { EventLookup } from "../query/why.ts";
import type { EventFilter } from "../store/event-filter.ts";
import type { StoredEvent } from "../store/events/envelope.ts";
import type { Reader } from "../store/reader.ts";

/** Finds the events behind an answer; `within` bounds what counts: one host, and for a past moment what had happened by then. */
export function lookupIn(reader: Reader, within: EventFilter): EventLookup {
  return {
    event: (seq) => reader.event(seq),
    recent: (agent, types, limit) => {
      const found: StoredEvent[] = [];
      const filter = { ...within, types: [...types], newestFirst: true };
      for (const event of reader.events(agent === null ? filter : { ...filter, agent, limit })) {
        if (event.agent !== agent) continue;
        found.push(event);
        if (found.length === limit) break;
      }
      return found;
    },
  };
}

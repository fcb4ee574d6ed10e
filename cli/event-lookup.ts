import type { EventLookup } from "../query/why.ts";
import { isLost } from "../store/archive/lost.ts";
import type { EventFilter } from "../store/event-filter.ts";
import type { StoredEvent } from "../store/events/envelope.ts";
import type { Reader } from "../store/reader.ts";
import { visible } from "./render/text.ts";

/**
 * Finds the events behind an answer; `within` bounds what counts: one host, and for a past moment what had happened by then. The answer itself rests on
 * what is kept beside the log: where a file of the archive is lost, it is told without the events in it, and `complain` is told that once.
 */
export function lookupIn(reader: Reader, within: EventFilter, complain: (text: string) => void): EventLookup {
  const told = new Set<string>();
  const unlessLost = <T>(look: () => T, lost: () => T): T => {
    try {
      return look();
    } catch (error) {
      if (!isLost(error)) throw error;
      if (!told.has(error.message))
        complain(`fleet: ${visible(error.message)}: events in it are not shown\n`);
      told.add(error.message);
      return lost();
    }
  };
  return {
    event: (seq) =>
      unlessLost(
        () => reader.event(seq),
        () => null,
      ),
    recent: (agent, types, limit) => {
      const found: StoredEvent[] = [];
      const filter = { ...within, types: [...types], newestFirst: true };
      const look = (): StoredEvent[] => {
        for (const event of reader.events(agent === null ? filter : { ...filter, agent, limit })) {
          if (event.agent !== agent) continue;
          found.push(event);
          if (found.length === limit) break;
        }
        return found;
      };
      return unlessLost(look, () => found);
    },
  };
}

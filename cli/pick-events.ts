import type { EventFilter } from "../store/event-filter.ts";
import type { StoredEvent } from "../store/events/envelope.ts";
import type { Reader } from "../store/reader.ts";
import { eventsOf, type Fits } from "./agent-events.ts";
import type { Picked } from "./select-events.ts";

/** So many events are turned round in memory; of more the far end is looked for first. */
const HELD = 1000;

/**
 * The events that are picked, in the order of the log or against it. The newest so many are found from the end and told from the beginning: a
 * page is read at once and turned round. A larger pick is passed through twice, first only to find where it begins, so that
 * `--limit 1000000` holds no more of the log in memory than `--limit 10`.
 */
export function pickEvents(
  reader: Pick<Reader, "events">,
  filter: EventFilter,
  pick: Picked,
  reverse: boolean,
  fits?: Fits,
): Iterable<StoredEvent> {
  if (pick.which === "all") return eventsOf(reader, { ...filter, newestFirst: reverse }, fits);
  const fromTheEnd = pick.which === "newest";
  const found = () => eventsOf(reader, { ...filter, newestFirst: fromTheEnd, limit: pick.limit }, fits);
  if (pick.limit <= HELD) {
    const events = [...found()];
    return fromTheEnd === reverse ? events : events.reverse();
  }
  if (fromTheEnd === reverse) return found();
  let farthest: StoredEvent | undefined;
  for (const event of found()) farthest = event;
  if (farthest === undefined) return [];
  const bound = fromTheEnd ? { afterSeq: farthest.seq - 1 } : { beforeSeq: farthest.seq + 1 };
  return eventsOf(reader, { ...filter, ...bound, newestFirst: reverse }, fits);
}

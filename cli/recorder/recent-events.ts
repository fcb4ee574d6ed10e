import { readAfterLost } from "../../store/archive/lost.ts";
import type { EventFilter } from "../../store/event-filter.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";
import type { Reader } from "../../store/reader.ts";

/**
 * What the recorder goes by of the last days. Where a file of the archive is lost, what came after it is what there is: that a message or an attach of
 * long ago is missed is no reason to stop recording.
 */
export function recentOf(reader: Reader, filter: EventFilter, sinceUs: number): StoredEvent[] {
  return readAfterLost((afterSeq) => [...reader.events({ ...filter, sinceUs, afterSeq })]).found;
}

/** Whether there is more to go by since a place; at the start (-1) nothing has been read, and all is news: old files are not asked what it was. */
export function hasNews(reader: Reader, filter: EventFilter, readUpTo: number): boolean {
  return readUpTo === -1 || !reader.events({ ...filter, afterSeq: readUpTo, limit: 1 }).next().done;
}

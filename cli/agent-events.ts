import type { EventFilter } from "../store/event-filter.ts";
import type { PayloadOf } from "../store/events/catalogue.ts";
import type { StoredEvent } from "../store/events/envelope.ts";
import type { Reader } from "../store/reader.ts";

export type Fits = (event: StoredEvent) => boolean;

const RENAMED = "tmux.session.renamed";

/**
 * The events that fit. A rename is an event of the name that a session has from then on; asked about an agent, the one that took its
 * session away belongs to its story too, or the story would end in the middle. `fits` is asked of each, where a filter cannot say it.
 */
export function* eventsOf(
  reader: Pick<Reader, "events">,
  { limit, ...filter }: EventFilter,
  fits?: Fits,
): Generator<StoredEvent> {
  let left = limit ?? Number.POSITIVE_INFINITY;
  // No more than that are taken from it, and who asks for one is not to look for a page of them.
  const wanted = fits === undefined ? limit : undefined;
  const own = reader.events({ ...filter, limit: wanted });
  // Whoever asks for the last ones, and has them, need not know of a session that was renamed before: old files are not opened for it.
  const last =
    filter.newestFirst === true && wanted !== undefined && wanted > 0 && wanted <= HELD ? [...own] : null;
  const enough = last !== null && last.length === wanted ? (last.at(-1) as StoredEvent).seq - 1 : 0;
  const afterSeq = Math.max(enough, filter.afterSeq ?? 0);
  for (const event of merged(
    last === null ? own : last.values(),
    departures(reader, { ...filter, afterSeq }),
    filter.newestFirst === true,
  )) {
    if (left <= 0) return;
    if (fits?.(event) === false) continue;
    left -= 1;
    yield event;
  }
}

const HELD = 1000;

/** Renames by which a session of the name of one of them got another one. */
function* departures(reader: Pick<Reader, "events">, filter: EventFilter): Generator<StoredEvent> {
  const { agent, agents, types } = filter;
  if (agent === undefined && agents === undefined) return;
  if (types !== undefined && !types.some((type) => type === RENAMED || isPrefixOf(type, RENAMED))) return;
  const isAsked = (name: string | null | undefined): boolean =>
    typeof name === "string" && (agent ?? name) === name && (agents?.includes(name) ?? true);
  for (const event of reader.events({ ...filter, agent: undefined, agents: undefined, types: [RENAMED] })) {
    const { from } = event.payload as Partial<PayloadOf<typeof RENAMED>>;
    if (isAsked(from) && !isAsked(event.agent)) yield event;
  }
}

function isPrefixOf(prefix: string, type: string): boolean {
  return prefix.endsWith(".") && type.startsWith(prefix);
}

/** Two lists of the log as one, in its order. */
function* merged(
  one: Iterator<StoredEvent>,
  other: Iterator<StoredEvent>,
  newestFirst: boolean,
): Generator<StoredEvent> {
  let [a, b] = [one.next(), other.next()];
  while (!a.done || !b.done) {
    const takeA = b.done || (!a.done && a.value.seq < b.value.seq !== newestFirst);
    if (takeA && !a.done) {
      yield a.value;
      a = one.next();
    } else if (!b.done) {
      yield b.value;
      b = other.next();
    }
  }
}

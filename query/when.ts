import type { Bucket } from "./history/buckets.ts";
import { bucketOf } from "./history/buckets.ts";
import type { Occurrence } from "./history/occurrence.ts";
import type { Past, State } from "./history/past.ts";
import type { Window } from "./history/sweep.ts";
import { isHappening } from "./history/when.ts";
import { exactIsoOf, exactIsoOrNull, secondsOrNull } from "./instant.ts";
import { type Glimpse, glimpseOf } from "./known-by.ts";
import { inMemory, type NewShelf } from "./shelf.ts";
import type { FoundFirst, SeenToBegin } from "./since.ts";
import { foundAt, foundBegun, seenToBegin, seenToEnd } from "./since.ts";
import { toldWithinUs } from "./told-within.ts";

export interface WhenOccurrence {
  from: string;
  /** Null: it goes on at the end of the window. The same as `from`: it happened at an instant, or no more than its beginning is known (`end_witnessed` false). */
  to: string | null;
  /** Until the end of the window where it goes on. */
  seconds: number;
  /** It was so already when the window began, or when the log's first looks found it. */
  began_before: boolean;
  /** When it began, as `ps` shows it, also where that was before `from`: before the window, or before the log's first looks found it. Null: not known. */
  since: string | null;
  /**
   * Of a status: somebody watched it begin. Else it was found so at `from`, and began after `not_before`, when something else was last seen (null:
   * nothing is known of before). Null: it began before, or it is no status.
   */
  witnessed: boolean | null;
  not_before: string | null;
  /** It had not been on the roster, and was so as soon as that named it: nothing need have happened to it at `from`. */
  named: boolean;
  /** Somebody watched it end. False: from `to` on nobody could tell, so it lasted at least until then. Null: it goes on, or happened at an instant. */
  end_witnessed: boolean | null;
  /** It is known by one `look`, or of one `moment` that a source told of. Null: of more than that. */
  glimpse: Glimpse;
  /** Its source states `from` no finer: it happened within so many seconds after it. Null: it is known better than that, or nobody dated it. */
  within_seconds: number | null;
  /** It was found so, not broken off by anything else that was seen, so many times; of its time so much was watched by nobody. */
  found: number;
  unobserved_seconds: number;
  reason: string | null;
  /** The events that it rests on. */
  why: number[];
}

export interface WhenDocument {
  schema: "fleet.when.v1";
  tenant_id: string;
  host: string;
  at: string;
  log_seq: number;
  name: string;
  state: State;
  window: { from: string; to: string };
  /** The part of the window in which it could not have gone unseen. */
  observed: { seconds: number; share: number; spans: { from: string; to: string }[] };
  count: number;
  first: WhenOccurrence | null;
  last: WhenOccurrence | null;
  occurrences: WhenOccurrence[];
}

/** The same as it is told, one after another. */
export interface WhenTold extends Omit<WhenDocument, "observed" | "occurrences"> {
  observed: { seconds: number; share: number; spans: Iterable<{ from: string; to: string }> };
  /** None of them, where only the first and the last were asked for. */
  occurrences: Iterable<WhenOccurrence>;
}

export interface AskedWhen {
  readonly name: string;
  readonly state: State;
  readonly window: Window;
  readonly atUs: number;
  /** False: only the first and the last are told one by one. */
  readonly all?: boolean;
  readonly shelf?: NewShelf;
}

/** Each time that an agent was in a state, or that something happened to it, and how much of the window was seen well enough to tell. */
export function whenDocument(past: Past, asked: AskedWhen): WhenTold {
  const { name, state, window, atUs, all = true, shelf = inMemory } = asked;
  const occurrences = shelf<WhenOccurrence>();
  let count = 0;
  let first: WhenOccurrence | null = null;
  let last = null as Occurrence | null;
  for (const one of past.occurrences(name, state, window)) {
    count += 1;
    last = one;
    if (count > 1 && !all) continue;
    const told = toldOf(past, asked, one, count === 1);
    first ??= told;
    if (all) occurrences.push(told);
  }
  const spans = shelf<{ from: string; to: string }>();
  let observedUs = 0;
  for (const { fromUs, toUs } of past.observed(name, state, window)) {
    observedUs += toUs - fromUs;
    spans.push({ from: exactIsoOf(fromUs), to: exactIsoOf(toUs) });
  }
  return {
    schema: "fleet.when.v1",
    tenant_id: past.tenantId,
    host: past.host,
    at: exactIsoOf(atUs),
    log_seq: past.logSeq,
    name,
    state,
    window: { from: exactIsoOf(window.fromUs), to: exactIsoOf(window.toUs) },
    observed: {
      seconds: observedUs / 1e6,
      share: observedUs / (window.toUs - window.fromUs),
      spans,
    },
    count,
    first,
    last: last === null || count === 1 ? first : toldOf(past, asked, last, false),
    occurrences,
  };
}

function toldOf(
  past: Past,
  { name, state, window }: AskedWhen,
  one: Occurrence,
  isFirst: boolean,
): WhenOccurrence {
  if (isHappening(state) || state === "unobserved") return told(one, window, NOT_ASKED);
  const { fromUs, toUs, endUnseen } = one;
  const glimpse = endUnseen && toUs !== null ? glimpseOf(past, name, { fromUs, toUs }) : null;
  if (one.beganBefore)
    return told(one, window, { ...NOT_ASKED, glimpse, first: foundBegun(past, name, state, one, window) });
  const first = foundAt(past, name, fromUs, isFirst);
  if (first?.by === "log") return told(one, window, { ...NOT_ASKED, glimpse, first });
  const seen = ENDS.has(bucketOf(state, null)) ? seenToEnd : seenToBegin;
  const withinUs = toldWithinUs(past, name, state, fromUs);
  return told(one, window, { first, glimpse, withinUs, begun: seen(past, name, fromUs) });
}

/** What is told of a status beside the stay itself. */
interface Known {
  readonly first: FoundFirst | null;
  readonly begun: SeenToBegin | null;
  readonly glimpse: Glimpse;
  readonly withinUs: number | null;
}

const NOT_ASKED: Known = { first: null, begun: null, glimpse: null, withinUs: null };

/** What an agent comes to by an end, whose moment its source may tell. */
const ENDS: ReadonlySet<Bucket> = new Set(["unhealthy", "planned"]);

function told(
  { fromUs, toUs, beganBefore, reason, why, found, unseenUs, endUnseen, ...one }: Occurrence,
  window: Window,
  { first, begun, glimpse, ...known }: Known,
): WhenOccurrence {
  const withinUs = one.withinUs ?? known.withinUs;
  return {
    from: exactIsoOf(fromUs),
    to: exactIsoOrNull(toUs),
    seconds: ((toUs ?? window.toUs) - fromUs) / 1e6,
    began_before: beganBefore || first?.by === "log",
    since: exactIsoOrNull(first === null ? (beganBefore ? null : fromUs) : first.sinceUs),
    witnessed: begun?.witnessed ?? null,
    not_before: exactIsoOrNull(begun?.notBeforeUs ?? null),
    named: begun?.named ?? false,
    end_witnessed: toUs === null || (toUs === fromUs && !endUnseen) ? null : !endUnseen,
    glimpse,
    within_seconds: secondsOrNull(withinUs),
    found,
    unobserved_seconds: unseenUs / 1e6,
    reason,
    why: [...why],
  };
}

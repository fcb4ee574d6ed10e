import { attachedSince } from "./attached.ts";
import type { Cause } from "./cause.ts";
import {
  MOMENT_US,
  NEARBY_US,
  shutdowns,
  userManagerBegan,
  userManagersStopped,
  userManagerWent,
} from "./cause.ts";
import type { AskedIncidents, Certified, Death } from "./certificate.ts";
import { certify } from "./certificate.ts";
import type { Outage } from "./history/outages.ts";
import type { Past, RosterEntry } from "./history/past.ts";
import type { Window } from "./history/sweep.ts";
import { exactIsoOf } from "./instant.ts";
import { ANY_KIND, isOfKind, type Kinds } from "./kinds.ts";
import { type EventSource, lately, latelyOver } from "./lately.ts";
import { EXIT_TAKES_US } from "./planes/manager-exits.ts";
import { inMemory, type NewShelf, type Shelf } from "./shelf.ts";

export interface Incident {
  at: string;
  cause: Cause | null;
  deaths: Death[];
}

export interface IncidentsDocument {
  schema: "fleet.incidents.v1";
  tenant_id: string;
  host: string;
  at: string;
  log_seq: number;
  window: { from: string; to: string };
  incidents: Incident[];
}

/** The same as it is told, one after another. */
export interface IncidentsTold extends Omit<IncidentsDocument, "incidents"> {
  incidents: Iterable<Incident>;
}

/** Each failure is looked into once, and kept where `shelf` keeps it; what belongs together is told when it is asked for. */
export function incidentsDocument(
  past: Past,
  input: {
    readonly entries: readonly RosterEntry[];
    /** Only what an agent was down for while it was of such a kind. */
    readonly kinds?: Kinds;
    readonly window: Window;
    readonly atUs: number;
    readonly events: EventSource;
    readonly shelf?: NewShelf;
  },
): IncidentsTold {
  const { entries, kinds = ANY_KIND, window, atUs, events, shelf = inMemory } = input;
  const managerWent = rememberedForItsSecond((us) => userManagerWent(past, us));
  const managerBegan = userManagerBegan((span) => events.between(null, ["journal.unit.logged"], span));
  const asked: AskedIncidents = {
    ...{ past, events, window, managerWent, managerBegan },
    managerStopped: userManagersStopped(() =>
      events.between(null, ["journal.unit.logged"], { ...window, fromUs: window.fromUs - EXIT_TAKES_US }),
    ),
    shutdownAt: shutdowns(past),
    attachedSince: attachedSince(past, events),
    ...lately(past, events),
  };
  const found = inOrder(
    entries.map((entry) => certified(asked, entry, outagesIn(past, entry, window, kinds))),
  );
  const incidents = grouped(found, shelf<Found>());
  return {
    schema: "fleet.incidents.v1",
    tenant_id: past.tenantId,
    host: past.host,
    at: exactIsoOf(atUs),
    log_seq: past.logSeq,
    window: { from: exactIsoOf(window.fromUs), to: exactIsoOf(window.toUs) },
    incidents,
  };
}

/** So many outages are certified from one reading of the time around them, where they lie close enough to be read together. */
const AT_ONCE = 64;

function* outagesIn(past: Past, entry: RosterEntry, window: Window, kinds: Kinds): Generator<Outage> {
  for (const outage of past.outages(entry.name, window)) if (isWhileOf(kinds, entry, outage)) yield outage;
}

/** The certificates of an agent's outages, in their order. */
function* certified(
  asked: AskedIncidents,
  entry: RosterEntry,
  outages: Iterator<Outage>,
): Generator<Certified> {
  const { past, events, window } = asked;
  const ahead: Outage[] = [];
  for (let count = 1; ; ) {
    count = Math.min(2 * count, AT_ONCE);
    while (ahead.length < count) {
      const next = outages.next();
      if (next.done) break;
      ahead.push(next.value);
    }
    if (ahead.length === 0) return;
    count = Math.min(count, ahead.length);
    let near: AskedIncidents = asked;
    for (; count > 1; count >>= 1) {
      const span = spanOf(ahead.slice(0, count), window);
      const stretch = past.stretch(entry.name, span);
      if (stretch === null) continue;
      near = { ...asked, past: stretch, ...latelyOver(past, events, entry.name, span) };
      break;
    }
    for (const outage of ahead.splice(0, count)) yield certify(near, entry, outage);
  }
}

/** Those of all agents as they came over the fleet. Each agent's are in that order. */
function* inOrder(sources: readonly Iterator<Certified>[]): Generator<Certified> {
  const heads = sources.flatMap((rest) => {
    const first = rest.next();
    return first.done ? [] : [{ rest, next: first.value }];
  });
  while (heads.length > 0) {
    const first = heads.reduce((one, other) => (isBefore(other.next, one.next) ? other : one));
    yield first.next;
    const { done, value } = first.rest.next();
    if (done) heads.splice(heads.indexOf(first), 1);
    else first.next = value;
  }
}

function isBefore(one: Certified, other: Certified): boolean {
  if (one.atUs !== other.atUs) return one.atUs < other.atUs;
  if (one.beganUs !== other.beganUs) return one.beganUs < other.beganUs;
  return one.death.agent < other.death.agent;
}

/** All that is asked about them, but for those that had begun before the window. */
function spanOf(outages: readonly Outage[], window: Window): Window {
  const [first, last] = [outages[0], outages.at(-1)];
  const [fromUs, toUs] = [first?.fromUs ?? window.fromUs, last?.toUs ?? window.toUs];
  return { fromUs: fromUs - NEARBY_US - 1, toUs: toUs + NEARBY_US + 1 };
}

function isWhileOf(kinds: Kinds, { declared }: RosterEntry, { fromUs, toUs }: Outage): boolean {
  return declared.some((one) => isOfKind(kinds, one) && fromUs < one.toUs && (toUs ?? Infinity) > one.fromUs);
}

/** What is kept of a certificate until its incident is told. */
type Found = Pick<Certified, "atUs" | "cause" | "death">;

/** An incident while it may go on: the places of its first death and of its last one, so far. */
interface Group {
  readonly beganUs: number;
  last: number;
}

/**
 * Deaths of one cause are one incident; those of no cause that is theirs alone (none is known, or nobody watched) are shown together where
 * they fell within one moment. A cause may come to light long after: of each death its place is remembered, and of each server that took agents with
 * it, and each boot.
 */
function grouped(found: Iterable<Certified>, shelf: Shelf<Found>): Iterable<Incident> {
  /** The places of what begins an incident, and of each death the place of the next one of its incident; -1: it is the last. */
  const first: number[] = [];
  const next: number[] = [];
  const byKey = new Map<string, Group>();
  const lastByKind = new Map<string, Group>();
  for (const { atUs, beganUs, cause, key, death } of found) {
    const place = shelf.length;
    shelf.push({ atUs, cause, death });
    next.push(-1);
    const kind = cause?.kind ?? (death.witnessed && isEnd(death) ? "end" : "");
    const last = lastByKind.get(kind);
    const near = last !== undefined && kind !== "" && Math.abs(beganUs - last.beganUs) <= MOMENT_US;
    const group = key === null ? (near ? last : undefined) : byKey.get(key);
    if (group !== undefined) {
      next[group.last] = place;
      group.last = place;
      continue;
    }
    first.push(place);
    if (key === null) lastByKind.set(kind, { beganUs, last: place });
    else byKey.set(key, { beganUs, last: place });
  }
  return { [Symbol.iterator]: () => incidentsIn(shelf, first, next) };
}

function* incidentsIn(
  shelf: Shelf<Found>,
  firsts: readonly number[],
  next: readonly number[],
): Generator<Incident> {
  for (const first of firsts) {
    const { atUs, cause, death } = shelf.at(first) as Found;
    const deaths = [death];
    for (let place = next[first] ?? -1; place !== -1; place = next[place] ?? -1)
      deaths.push((shelf.at(place) as Found).death);
    const together = deaths.length > 1 && cause === null;
    yield {
      at: exactIsoOf(atUs),
      cause: together ? { kind: "same-moment", detail: "no common cause is known", at: null } : cause,
      deaths,
    };
  }
}

/** Beats that stop at one time are no common death; processes that end are. */
function isEnd({ course }: Death): boolean {
  return course[0]?.status === "failed" || course[0]?.status === "dead";
}

/** A server takes many agents with it in one second: what is asked of that second is asked once. */
function rememberedForItsSecond(ask: (us: number) => boolean): (us: number) => boolean {
  let known: { readonly second: number; readonly answer: boolean } | null = null;
  return (us) => {
    const second = Math.floor(us / 1e6);
    if (known?.second !== second) known = { second, answer: ask(us) };
    return known.answer;
  };
}

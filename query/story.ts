import { BEFORE_THE_LOG } from "./history/before-the-log.ts";
import type { Interval } from "./history/intervals.ts";
import { lastSeen } from "./history/last-seen.ts";
import type { Gap, Past, Redeclared, RosterEntry } from "./history/past.ts";
import type { Around } from "./history/stays.ts";
import { aroundOf, isEndedByNext, lastsUnseen, restarted, staysIn, whileNamed } from "./history/stays.ts";
import type { Window } from "./history/sweep.ts";
import { type Glimpse, glimpseOf } from "./known-by.ts";
import type { DeclaredChange } from "./redeclared.ts";
import type { AgentStatus } from "./row.ts";
import { type FoundFirst, foundAt, seenToEnd, withFirst } from "./since.ts";
import { endWithinUs, TOLD_FINELY_US, toldWithinUs } from "./told-within.ts";

export interface StoryInput {
  readonly entries: readonly RosterEntry[];
  readonly window: Window;
  readonly atUs: number;
}

/** One line of the story. Beginnings are the entry's own, also where they lie before the window; what goes on at its end ends at null. */
export type StoryEntry = { readonly fromUs: number; readonly toUs: number | null } & (
  | {
      readonly kind: "status";
      readonly agent: string;
      readonly status: AgentStatus | null;
      readonly reason: string | null;
      readonly why: readonly number[];
      /** No roster named it then: it is what its session was. */
      readonly unrostered: boolean;
      /** It changed between this and its own status so often, without ever being unwell. */
      readonly turns: number;
      /** It was found the same so often, and of the time between so much was watched by nobody. */
      readonly found: number;
      readonly unseenUs: number;
      /** Nobody saw it end: from then on nobody watched. */
      readonly endUnseen: boolean;
      /** Where that is all that is known of it. */
      readonly glimpse: Glimpse;
      /** Of a short one: its beginning was told no finer, and lies within so much after it (see `told-within.ts`). */
      readonly withinUs: number | null;
      /** The same of its end. */
      readonly endWithinUs: number | null;
      /** Of such a one: nobody saw it begin, so that it may have lasted for longer. */
      readonly beginUnseen: boolean;
      /** When it had begun, where the log's first looks found it and its source told that of itself, or the roster names it again, or no longer. */
      readonly first: FoundFirst | null;
    }
  | {
      readonly kind: "attached" | "sent";
      readonly agent: string;
      readonly reason: string | null;
      /** Nobody told of its end: it is known until then. */
      readonly endUnseen: boolean;
      readonly why: readonly number[];
    }
  | {
      readonly kind: "declared";
      readonly agent: string;
      readonly changes: readonly DeclaredChange[];
      readonly why: readonly number[];
    }
  | { readonly kind: "gap"; readonly cause: Gap["cause"] }
  | { readonly kind: "log" }
  | { readonly kind: "boot"; readonly bootId: string; readonly why: readonly number[] }
);

type StatusEntry = Extract<StoryEntry, { kind: "status" }>;

/**
 * What happened, in order of time: each agent's statuses, who attached and what was sent, reboots, and the time in which nobody
 * recorded. An agent at work turns busy and healthy again with each task, and one that is down is found so by look after look: unless
 * `whole`, such a run is one line.
 */
export function* storyOf(past: Past, input: StoryInput & { readonly whole: boolean }): Generator<StoryEntry> {
  const { entries, window, whole } = input;
  const sources: Iterable<StoryEntry>[] = [
    beginEntries(past, window),
    gapEntries(past, window),
    bootEntries(past, window),
  ];
  for (const { name, redeclared } of entries) {
    sources.push(declaredAnew(name, redeclared));
    sources.push(statusEntries(past, name, window, whole));
    for (const kind of ["attached", "sent"] as const) sources.push(happenings(past, name, kind, window));
  }
  for (const entry of merged(sources)) yield knownBy(past, until(window.toUs, entry));
}

/** Whoever asks until a moment is told of nothing that came after it: what lasts longer goes on there, and was seen to. */
function until(endUs: number, entry: StoryEntry): StoryEntry {
  if (entry.toUs === null || entry.toUs <= endUs) return entry;
  return entry.kind === "status" ? { ...entry, toUs: null, endUnseen: false } : { ...entry, toUs: null };
}

/** What is asked of short ones only, since a long one is told in whole seconds. */
function knownBy(past: Past, entry: StoryEntry): StoryEntry {
  if (entry.kind !== "status" || entry.toUs === null || entry.toUs - entry.fromUs >= TOLD_FINELY_US)
    return entry;
  const { agent, fromUs, toUs, status, endUnseen } = entry;
  const glimpse = endUnseen ? glimpseOf(past, agent, { fromUs, toUs }) : null;
  const withinUs = toldWithinUs(past, agent, status, fromUs);
  const beginUnseen = withinUs !== null && !seenToEnd(past, agent, fromUs).witnessed;
  const endWithinUs = endUnseen ? null : endedWithinUs(past, agent, toUs);
  return { ...entry, glimpse, withinUs, beginUnseen, endWithinUs };
}

/** What it came to next may have begun by so much later. */
function endedWithinUs(past: Past, agent: string, endedUs: number): number | null {
  // Of most moments nothing of that kind is told, and what came next need not be judged.
  const withinUs = endWithinUs(() => past.ownPanes(agent, endedUs), endedUs);
  if (withinUs === null) return null;
  const [next] = past.sightings(agent, { fromUs: endedUs, toUs: endedUs + 1 });
  return next === undefined ? null : toldWithinUs(past, agent, next.status, endedUs);
}

function* statusEntries(past: Past, agent: string, window: Window, whole: boolean): Generator<StoryEntry> {
  const around = aroundOf({ ...past, intervals: past.sightings }, agent, window);
  let open = null as StatusEntry | null;
  /** Time that nobody watched, after which one may be found as it was left. */
  let unseen = null as StatusEntry | null;
  let isFirst = true;
  let isUnheardOf = !whole && !past.isStray(agent);
  for (const [found, first] of withFirst(past, agent, window)) {
    const { fromUs, toUs, status, reason, why, ...interval } = found;
    if (reason === BEFORE_THE_LOG || (fromUs === -Infinity && status === null)) continue;
    // Before it was ever declared, or seen, there is nothing to tell.
    isUnheardOf &&= isNothing(found) && lastSeen(past.sightings, agent, fromUs, isSomething) === null;
    if (isUnheardOf) continue;
    const turned = {
      turns: 0,
      found: 1,
      unseenUs: 0,
      endUnseen: false,
      glimpse: null,
      withinUs: null,
      endWithinUs: null,
      beginUnseen: false,
    } as const;
    const unrostered = interval.unrostered === true;
    const verdict = { status, reason, why, unrostered, first };
    const next = { kind: "status", agent, fromUs, toUs, ...verdict, ...turned } as const;
    if (open !== null && unseen === null && isSameStretch(open, next, whole)) {
      const turns = open.turns + (open.status === status && open.turns === 0 ? 0 : 1);
      open = { ...open, toUs, turns };
      continue;
    }
    const isOtherRow = open !== null && open.status !== null && open.unrostered !== unrostered;
    if (status === "unobserved" && unseen === null && !isOtherRow) {
      // Who is on the roster is known whoever watches.
      if (open !== null) {
        const isOffRoster = open.status === null && !past.isStray(agent);
        open = { ...open, endUnseen: !isOffRoster && !isEndedByNext(open.status, fromUs, around) };
      }
      if (!whole && (open === null ? isFirst : lastsUnseen(open.status))) {
        unseen = next;
        isFirst = false;
        continue;
      }
    }
    if (open !== null && unseen !== null && isSameAgain(open, next, around)) {
      const unseenUs = open.unseenUs + fromUs - unseen.fromUs;
      const again = { found: open.found + 1, unseenUs, endUnseen: false };
      open = { ...open, ...again, toUs, why: union(open.why, why) };
      unseen = null;
      continue;
    }
    if (open !== null) yield open;
    // What the window begins in the middle of is told from its own beginning.
    const begun = isFirst || open === null ? fromItsBeginning(past, next, window, whole) : next;
    isFirst = false;
    if (unseen !== null && begun.fromUs >= unseen.fromUs) yield unseen;
    [open, unseen] = [begun, null];
  }
  const after = open === null || unseen === null || whole ? null : aroundLine(past, open, window).after();
  if (open !== null && unseen !== null && after !== null && isSameAgain(open, after, around)) {
    yield { ...open, toUs: null, unseenUs: open.unseenUs + window.toUs - unseen.fromUs, endUnseen: false };
    return;
  }
  if (open !== null) yield open;
  if (unseen !== null) yield unseen;
}

/** No roster named it, and no session of its name was seen. */
function isNothing({ status, reason, unrostered }: Interval): boolean {
  return status === null || (status === "unobserved" && (unrostered === true || reason === BEFORE_THE_LOG));
}

function isSomething(interval: Interval): boolean {
  return !isNothing(interval);
}

function isSameStretch(open: StatusEntry, next: StatusEntry, whole: boolean): boolean {
  if (open.unrostered !== next.unrostered) return false;
  return open.status === next.status || (!whole && isAtWork(open.status) && isAtWork(next.status));
}

/** An agent that is found as it was left is in the same stay, unless it has lived again meanwhile (see `history/stays.ts`). */
function isSameAgain(
  open: StatusEntry,
  next: Pick<StatusEntry, "status" | "fromUs"> & Partial<Pick<StatusEntry, "unrostered">>,
  around: Around,
): boolean {
  if ((next.unrostered ?? open.unrostered) !== open.unrostered) return false;
  if (open.status !== next.status || !lastsUnseen(open.status)) return false;
  return !restarted(around, open.toUs ?? Infinity, next.fromUs);
}

/**
 * The first that a window shows of a stay that had been found before it, as the whole of that stay until then. So much of the log is looked at for
 * it as the stay takes.
 */
function fromItsBeginning(past: Past, first: StatusEntry, window: Window, whole: boolean): StatusEntry {
  const { agent, status, fromUs } = first;
  const beginsUs = past.beginsUs ?? fromUs;
  if (whole || status === null || !lastsUnseen(status) || fromUs > window.toUs) return first;
  const intervals = whileNamed(past.sightings, first.unrostered);
  for (let farUs = DAY_US; ; farUs *= 16) {
    const asked = { fromUs: Math.max(beginsUs, fromUs - farUs), toUs: fromUs + 1 };
    const around = aroundLine(past, first, asked);
    const told = intervals(agent, { fromUs: asked.fromUs - 1, toUs: asked.toUs });
    const stay = [...staysIn(told, status, asked, around)].at(-1);
    if (stay === undefined) return first;
    const isWhole = !stay.beganBefore || asked.fromUs === beginsUs;
    if (!isWhole) continue;
    const { found, unseenUs, reason, why } = stay;
    const begun = stay.fromUs === fromUs ? first.first : foundAt(past, agent, stay.fromUs, true);
    return {
      ...first,
      fromUs: stay.fromUs,
      found,
      unseenUs,
      reason,
      why: union(why, first.why),
      first: begun,
    };
  }
}

/** What is around a window, as far as it is told of in the same words: on the roster, or off it. */
function aroundLine(past: Past, { agent, unrostered }: StatusEntry, window: Window): Around {
  return aroundOf({ ...past, intervals: whileNamed(past.sightings, unrostered) }, agent, window);
}

const DAY_US = 86_400_000_000;

function union(one: readonly number[], other: readonly number[]): number[] {
  return [...new Set([...one, ...other])].sort((a, b) => a - b);
}

function isAtWork(status: AgentStatus | null): boolean {
  return status === "healthy" || status === "busy";
}

function* happenings(
  past: Past,
  agent: string,
  kind: "attached" | "sent",
  window: Window,
): Generator<StoryEntry> {
  for (const { fromUs, toUs, reason, endUnseen, why } of past.occurrences(agent, kind, window))
    yield { kind, agent, fromUs, toUs, reason, endUnseen, why };
}

/** What is told before was told of an agent of which the roster said something else than after it. */
function* declaredAnew(agent: string, redeclared: readonly Redeclared[]): Generator<StoryEntry> {
  for (const { atUs, seq, changes } of redeclared)
    yield { kind: "declared", agent, fromUs: atUs, toUs: atUs, changes, why: [seq] };
}

/** Whoever asks for more than the log holds is told where it begins. */
function* beginEntries({ beginsUs }: Past, window: Window): Generator<StoryEntry> {
  if (beginsUs !== null && beginsUs > window.fromUs && beginsUs < window.toUs)
    yield { kind: "log", fromUs: beginsUs, toUs: beginsUs };
}

function* gapEntries(past: Past, window: Window): Generator<StoryEntry> {
  for (const { fromUs, toUs, cause } of past.gaps(window))
    if (fromUs > -Infinity) yield { kind: "gap", fromUs, toUs, cause };
}

function* bootEntries(past: Past, window: Window): Generator<StoryEntry> {
  for (const { atUs, bootId, seq } of past.boots(window))
    yield { kind: "boot", fromUs: atUs, toUs: atUs, bootId, why: [seq] };
}

/** Each source is in order of time; where two begin at once the earlier source goes first: what happened to all, then to each. */
function* merged(sources: readonly Iterable<StoryEntry>[]): Generator<StoryEntry> {
  const heads = sources.map((source) => {
    const rest = source[Symbol.iterator]();
    return { rest, next: rest.next() };
  });
  for (;;) {
    let first: (typeof heads)[number] | undefined;
    for (const head of heads) {
      if (head.next.done) continue;
      if (first === undefined || head.next.value.fromUs < (first.next.value as StoryEntry).fromUs)
        first = head;
    }
    if (first === undefined) return;
    yield first.next.value as StoryEntry;
    first.next = first.rest.next();
  }
}

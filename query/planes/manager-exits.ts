import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { Documents, FoldEvent, ReadonlyDocuments } from "../../store/projection.ts";
import type { Changed } from "./documents.ts";
import { documentOf, documentsOf, ONLY } from "./documents.ts";

/** A user manager went, from when on at the latest, and the next one had come. */
export interface ManagerExit {
  readonly fromUs: number;
  readonly toUs: number;
  /** The boot in which it said so; null: it went without a word, or nobody heard it. */
  readonly bootId: string | null;
  /** Until when nothing that the journal told before it is missing. */
  readonly heardUntilUs: number;
}

export interface ManagerExitsDocument extends Changed {
  /** In the order in which they were told. */
  readonly exits: readonly ManagerExit[];
  /** Since when one is going, and in which boot; null: none is, or nobody said so. */
  readonly ending: { readonly atUs: number; readonly bootId: string | null } | null;
  /** From when on lines were lost since the last word of one; null: none were. */
  readonly lostFromUs: number | null;
}

/** What a user manager reaches once in its life, and stops first of all when it goes: by a shutdown, a restart of its own, the last logout without lingering. */
export const SESSION_TARGET = "default.target";
/** systemd gives a user manager so long to stop what it runs (`TimeoutStopSec` of `user@.service`). */
export const EXIT_TAKES_US = 120_000_000;
/** Jobs of one transaction are told in any order. */
export const AT_ONCE_US = 100_000;
/** Lines of units that are told late may lie in so many of the last exits. */
const KEPT_AT_LEAST = 8;

/** What a line says of the user manager itself: it stops all that it runs, or it has begun; null: neither. */
export function managerWord({
  unit,
  what,
  jobType,
}: Partial<PayloadOf<"journal.unit.logged">>): "stops" | "began" | null {
  if (unit !== SESSION_TARGET) return null;
  if (what === "started") return "began";
  return what === "stopped" && jobType === "stop" ? "stops" : null;
}

/**
 * When user managers went, and another one came: what each stopped as it went was wanted by nobody. One that a power cut took says nothing, and a
 * journal that is not kept loses what it said; that there is another one by now is told either way.
 */
export function foldManagerExits(documents: Documents, event: FoldEvent): void {
  if (event.agent !== null) return;
  const { exits, ending, lostFromUs } = documentOf(documents, "managerexits", ONLY) ?? NOTHING_TOLD;
  const set = (now: Omit<ManagerExitsDocument, keyof Changed>) => {
    documents.set("managerexits", ONLY, { ...now, seq: event.seq, recordedAtUs: event.recordedAtUs });
  };
  if (event.type === "journal.gap.found") {
    const fromUs = (event.payload as PayloadOf<"journal.gap.found">).fromUs ?? 0;
    if (lostFromUs === null || fromUs < lostFromUs) set({ exits, ending, lostFromUs: fromUs });
  }
  if (event.type !== "journal.unit.logged") return;
  const line = event.payload as PayloadOf<"journal.unit.logged">;
  const word = managerWord(line);
  const atUs = event.occurredAtUs;
  if (word === "stops") set({ exits, ending: { atUs, bootId: line.bootId }, lostFromUs });
  if (word !== "began") return;
  const fromUs = goesFromUs({ exits, ending }) ?? atUs;
  const exit: ManagerExit = {
    fromUs,
    toUs: ending === null ? atUs : Math.min(atUs, ending.atUs + EXIT_TAKES_US),
    bootId: ending?.bootId ?? null,
    heardUntilUs: lostFromUs === null ? fromUs : lostFromUs - AT_ONCE_US,
  };
  const meant = new Set<ManagerExit | undefined>();
  for (const [, { purpose }] of documentsOf(documents, "agent"))
    for (const stop of [purpose.systemd, purpose.stopped?.systemd])
      if (stop) meant.add(exitAfter(exits, stop.atUs));
  const kept = exits.filter((known, index) => index >= exits.length - KEPT_AT_LEAST || meant.has(known));
  set({ exits: [...kept, exit], ending: null, lostFromUs: null });
}

const NOTHING_TOLD = { exits: [], ending: null, lostFromUs: null };

export interface ManagerExits {
  readonly exits: readonly ManagerExit[];
  /** From when on the one that is going stops what it runs; null: none is, or nobody said so. */
  readonly endingFromUs: number | null;
}

export function managerExits(documents: ReadonlyDocuments): ManagerExits {
  const told = documentOf(documents, "managerexits", ONLY) ?? NOTHING_TOLD;
  return { exits: told.exits, endingFromUs: goesFromUs(told) };
}

/** Since when the one that is there has been going: a moment before it says so, but not before it was there. */
function goesFromUs({ exits, ending }: Pick<ManagerExitsDocument, "exits" | "ending">): number | null {
  return ending === null ? null : Math.max(ending.atUs - AT_ONCE_US, exits.at(-1)?.toUs ?? -Infinity);
}

/** Since when something was to be stopped that one which is going stopped then: with the first of its jobs, whenever each of them is told of. */
export function wantedSinceUs(goingFromUs: number | null, atUs: number): number {
  const isOfIt =
    goingFromUs !== null && goingFromUs <= atUs && atUs < goingFromUs + AT_ONCE_US + EXIT_TAKES_US;
  return isOfIt ? goingFromUs : atUs;
}

/** From when on what an event has made known of them holds: one that says that it goes has begun to before that. */
export function exitsKnownFromUs(exits: ManagerExitsDocument, { occurredAtUs }: FoldEvent): number {
  return exits.ending?.atUs === occurredAtUs ? (goesFromUs(exits) ?? occurredAtUs) : occurredAtUs;
}

/** The exit in which something was stopped. */
export function exitAround({ exits }: ManagerExits, atUs: number): ManagerExit | undefined {
  return exits.find(({ fromUs, toUs }) => fromUs <= atUs && atUs < toUs);
}

/** Since when a user manager was going that stopped something then; null: none was, as far as is known. */
export function goingSince(managers: ManagerExits, atUs: number): number | null {
  const { endingFromUs } = managers;
  const isEnding =
    endingFromUs !== null && endingFromUs <= atUs && atUs < endingFromUs + AT_ONCE_US + EXIT_TAKES_US;
  return exitAround(managers, atUs)?.fromUs ?? (isEnding ? endingFromUs : null);
}

/**
 * Whether the user manager of that boot lived on after it had stopped something: then somebody had it stopped. Not known of one whose end nobody heard
 * of, nor of one that may have gone among lines that are lost.
 */
export function outlived({ exits }: ManagerExits, atUs: number, bootId: string): boolean {
  const exit = exitAfter(exits, atUs);
  if (exit === undefined || atUs >= exit.fromUs) return false;
  return exit.bootId === bootId || atUs < exit.heardUntilUs;
}

/** When the first user manager of a later boot was there: with the machine, where that is the one that is there now. */
export function nextBootUs({ exits }: ManagerExits, atUs: number, bootedAtUs: number | null): number | null {
  const exit = exitAfter(exits, atUs);
  return exit === undefined || exit === exits.at(-1) ? bootedAtUs : exit.toUs;
}

/** The one in which what ran then went, at the latest. */
function exitAfter(exits: readonly ManagerExit[], atUs: number): ManagerExit | undefined {
  return exits.find(({ toUs }) => toUs > atUs);
}

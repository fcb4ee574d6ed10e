import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { Documents, FoldEvent, ReadonlyDocuments } from "../../store/projection.ts";
import type { Changed } from "./documents.ts";
import { documentOf, documentsOf, ONLY } from "./documents.ts";

/** A user manager went, from when on at the latest, and the next one had come. */
export interface ManagerExit {
  readonly fromUs: number;
  readonly toUs: number;
}

export interface ManagerExitsDocument extends Changed {
  /** In the order in which they were told. */
  readonly exits: readonly ManagerExit[];
  /** Since when one is going; null: none is, or nobody said so. */
  readonly endingUs: number | null;
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

/** When user managers went, and another one came: what each stopped as it went was wanted by nobody. */
export function foldManagerExits(documents: Documents, event: FoldEvent): void {
  if (event.type !== "journal.unit.logged" || event.agent !== null) return;
  const word = managerWord(event.payload as PayloadOf<"journal.unit.logged">);
  if (word === null) return;
  const { occurredAtUs: atUs, seq, recordedAtUs } = event;
  const { exits = [], endingUs = null } = documentOf(documents, "managerexits", ONLY) ?? {};
  if (word === "stops") documents.set("managerexits", ONLY, { exits, endingUs: atUs, seq, recordedAtUs });
  if (word !== "began" || endingUs === null) return;
  const exit = { fromUs: endingUs - AT_ONCE_US, toUs: Math.min(atUs, endingUs + EXIT_TAKES_US) };
  const kept = exits.filter(
    (known, index) => index >= exits.length - KEPT_AT_LEAST || isStillMeant(documents, known),
  );
  documents.set("managerexits", ONLY, { exits: [...kept, exit], endingUs: null, seq, recordedAtUs });
}

/** Whether what somebody was stopped by last lies in it. */
function isStillMeant(documents: ReadonlyDocuments, exit: ManagerExit): boolean {
  for (const [, { purpose }] of documentsOf(documents, "agent"))
    if (purpose.systemd !== null && isWithin(exit, purpose.systemd.atUs)) return true;
  return false;
}

export function managerExits(documents: ReadonlyDocuments): readonly ManagerExit[] {
  return documentOf(documents, "managerexits", ONLY)?.exits ?? [];
}

export function isWithin({ fromUs, toUs }: ManagerExit, atUs: number): boolean {
  return fromUs <= atUs && atUs < toUs;
}

import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { Documents, FoldEvent, ReadonlyDocuments } from "../../store/projection.ts";
import type { Changed } from "./documents.ts";
import { documentOf, ONLY } from "./documents.ts";
import { AT_ONCE_US } from "./manager-exits.ts";

/**
 * When systemd, of its own accord, stopped what hangs on the unit of the fleet's tmux server (`Requires=`, `BindsTo=`): because that
 * had failed, or because it was about to start it again.
 */
export interface HolderRestart {
  readonly fromUs: number;
  readonly toUs: number;
}

export interface HolderRestartDocument extends HolderRestart, Changed {}

/** No stop of an agent's unit takes longer (`TimeoutStopSec`), and the server comes back after the last of them. */
const STOPS_TAKE_US = 30_000_000;

/** What of it is known after one more line about the server's unit; the same value where that says nothing of it. */
export function holderRestartAfter<T extends HolderRestart>(
  known: T | undefined,
  { occurredAtUs: atUs, payload }: FoldEvent,
): T | HolderRestart | undefined {
  const { what } = payload as PayloadOf<"journal.unit.logged">;
  if (what === "restart-scheduled") return { fromUs: atUs, toUs: atUs + STOPS_TAKE_US };
  if (what === "failed") return { fromUs: atUs, toUs: atUs + AT_ONCE_US };
  const isOver = what === "stopped" || what === "starting" || what === "started";
  return isOver && known !== undefined && atUs < known.toUs ? { ...known, toUs: atUs } : known;
}

export function foldHolderRestart(documents: Documents, event: FoldEvent): void {
  if (event.type !== "journal.unit.logged" || event.agent === null) return;
  if (documentOf(documents, "roster", event.agent)?.declaration.role !== "holder") return;
  const known = documentOf(documents, "holderrestart", ONLY);
  const now = holderRestartAfter(known, event);
  if (now === undefined || now === known) return;
  const { fromUs, toUs } = now;
  documents.set("holderrestart", ONLY, { fromUs, toUs, seq: event.seq, recordedAtUs: event.recordedAtUs });
}

export function holderRestart(documents: ReadonlyDocuments): HolderRestart | undefined {
  return documentOf(documents, "holderrestart", ONLY);
}

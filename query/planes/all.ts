import type { NewEvent } from "../../store/events/envelope.ts";
import type { Snapshot } from "../../store/events/snapshot.ts";
import type {
  DeriveContext,
  Documents,
  FoldEvent,
  Projection,
  ReadonlyDocuments,
} from "../../store/projection.ts";
import { deriveHeartbeat, foldHeartbeat, foldRefusedBeat, heartbeatRepetition } from "./heartbeat.ts";
import { foldHolderRestart } from "./holder-restart.ts";
import { foldManagerExits } from "./manager-exits.ts";
import { deriveProcess, foldProcess } from "./process.ts";
import { foldPurpose } from "./purpose.ts";
import { foldRecorder } from "./recorder.ts";
import { deriveRoster, foldRoster } from "./roster.ts";
import { deriveSystemd, foldSystemd } from "./systemd.ts";
import { tally } from "./tally.ts";
import { deriveTmux } from "./tmux-derive.ts";
import { foldTmux } from "./tmux-fold.ts";

/** By the first part of an event's type: what each plane's events change in the documents. */
const folds: Readonly<Record<string, (documents: Documents, event: FoldEvent) => void>> = {
  heartbeat: foldHeartbeat,
  collector: foldRefusedBeat,
  tmux: foldTmux,
  systemd: foldUnits,
  journal: foldJournal,
  operator: foldPurpose,
  process: foldProcess,
  roster: foldRoster,
  recorder: foldRecorder,
};

function foldUnits(documents: Documents, event: FoldEvent): void {
  foldSystemd(documents, event);
  foldPurpose(documents, event);
}

function foldJournal(documents: Documents, event: FoldEvent): void {
  foldPurpose(documents, event);
  foldManagerExits(documents, event);
  foldHolderRestart(documents, event);
}

/** Remembered by type: a rebuild asks for every event, and there are some forty types. */
const foldByType = new Map<string, ((documents: Documents, event: FoldEvent) => void) | undefined>();
function foldOf(type: string): ((documents: Documents, event: FoldEvent) => void) | undefined {
  if (foldByType.has(type)) return foldByType.get(type);
  const fold = folds[type.slice(0, type.indexOf("."))];
  if (foldByType.size < 1000) foldByType.set(type, fold);
  return fold;
}

/** All event types are of version 1; a newer version is kept in the log and left alone until this program knows it. */
const KNOWN_VERSION = 1;

/** The present of every plane: what `fleet ps` and `fleet why` read. */
const planes: Projection = {
  name: "planes",
  version: 31,
  types: null,
  evolve(documents, event) {
    if (event.schemaVersion > KNOWN_VERSION) return;
    foldOf(event.type)?.(documents, event);
  },
  repetition: (documents, event) =>
    event.schemaVersion > KNOWN_VERSION ? null : heartbeatRepetition(documents, event),
};

export const projections: readonly Projection[] = [planes, tally];

export function derive(documents: ReadonlyDocuments, snapshot: Snapshot, context: DeriveContext): NewEvent[] {
  switch (snapshot.source) {
    case "tmux":
      return deriveTmux(documents, snapshot, context);
    case "systemd":
      return deriveSystemd(documents, snapshot, context);
    case "heartbeat":
      return deriveHeartbeat(documents, snapshot, context);
    case "process":
      return deriveProcess(documents, snapshot, context);
    case "roster":
      return deriveRoster(documents, snapshot, context);
  }
}

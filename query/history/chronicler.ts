import type { Chronicle, Chronicler, ChronicleTables, Part } from "../../store/chronicle.ts";
import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { FoldEvent, ReadonlyDocuments } from "../../store/projection.ts";
import type {
  AgentDocument,
  HookedLife,
  ManagerDocument,
  PaneDocument,
  ServerDocument,
} from "../planes/documents.ts";
import { documentsOf, ONLY } from "../planes/documents.ts";
import { hookedLineOf, withHookedLine } from "../planes/hooked-life.ts";
import { intentOf, surroundingsOf } from "../planes/intent.ts";
import { NO_PURPOSE, withIntent } from "../planes/purpose.ts";
import type { Purpose } from "../planes/purpose-document.ts";
import { coverageId, skippedFromUs } from "../planes/recorder.ts";
import { openBeatFiles } from "./beat-files.ts";
import { CADENCE, type Cadence, ownId } from "./cadence.ts";
import { clientLineOf } from "./client-lines.ts";
import { observedBy } from "./coverage-timeline.ts";
import { endPointOf } from "./pane-points.ts";
import { adoptionOf } from "./rules.ts";
import { settleStep } from "./settle.ts";
import { statedUs } from "./stated.ts";
import type { OwnPaneTold } from "./told.ts";
import { begunBy } from "./told.ts";

const HEARTBEATS = coverageId("heartbeat", "");

/** What a checkpoint of the documents holds, beats last: see `Halves`. */
export const FAMILIES = [
  "roster",
  "rosterfile",
  "server",
  "pane",
  "client",
  "agent",
  "unit",
  "manager",
  "process",
  "coverage",
  "recorder",
  "clock",
  "managerexits",
  "holderrestart",
  "refusedbeat",
  "heartbeat",
] as const;

export interface Unlived {
  readonly toUs: number;
  readonly resumedAtUs: number;
}

/**
 * The same words as `toldBy`, `chronologyOf` and the others read from a whole log, kept one by one as they come: each document
 * over time, and what happened. A word of the recorder that binds earlier events moves what they told; nothing else ever needs
 * the log again.
 */
export const chronicle: Chronicle = chronicleAt(CADENCE);

export function chronicleAt(cadence: Cadence): Chronicle {
  return {
    name: "chronicle",
    version: 34,
    // Beats are most of a log, and stay in it; of the others nobody asks how they were.
    ignores: new Set(["heartbeat", "holderrestart", "tally", "verdicts", "bootpromise", "bootcompared"]),
    halves: {
      samples: "heartbeat.",
      family: "heartbeat",
      with: "roster.agent.",
      lateUs: cadence.lateUs,
      boundBy: "recorder",
      documentsEvery: cadence.documentsEvery,
      documentsKind: "documents",
      isDue: isDueAt(cadence),
    },
    open: (tables, part = "whole") => openChronicler(tables, cadence, part),
    settle: (view, verdicts) => settleStep(view, verdicts, cadence),
  };
}

function isDueAt({ beatsEvery, documentsEvery }: Cadence): (seq: number) => boolean {
  return (seq) => seq % beatsEvery === 0 || seq % documentsEvery === 0;
}

function openChronicler(tables: ChronicleTables, cadence: Cadence, part: Part): Chronicler {
  const families = FAMILIES.filter(
    (family) => part === "whole" || (family === "heartbeat") === (part === "samples"),
  );
  let current: FoldEvent | null = null;
  const isDue = isDueAt(cadence);
  const beats = openBeatFiles(tables, cadence.beatsEvery * cadence.wholeEvery);

  const tell: Chronicler["tell"] = (family, id, before, document) => {
    const event = current as FoldEvent;
    if (family === "agent") {
      tellOwnPanes(id, before as AgentDocument | undefined, document as AgentDocument);
      return;
    }
    let fromUs = effectUs(event, statedUs(family, document, event));
    if (event.type === "tmux.pane.active" && family === "pane") {
      fromUs = Math.max(fromUs, tables.lastFromUs("pane", id), tables.lastFromUs("activity", id));
      tables.setFrom("activity", id, fromUs, [event.seq, (document as PaneDocument).activityAtUs]);
    } else {
      tables.setFrom(family, id, fromUs, document);
      if (family === "pane") tables.dropFrom("activity", id, fromUs);
    }
    if (family === "pane" && document !== undefined) tellServer(document as PaneDocument, fromUs);
    unsettle(family, id, fromUs, document);
  };
  const tellServer = ({ socket, server }: PaneDocument, fromUs: number): void => {
    if (fromUs >= tables.lastFromUs("server", socket)) return;
    const known = tables.last("server", socket)?.value as ServerDocument | undefined;
    if (known?.state !== "up" || known.pid !== server) return;
    tables.setFrom("server", socket, fromUs, known);
    tables.unsettle(coverageId("tmux", socket), "", fromUs);
  };
  const tellOwnPanes = (agent: string, before: AgentDocument | undefined, now: AgentDocument): void => {
    const event = current as FoldEvent;
    for (const [socket, pane] of Object.entries(now.panes)) {
      const known = before?.panes[socket];
      if (known === pane) continue;
      const id = ownId(agent, socket);
      const died = event.type === "tmux.pane.died";
      // A status that tmux told late belongs to the death that was told before.
      const again =
        died && known?.state === "dead"
          ? (tables.last("own", id)?.value as OwnPaneTold | undefined)?.begun
          : undefined;
      const fromUs = died ? effectUs(event, pane.diedAtUs ?? pane.atUs) : effectUs(event);
      tables.setFrom("own", id, fromUs, { pane, begun: again ?? begunBy(event, pane) });
      tables.unsettle(coverageId("tmux", socket), agent, fromUs);
    }
  };
  const unsettle = (family: string, id: string, fromUs: number, document: unknown): void => {
    if (family === "roster") tables.unsettle("itself", id, fromUs);
    if (family === "managerexits") tables.unsettle("itself", "", fromUs);
    if (family === "server") tables.unsettle(coverageId("tmux", id), "", fromUs);
    if (family === "unit") tables.unsettle(coverageId("systemd", ""), "", fromUs);
    if (family === "coverage") tables.unsettle(id, "", fromUs);
    if (family === "manager") {
      const bootedAtUs = (document as ManagerDocument | undefined)?.manager.bootedAtUs ?? fromUs;
      tables.unsettle("boot", "", Math.min(bootedAtUs, fromUs));
    }
  };

  /** What stands before a word of the recorder has happened by then (see `chronology.ts`): nothing of it lies later. */
  const bind = ({ seq, occurredAtUs: atUs }: FoldEvent): void => {
    tables.happen({ kind: "word", id: "", atUs, seq, value: null });
    for (const { family, id, last } of tables.linesBeyond(atUs)) {
      // Rules are adopted from a moment on that somebody chose.
      if (family !== "rules") tables.setFrom(family, id, atUs, last.value);
    }
    for (const kind of ["point", "client", "late", "sent"])
      tables.move(kind, atUs, (row) => ({ ...row, atUs }));
    tables.move("sample", atUs, (row) => (row.atUs > atUs ? null : row));
    tables.move("unlived", -Infinity, (row) => {
      const span = row.value as Unlived;
      if (span.toUs <= atUs) return row;
      return { ...row, atUs: Math.min(row.atUs, atUs), value: { ...span, toUs: atUs } };
    });
    tables.unsettle("everything", "", atUs);
  };

  const happened = (event: FoldEvent, documents: ReadonlyDocuments): void => {
    const { type, seq, agent } = event;
    const atUs = effectUs(event);
    const adoption = adoptionOf(event);
    if (adoption !== null) {
      tables.setFrom("rules", ONLY, adoption.fromUs, adoption.version);
      tables.unsettle("itself", "", adoption.fromUs);
    }
    const line = hookedLineOf(event);
    if (line !== null) {
      const { socket } = line.life;
      tables.evolveFrom("hooked", ownId(line.agent, socket), atUs, (known) =>
        withHookedLine(known as HookedLife | undefined, line.life),
      );
      tables.unsettle(coverageId("tmux", socket), line.agent, atUs);
    }
    const point = endPointOf(event, atUs);
    if (point !== null) {
      tables.happen({ kind: "point", id: point.socket, atUs, seq, value: point });
      tables.unsettle(coverageId("tmux", point.socket), "", atUs);
    }
    const client = clientLineOf(event, atUs);
    // No verdict asks who was attached.
    if (client !== null) tables.happen({ kind: "client", id: client.socket, atUs, seq, value: client });
    if (type === "recorder.sample.taken") {
      for (const id of observedBy(event).keys())
        if (tables.lastFromUs("scope", id) === -Infinity) tables.setFrom("scope", id, 0, true);
    }
    if (type === "recorder.sample.taken" && atUs === event.occurredAtUs) {
      const observed = [...observedBy(event)];
      tables.happen({ kind: "sample", id: "", atUs, seq, value: observed });
      for (const [id, answered] of observed) if (answered) tables.unsettle(id, "", atUs);
    }
    if (type === "message.submitted" && agent !== null && event.schemaVersion <= 1)
      tables.happen({ kind: "sent", id: agent, atUs, seq, value: null });
    const span = unlivedBy(event);
    if (span !== null) {
      const value: Unlived = { toUs: span.toUs, resumedAtUs: span.toUs };
      tables.happen({ kind: "unlived", id: "", atUs: span.fromUs, seq, value });
      tables.unsettle("unlived", "", span.fromUs);
    }
    const intent = intentOf(event, () => surroundingsOf(documents));
    if (intent !== null && agent !== null) {
      const wantedUs = effectUs(event, intent.atUs);
      tables.evolveFrom("purpose", agent, wantedUs, (known) =>
        withIntent((known as Purpose | undefined) ?? NO_PURPOSE, intent),
      );
      // Of a gap it may tell that an end in it was not the last (see `later-lives.ts`).
      tables.unsettle(coverageId("tmux", ""), agent, wantedUs);
    }
  };

  /** A beat that was read late is found by name. */
  const late = (event: FoldEvent): void => {
    const atUs = effectUs(event);
    if (event.recordedAtUs - atUs > cadence.lateUs)
      tables.happen({ kind: "late", id: event.agent as string, atUs, seq: event.seq, value: null });
  };
  const beat = (event: FoldEvent, documents: ReadonlyDocuments): void => {
    const agent = event.agent as string;
    if (part === "whole") late(event);
    tables.unsettle(HEARTBEATS, agent, effectUs(event));
    beats.note(event, documents);
  };

  const keep = ({ seq, recordedAtUs }: FoldEvent, documents: ReadonlyDocuments): void => {
    if (part !== "rest" && seq % cadence.beatsEvery === 0)
      tables.checkpoint(
        "beats",
        { seq, recordedAtUs, value: beats.checkpoint(documents, { seq, recordedAtUs }) },
        "plain",
      );
    if (seq % cadence.documentsEvery === 0) {
      const value = families.flatMap((family) =>
        [...documentsOf(documents, family)].map(([id, document]) => [family, id, document]),
      );
      tables.checkpoint("documents", { seq, recordedAtUs, value }, "deflated");
    }
  };
  const isBeat = ({ agent, type, schemaVersion }: FoldEvent): boolean =>
    agent !== null && schemaVersion <= 1 && type.startsWith("heartbeat.");

  return {
    begin(event, previousUs) {
      current = event;
      if (part !== "samples" && event.source === "recorder" && event.occurredAtUs < previousUs) bind(event);
      beats.begin(event.seq);
    },
    tell: part === "samples" ? () => {} : tell,
    end(event, documents) {
      if (!event.type.startsWith("heartbeat.")) {
        if (part !== "samples") happened(event, documents);
      } else if (isBeat(event)) beat(event, documents);
      keep(event, documents);
    },
    pass(event, documents) {
      if (part === "rest" && isBeat(event)) late(event);
      keep(event, documents);
    },
    repetition(event) {
      const repeat = beats.repetition(event);
      if (repeat === null) return null;
      return (seq, occurredAtUs, recordedAtUs) => {
        if (recordedAtUs - occurredAtUs > cadence.lateUs || isDue(seq)) return false;
        repeat(seq);
        return true;
      };
    },
    forget: beats.forget,
  };
}

/** When what the event states began to hold, as far as is known when it is written. */
function effectUs(event: FoldEvent, statedUs = event.occurredAtUs): number {
  return Math.min(statedUs, event.recordedAtUs);
}

function unlivedBy(event: FoldEvent): { fromUs: number; toUs: number } | null {
  if (event.type === "recorder.suspended") return event.payload as PayloadOf<"recorder.suspended">;
  if (event.type !== "recorder.clock.stepped") return null;
  const fromUs = skippedFromUs(event);
  return fromUs === null ? null : { fromUs, toUs: event.occurredAtUs };
}

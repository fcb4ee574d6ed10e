import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { Documents, FoldEvent } from "../../store/projection.ts";
import type { Intent } from "./documents.ts";
import { documentOf } from "./documents.ts";

/**
 * The journal tells of purpose: a stop job means that somebody wanted the unit down, a start job that somebody wanted it up.
 * Lines arrive late and in any order beside the other planes, so the newest by the journal's own clock stays.
 */
export function foldJournal(documents: Documents, event: FoldEvent): void {
  const intent = intentOf(event);
  if (intent === null || event.agent === null) return;
  const known = documentOf(documents, "agent", event.agent);
  if (known?.intent && !follows(intent, known.intent)) return;
  documents.set("agent", event.agent, { panes: known?.panes ?? {}, intent });
}

/** What an event says of somebody's wish for its agent, or null. */
export function intentOf(event: FoldEvent): Intent | null {
  if (event.type !== "journal.unit.logged" || event.agent === null) return null;
  const line = event.payload as PayloadOf<"journal.unit.logged">;
  const kind = purposeOf(line);
  if (kind === null) return null;
  return {
    kind,
    by: "systemd",
    atUs: event.occurredAtUs,
    bootId: line.bootId,
    seq: event.seq,
    recordedAtUs: event.recordedAtUs,
  };
}

/** A restart stops and starts: it is no wish to be down. */
function purposeOf(line: PayloadOf<"journal.unit.logged">): Intent["kind"] | null {
  const { what, jobType } = line;
  if ((what === "stopping" || what === "stopped") && jobType === "stop") return "stop";
  if ((what === "stopping" || what === "stopped") && jobType === "restart") return "start";
  if (what === "starting" || what === "started") return "start";
  return null;
}

/** At the same instant a start stands, so that any order of arrival leaves the same. */
export function follows(intent: Intent, known: Intent): boolean {
  if (intent.atUs !== known.atUs) return intent.atUs > known.atUs;
  return intent.kind === "start" && known.kind === "stop";
}

import type { FleetEvent, PayloadOf } from "../../store/events/catalogue.ts";
import type { ProcessSnapshot } from "../../store/events/snapshot.ts";
import type { DeriveContext, Documents, FoldEvent, ReadonlyDocuments } from "../../store/projection.ts";
import { documentOf, within } from "./documents.ts";
import { sameValue } from "./same-value.ts";

export function foldProcess(documents: Documents, event: FoldEvent): void {
  if (event.type !== "process.changed") return;
  const process = event.payload as PayloadOf<"process.changed">;
  const id = within(process.socket, process.pane);
  // The pane's document goes with the pane, and this one with it: a late word about a pane that is gone would stay for ever.
  if (!documents.get("pane", id)) return;
  documents.set("process", id, { process, seq: event.seq, recordedAtUs: event.recordedAtUs });
}

export function deriveProcess(
  documents: ReadonlyDocuments,
  snapshot: ProcessSnapshot,
  { begunUs }: DeriveContext,
): FleetEvent[] {
  const events: FleetEvent[] = [];
  for (const { agent, process } of snapshot.panes) {
    const id = within(process.socket, process.pane);
    const pane = documentOf(documents, "pane", id);
    const known = documentOf(documents, "process", id);
    const elsewhere = !pane || pane.pid !== process.panePid || pane.recordedAtUs > begunUs;
    if (elsewhere || (known && (known.recordedAtUs > begunUs || sameValue(known.process, process)))) continue;
    events.push({
      type: "process.changed",
      agent,
      source: "process",
      occurredAtUs: snapshot.endedAtUs,
      precision: "us",
      payload: process,
    });
  }
  return events;
}

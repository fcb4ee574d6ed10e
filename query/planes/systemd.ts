import type { FleetEvent, PayloadOf } from "../../store/events/catalogue.ts";
import type { SystemdSnapshot } from "../../store/events/snapshot.ts";
import type { DeriveContext, Documents, FoldEvent, ReadonlyDocuments } from "../../store/projection.ts";
import { documentOf, documentsOf, ONLY } from "./documents.ts";
import { sameValue } from "./same-value.ts";

export function foldSystemd(documents: Documents, event: FoldEvent): void {
  const changed = { seq: event.seq, recordedAtUs: event.recordedAtUs };
  switch (event.type) {
    case "systemd.unit.changed": {
      const unit = event.payload as PayloadOf<"systemd.unit.changed">;
      documents.set("unit", unit.unit, { agent: event.agent, unit, atUs: event.occurredAtUs, ...changed });
      return;
    }
    case "systemd.unit.forgotten":
      documents.delete("unit", (event.payload as PayloadOf<"systemd.unit.forgotten">).unit);
      return;
    case "systemd.manager.changed":
      documents.set("manager", ONLY, { manager: event.payload, ...changed });
      return;
  }
}

/** A unit's new state is dated by systemd itself; a change of its file's state is not, so that one is dated by the look. */
export function deriveSystemd(
  documents: ReadonlyDocuments,
  snapshot: SystemdSnapshot,
  { begunUs }: DeriveContext,
): FleetEvent[] {
  const events: FleetEvent[] = [];
  const seen = { source: "systemd", occurredAtUs: snapshot.endedAtUs, precision: "us" } as const;
  const manager = documentOf(documents, "manager", ONLY);
  const stale = manager !== undefined && manager.recordedAtUs > begunUs;
  if (!stale && !sameValue(manager?.manager, snapshot.manager)) {
    const rebooted = manager?.manager.bootId !== snapshot.manager.bootId;
    const occurredAtUs = rebooted ? snapshot.manager.bootedAtUs : snapshot.endedAtUs;
    events.push({
      ...seen,
      type: "systemd.manager.changed",
      agent: null,
      occurredAtUs,
      payload: snapshot.manager,
    });
  }
  for (const { agent, unit } of snapshot.units) {
    const known = documentOf(documents, "unit", unit.unit);
    if (known && (known.recordedAtUs > begunUs || sameValue(known.unit, unit))) continue;
    const moved = !known || known.unit.active !== unit.active || known.unit.sub !== unit.sub;
    const dated = moved && unit.sinceUs !== null && unit.sinceUs <= snapshot.endedAtUs;
    const occurredAtUs = dated ? (unit.sinceUs as number) : snapshot.endedAtUs;
    events.push({ ...seen, type: "systemd.unit.changed", agent, occurredAtUs, payload: unit });
  }
  if (!snapshot.complete) return events;
  const listed = new Set(snapshot.units.map(({ unit }) => unit.unit));
  for (const [unit, known] of documentsOf(documents, "unit")) {
    if (listed.has(unit) || known.recordedAtUs > begunUs) continue;
    events.push({ ...seen, type: "systemd.unit.forgotten", agent: known.agent, payload: { unit } });
  }
  return events;
}

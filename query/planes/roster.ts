import type { FleetEvent, PayloadOf } from "../../store/events/catalogue.ts";
import type { RosterSnapshot } from "../../store/events/snapshot.ts";
import type { DeriveContext, Documents, FoldEvent, ReadonlyDocuments } from "../../store/projection.ts";
import type { RosterDocument } from "./documents.ts";
import { documentOf, documentsOf, ONLY } from "./documents.ts";
import { declaredNext, intervalsOf } from "./reach.ts";
import { sameValue } from "./same-value.ts";

export function foldRoster(documents: Documents, event: FoldEvent): void {
  const changed = { seq: event.seq, recordedAtUs: event.recordedAtUs };
  switch (event.type) {
    case "roster.agent.declared":
    case "roster.agent.changed": {
      if (event.agent === null) return;
      const known = documentOf(documents, "roster", event.agent);
      const declaration = event.payload as PayloadOf<"roster.agent.declared">;
      const { intervalsBefore } = declaredNext(known && intervalsOf(known), event);
      documents.set("roster", event.agent, {
        declaration,
        ...(intervalsBefore === undefined ? {} : { intervalsBefore }),
        ...expectedSince(documents, known, declaration, event.occurredAtUs),
        declaredAtUs: known?.declaredAtUs ?? event.occurredAtUs,
        declaredSeq: known?.declaredSeq ?? event.seq,
        ...changed,
      });
      return;
    }
    case "roster.agent.removed":
      if (event.agent !== null) documents.delete("roster", event.agent);
      return;
    case "roster.file.accepted": {
      const { path, digest } = event.payload as PayloadOf<"roster.file.accepted">;
      documents.set("rosterfile", ONLY, { state: "accepted", path, digest, ...changed });
      return;
    }
    case "roster.file.rejected":
      documents.set("rosterfile", ONLY, { state: "rejected", ...(event.payload as object), ...changed });
      return;
    case "roster.file.missing": {
      const { path } = event.payload as PayloadOf<"roster.file.missing">;
      documents.set("rosterfile", ONLY, { state: "missing", path, digest: null, ...changed });
      return;
    }
  }
}

/** What a session did while a roster that was read did not name it was expected by nobody; of the time before the first reading nobody can tell. */
function expectedSince(
  documents: Documents,
  known: RosterDocument | undefined,
  { heartbeat }: PayloadOf<"roster.agent.declared">,
  atUs: number,
): Pick<RosterDocument, "expectedSinceUs"> {
  if (known === undefined) {
    const wasUnnamed = documentOf(documents, "rosterfile", ONLY)?.state === "accepted";
    return wasUnnamed && heartbeat === "expected" ? { expectedSinceUs: atUs } : {};
  }
  if (known.declaration.heartbeat !== heartbeat) return { expectedSinceUs: atUs };
  return known.expectedSinceUs === undefined ? {} : { expectedSinceUs: known.expectedSinceUs };
}

/** A refused or missing file changes no declaration: the last good roster stays in force. */
export function deriveRoster(
  documents: ReadonlyDocuments,
  snapshot: RosterSnapshot,
  { begunUs }: DeriveContext,
): FleetEvent[] {
  const { file } = snapshot;
  const known = documentOf(documents, "rosterfile", ONLY);
  if (known && known.recordedAtUs > begunUs) return [];
  const seen = { source: "roster", occurredAtUs: snapshot.endedAtUs, precision: "us" } as const;
  const about = { ...seen, agent: null };
  const samePath = known?.path === file.path && known.state === file.state;
  if (file.state === "missing") {
    return samePath ? [] : [{ ...about, type: "roster.file.missing", payload: { path: file.path } }];
  }
  if (file.state === "rejected") {
    if (samePath && known.digest === file.digest) return [];
    const { state: _, ...payload } = file;
    return [{ ...about, type: "roster.file.rejected", payload }];
  }
  const events: FleetEvent[] = [];
  for (const { name, declaration } of snapshot.agents) {
    const declared = documentOf(documents, "roster", name);
    if (!declared) events.push({ ...seen, type: "roster.agent.declared", agent: name, payload: declaration });
    else if (!sameValue(declared.declaration, declaration)) {
      events.push({ ...seen, type: "roster.agent.changed", agent: name, payload: declaration });
    }
  }
  const names = new Set(snapshot.agents.map(({ name }) => name));
  for (const [name] of documentsOf(documents, "roster")) {
    if (!names.has(name)) events.push({ ...seen, type: "roster.agent.removed", agent: name, payload: {} });
  }
  if (!samePath || known.digest !== file.digest) {
    const payload = { path: file.path, digest: file.digest, agents: snapshot.agents.length };
    events.push({ ...about, type: "roster.file.accepted", payload });
  }
  return events;
}

import type { FleetEvent, PayloadOf } from "../../store/events/catalogue.ts";
import type { HeartbeatSnapshot } from "../../store/events/snapshot.ts";
import type { DeriveContext, Documents, FoldEvent, ReadonlyDocuments } from "../../store/projection.ts";
import type { HeartbeatDocument } from "./documents.ts";
import { documentOf, documentsOf } from "./documents.ts";
import { sameValue } from "./same-value.ts";

/** The protocol's own interval, for a heartbeat of nobody on the roster. */
export const DEFAULT_INTERVAL_SECONDS = 15;
/** A beat is good for three intervals. */
export const REACH_IN_INTERVALS = 3;

export function foldHeartbeat(documents: Documents, event: FoldEvent): void {
  if (event.agent === null) return;
  const known = documentOf(documents, "heartbeat", event.agent);
  if (event.type === "heartbeat.received") {
    if (known && !supersedes(event, known)) return;
    const beat = event.payload as PayloadOf<"heartbeat.received">;
    documents.set("heartbeat", event.agent, {
      atUs: event.occurredAtUs,
      precision: event.precision,
      beat,
      statusSinceUs: statusSince(documents, event, beat, known),
      writerExitedAtUs: null,
      removed: false,
      seq: event.seq,
      recordedAtUs: event.recordedAtUs,
    } satisfies HeartbeatDocument);
    return;
  }
  if (!known) return;
  const changed = { seq: event.seq, recordedAtUs: event.recordedAtUs };
  if (event.type === "heartbeat.writer.exited") {
    const { pid, pidStart } = event.payload as PayloadOf<"heartbeat.writer.exited">;
    if (pid !== known.beat.pid || pidStart !== known.beat.pidStart) return;
    documents.set("heartbeat", event.agent, { ...known, writerExitedAtUs: event.occurredAtUs, ...changed });
  } else if (event.type === "heartbeat.file.removed") {
    documents.set("heartbeat", event.agent, { ...known, removed: true, ...changed });
  }
}

/**
 * The beat with the latest `ts` stands, whatever order they arrive in. A beat dated after the moment at which this one was
 * recorded came from a clock that was ahead: it must not silence right ones until that hour comes.
 */
function supersedes(event: FoldEvent, known: HeartbeatDocument): boolean {
  return event.occurredAtUs >= known.atUs || known.atUs > event.recordedAtUs;
}

function statusSince(
  documents: Documents,
  event: FoldEvent,
  beat: PayloadOf<"heartbeat.received">,
  known: HeartbeatDocument | undefined,
): number {
  if (!known || known.removed || known.beat.status !== beat.status || known.beat.pid !== beat.pid)
    return event.occurredAtUs;
  const seconds =
    documentOf(documents, "roster", event.agent ?? "")?.declaration.intervalSeconds ??
    DEFAULT_INTERVAL_SECONDS;
  const silence = event.occurredAtUs - known.atUs;
  return silence > REACH_IN_INTERVALS * seconds * 1e6 ? event.occurredAtUs : known.statusSinceUs;
}

/** Every beat whose content changed is one event; the same file read twice is none. */
export function deriveHeartbeat(
  documents: ReadonlyDocuments,
  snapshot: HeartbeatSnapshot,
  { begunUs }: DeriveContext,
): FleetEvent[] {
  const events: FleetEvent[] = [];
  const seen = { source: "heartbeat", occurredAtUs: snapshot.endedAtUs, precision: "us" } as const;
  for (const { agent, beat, writerAlive } of snapshot.beats) {
    const known = documentOf(documents, "heartbeat", agent);
    if (known && known.recordedAtUs > begunUs) continue;
    if (beat === null) {
      if (known && !known.removed)
        events.push({ ...seen, type: "heartbeat.file.removed", agent, payload: {} });
      continue;
    }
    const { occurredAtUs, precision, payload } = beat;
    const same = known && !known.removed && known.atUs === occurredAtUs && sameBeat(known.beat, payload);
    if (!same) {
      events.push({
        type: "heartbeat.received",
        agent,
        source: "heartbeat",
        occurredAtUs,
        precision,
        payload,
      });
    }
    const told = same && known.writerExitedAtUs !== null;
    if (writerAlive === false && !told) {
      const { pid } = payload;
      const pidStart = same ? known.beat.pidStart : payload.pidStart;
      events.push({ ...seen, type: "heartbeat.writer.exited", agent, payload: { pid, pidStart } });
    }
  }
  if (!snapshot.complete) return events;
  const listed = new Set(snapshot.beats.map(({ agent }) => agent));
  for (const [agent, known] of documentsOf(documents, "heartbeat")) {
    if (listed.has(agent) || known.removed || known.recordedAtUs > begunUs) continue;
    events.push({ ...seen, type: "heartbeat.file.removed", agent, payload: {} });
  }
  return events;
}

/** `pidStart` is read from /proc beside the beat: when the process is gone by a later look, the beat is still the same one. */
function sameBeat(known: PayloadOf<"heartbeat.received">, seen: PayloadOf<"heartbeat.received">): boolean {
  return sameValue({ ...known, pidStart: null }, { ...seen, pidStart: null });
}

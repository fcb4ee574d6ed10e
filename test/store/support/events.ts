import type { FleetEvent } from "../../../store/events/catalogue.ts";
import type {
  Derive,
  Documents,
  FoldEvent,
  Projection,
  ReadonlyDocuments,
} from "../../../store/projection.ts";

/** 2026-06-01T00:00:00Z */
export const T0 = 1_780_272_000_000_000;

export const OWN = { tenantId: "jarvis", host: "W-jarvis" } as const;

/** A fold that shows every mistake: it depends on the order, counts, remembers, lists and deletes. */
export const tally: Projection = {
  name: "tally",
  version: 1,
  types: null,
  evolve(documents: Documents, event: FoldEvent) {
    const before = documents.get("tally", event.type) as { count: number; hash: number } | undefined;
    const hash = ((before?.hash ?? 7) * 31 + event.seq + (event.occurredAtUs % 9973)) % 1_000_003;
    documents.set("tally", event.type, { count: (before?.count ?? 0) + 1, hash, last: event.payload });
    if (event.agent === null) return;
    const state = { seq: event.seq, type: event.type, recordedAtUs: event.recordedAtUs };
    if (event.type === "heartbeat.file.removed") documents.delete("agent", event.agent);
    else documents.set("agent", event.agent, state);
    documents.set("order", "-", [...documents.list("agent")].map(([id]) => id).join(","));
  },
};

/** A heartbeat look whose beat is not the one the log has is a beat. */
export const deriveBeats: Derive = (documents: ReadonlyDocuments, snapshot, { begunUs }) => {
  if (snapshot.source !== "heartbeat") return [];
  return snapshot.beats.flatMap(({ agent, beat }): FleetEvent[] => {
    const known = documents.get("agent", agent) as { recordedAtUs: number } | undefined;
    if (beat === null || (known && known.recordedAtUs > begunUs)) return [];
    const last = documents.get("tally", "heartbeat.received") as { last: unknown } | undefined;
    if (known && JSON.stringify(last?.last) === JSON.stringify(beat.payload)) return [];
    const { occurredAtUs, precision, payload } = beat;
    return [{ type: "heartbeat.received", agent, source: "heartbeat", occurredAtUs, precision, payload }];
  });
};

export function beat(
  agent: string,
  over: Partial<FleetEvent> & { pid?: number; status?: string } = {},
): FleetEvent {
  const { pid = 4711, status = "ok", ...envelope } = over;
  return {
    type: "heartbeat.received",
    agent,
    source: "heartbeat",
    occurredAtUs: T0,
    precision: "s",
    payload: { pid, pidStart: 99, status, evidence: "runtime" },
    ...envelope,
  } as FleetEvent;
}

export function vanished(socket: string, over: Partial<FleetEvent> = {}): FleetEvent {
  return {
    type: "tmux.server.vanished",
    agent: null,
    source: "tmux",
    occurredAtUs: T0,
    precision: "us",
    payload: { socket, server: 12, reason: "refused" },
    ...over,
  } as FleetEvent;
}

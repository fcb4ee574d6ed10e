import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";
import { dayName, dayStartUs } from "./day.ts";
import { spanIdOf } from "./ids.ts";
import { type Life, lifeAt } from "./pieces.ts";
import { type AgentSubject, attributesOf, type Sessions, SPANS_PER_TRACE } from "./session.ts";
import type { Planned } from "./span-record.ts";

/** A run of beats of one status, as far as it has been read. */
export interface BeatRun {
  readonly status: string;
  readonly fromUs: number;
  readonly lastUs: number;
  readonly beats: number;
  /** Spans of this kind on that day, which decide the part of the trace. */
  readonly day: string;
  readonly spans: number;
}

/**
 * `--heartbeat-spans`: one span for each run of beats of the same status, made when the status changes. Events never change, so
 * these have no revisions: a beat that arrives late is counted into the run in which it arrives.
 */
export function planBeat(
  event: StoredEvent,
  run: BeatRun | undefined,
  of: {
    readonly subject: AgentSubject;
    readonly lives: (atUs: number) => readonly Life[];
    readonly sessions: Sessions;
  },
): { readonly run: BeatRun; readonly planned: Planned | null } {
  const { status } = event.payload as PayloadOf<"heartbeat.received">;
  const atUs = event.occurredAtUs;
  if (run?.status === status) {
    return { run: { ...run, lastUs: Math.max(run.lastUs, atUs), beats: run.beats + 1 }, planned: null };
  }
  const next = { status, fromUs: atUs, lastUs: atUs, beats: 1, day: run?.day ?? "", spans: run?.spans ?? 0 };
  if (run === undefined) return { run: next, planned: null };
  const day = dayName(run.fromUs);
  const spans = run.day === day ? run.spans : 0;
  const life = lifeAt(of.lives(run.fromUs), run.fromUs);
  const part = Math.floor(spans / SPANS_PER_TRACE);
  const session = of.sessions.of(
    life?.incarnation ?? null,
    run.fromUs,
    life?.fromUs ?? dayStartUs(run.fromUs),
    part,
  );
  const { agent } = of.subject;
  return {
    run: { ...next, day, spans: spans + 1 },
    planned: {
      agent,
      kind: "heartbeat",
      place: run.fromUs,
      endsUs: run.lastUs,
      revision: 0,
      content: "",
      record: {
        traceId: session.traceId,
        spanId: spanIdOf(session.traceId, "heartbeat", event.seq),
        parentSpanId: session.rootId,
        name: `heartbeat ${run.status}`,
        kind: "internal",
        fromUs: run.fromUs,
        toUs: run.lastUs,
        agent,
        incarnation: life?.incarnation ?? null,
        attributes: {
          ...attributesOf(of.subject),
          "fleet.heartbeat.status": run.status,
          "fleet.heartbeat.beats": run.beats,
        },
      },
    },
  };
}

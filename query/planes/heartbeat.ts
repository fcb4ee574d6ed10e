import type { FleetEvent, PayloadOf } from "../../store/events/catalogue.ts";
import type { HeartbeatSnapshot } from "../../store/events/snapshot.ts";
import type {
  DeriveContext,
  Documents,
  FoldEvent,
  ReadonlyDocuments,
  Repetition,
} from "../../store/projection.ts";
import type { HeartbeatDocument, RefusedBeatDocument } from "./documents.ts";
import { documentOf, documentsOf } from "./documents.ts";
import { type Intervals, intervalsAt, intervalsOf, reachUs, withinSinceUs } from "./reach.ts";
import { sameValue } from "./same-value.ts";

export function foldHeartbeat(documents: Documents, event: FoldEvent): void {
  if (event.agent === null) return;
  const known = documentOf(documents, "heartbeat", event.agent);
  const next = evolveHeartbeat(known, event, intervalsOf(documentOf(documents, "roster", event.agent)));
  if (next !== known) documents.set("heartbeat", event.agent, next);
}

/** A file of an agent's that is no heartbeat. It has a document of its own: beats are folded by themselves (see `history/chronicler.ts`). */
export function foldRefusedBeat(documents: Documents, event: FoldEvent): void {
  if (event.type !== "collector.input.rejected" || event.source !== "heartbeat" || event.agent === null)
    return;
  const { reason } = event.payload as PayloadOf<"collector.input.rejected">;
  const { seq, recordedAtUs } = event;
  documents.set("refusedbeat", event.agent, { reason, seq, recordedAtUs } satisfies RefusedBeatDocument);
}

/** One event of one agent's heartbeat file: what is known of the file after it. The same value where it changes nothing. */
export function evolveHeartbeat(
  known: HeartbeatDocument | undefined,
  event: FoldEvent,
  intervals: Intervals,
): HeartbeatDocument | undefined {
  if (event.type === "heartbeat.received") {
    if (known && !supersedes(event, known)) return known;
    const beat = event.payload as PayloadOf<"heartbeat.received">;
    const before = beforeIt(known, event, intervals);
    // The last one of the same process, also where another wrote in between.
    const last = known?.before?.beat.pid === beat.pid ? known.before : known;
    return {
      atUs: event.occurredAtUs,
      precision: event.precision,
      beat,
      statusSinceUs: statusSince(event, beat, last, intervals),
      writerSinceUs:
        last?.beat.pid === beat.pid ? Math.min(last.writerSinceUs, event.occurredAtUs) : event.occurredAtUs,
      writerExitedAtUs: null,
      removed: false,
      ...(before === undefined ? {} : { before }),
      seq: event.seq,
      recordedAtUs: event.recordedAtUs,
    };
  }
  if (!known) return known;
  const changed = { seq: event.seq, recordedAtUs: event.recordedAtUs };
  if (event.type === "heartbeat.writer.exited") {
    const { pid, pidStart, goneByUs } = event.payload as PayloadOf<"heartbeat.writer.exited">;
    if (pid !== known.beat.pid || pidStart !== known.beat.pidStart) return known;
    const gone = goneByUs === undefined ? {} : { writerGoneByUs: goneByUs };
    return { ...known, writerExitedAtUs: event.occurredAtUs, ...gone, ...changed };
  }
  if (event.type === "heartbeat.file.removed") return { ...known, removed: true, ...changed };
  return known;
}

/** Two sessions may write one file in turn, and each life is judged by its own beats: the last one of the other writer stays known. */
function beforeIt(
  known: HeartbeatDocument | undefined,
  event: FoldEvent,
  intervals: Intervals,
): HeartbeatDocument["before"] {
  if (known === undefined) return undefined;
  const { pid } = event.payload as PayloadOf<"heartbeat.received">;
  if (pid === known.beat.pid) return known.before;
  const { before: _, ...last } = known;
  const isOver = last.removed || last.writerExitedAtUs !== null || last.atUs > event.occurredAtUs;
  return isOver || event.occurredAtUs - last.atUs > reachUs(intervals.intervalSeconds) ? undefined : last;
}

/** Beats of the same content that follow one another without a silence move the document on, and nothing else. */
export function heartbeatRepetition(documents: Documents, event: FoldEvent): Repetition | null {
  if (event.agent === null) return null;
  const intervals = intervalsOf(documentOf(documents, "roster", event.agent));
  return repetitionOf(documentOf(documents, "heartbeat", event.agent), event, intervals);
}

/** Moves the document that a beat has just made on to the next beat of the same content, in place; null: it made none. */
export function repetitionOf(
  known: HeartbeatDocument | undefined,
  event: FoldEvent,
  { intervalSeconds, intervalsBefore = [] }: Intervals,
): Repetition | null {
  if (event.type !== "heartbeat.received" || known?.seq !== event.seq) return null;
  // Between this beat and the next the interval was another one.
  if (intervalsBefore.some(({ untilUs }) => untilUs > known.atUs)) return null;
  const goodUs = reachUs(intervalSeconds);
  const document: { -readonly [K in keyof HeartbeatDocument]: HeartbeatDocument[K] } = known;
  return (seq, occurredAtUs, recordedAtUs) => {
    const silence = occurredAtUs - document.atUs;
    if (silence < 0 || silence > goodUs) return false;
    document.atUs = occurredAtUs;
    document.seq = seq;
    document.recordedAtUs = recordedAtUs;
    return true;
  };
}

/**
 * The beat with the latest `ts` stands, whatever order they arrive in. A beat dated after the moment at which this one was
 * recorded, or read, came from a clock that was ahead: it must not silence right ones until that hour comes.
 */
function supersedes(event: FoldEvent, known: HeartbeatDocument): boolean {
  const { afterSetBack } = event.payload as PayloadOf<"heartbeat.received">;
  return event.occurredAtUs >= known.atUs || known.atUs > event.recordedAtUs || afterSetBack === true;
}

function statusSince(
  event: FoldEvent,
  beat: PayloadOf<"heartbeat.received">,
  known: HeartbeatDocument | undefined,
  intervals: Intervals,
): number {
  // A beat that this one had to supersede, because it was dated in the future, says nothing about since when.
  if (known && known.atUs > event.occurredAtUs) return event.occurredAtUs;
  if (!known || known.removed || known.beat.status !== beat.status || known.beat.pid !== beat.pid)
    return event.occurredAtUs;
  // What was declared in this very instant has silenced nobody before it.
  const then = intervalsAt(intervals, event.occurredAtUs - 1);
  if (event.occurredAtUs - known.atUs > reachUs(then.intervalSeconds)) return event.occurredAtUs;
  return withinSinceUs(known.atUs, known.statusSinceUs, then);
}

/**
 * A beat that is read this soon, and whose process is not there already, proves no life at all: it is not good until it was read. One that is
 * found later (nobody watched) was good for its reach, as far as anybody knows.
 */
const IN_VAIN_US = 2_000_000;

/**
 * Whether the beat before this one was dated by a clock that has been set back since. The log's clock does not go back, so its hour lies between the
 * two. What lies beyond both is of a writer whose clock is ahead: that is superseded anyway, and nothing that had been dated rightly is.
 */
function isAfterSetBack(
  known: HeartbeatDocument | undefined,
  { endedAtUs }: HeartbeatSnapshot,
  nowUs: number,
): boolean {
  return known !== undefined && known.atUs > endedAtUs && known.atUs <= nowUs + ONE_COMMIT_US;
}

/** The events of a commit are recorded within this much after its beginning. */
const ONE_COMMIT_US = 10_000;

/** Every beat whose content changed is one event; the same file read twice is none. */
export function deriveHeartbeat(
  documents: ReadonlyDocuments,
  snapshot: HeartbeatSnapshot,
  { begunUs, nowUs }: DeriveContext,
): FleetEvent[] {
  const events: FleetEvent[] = [];
  const seen = { source: "heartbeat", occurredAtUs: snapshot.endedAtUs, precision: "us" } as const;
  for (const { agent, beat, writerAlive } of snapshot.beats) {
    const known = documentOf(documents, "heartbeat", agent);
    if (known && known.recordedAtUs > begunUs) continue;
    if (beat === null) {
      if (known && isToBeRemoved(documents, agent, known))
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
        payload: isAfterSetBack(known, snapshot, nowUs) ? { ...payload, afterSetBack: true } : payload,
      });
    }
    const told = same && known.writerExitedAtUs !== null;
    if (writerAlive === false && !told) {
      const { pid } = payload;
      const pidStart = same ? known.beat.pidStart : payload.pidStart;
      const inVain = !same && snapshot.endedAtUs - occurredAtUs <= IN_VAIN_US;
      const when = inVain ? { occurredAtUs: Math.min(occurredAtUs, snapshot.endedAtUs), precision } : {};
      const found = inVain ? { goneByUs: snapshot.endedAtUs } : {};
      const exited = { pid, pidStart, ...found };
      events.push({ ...seen, ...when, type: "heartbeat.writer.exited", agent, payload: exited });
    }
  }
  if (!snapshot.complete) return events;
  const listed = new Set([...snapshot.beats.map(({ agent }) => agent), ...(snapshot.unreadable ?? [])]);
  for (const [agent, known] of documentsOf(documents, "heartbeat")) {
    if (listed.has(agent) || known.recordedAtUs > begunUs) continue;
    if (!isToBeRemoved(documents, agent, known)) continue;
    events.push({ ...seen, type: "heartbeat.file.removed", agent, payload: {} });
  }
  return events;
}

/** It was there, or something was in its place since it had gone that was no heartbeat. */
function isToBeRemoved(documents: ReadonlyDocuments, agent: string, known: HeartbeatDocument): boolean {
  const refused = documentOf(documents, "refusedbeat", agent);
  return !known.removed || (refused !== undefined && refused.seq > known.seq);
}

/** `pidStart` is read from /proc beside the beat: when the process is gone by a later look, the beat is still the same one. */
function sameBeat(known: PayloadOf<"heartbeat.received">, seen: PayloadOf<"heartbeat.received">): boolean {
  const { afterSetBack: _, ...held } = known;
  return sameValue({ ...held, pidStart: null }, { ...seen, pidStart: null });
}

import type { FoldEvent, Repetition } from "../../store/projection.ts";
import type { HeartbeatDocument } from "../planes/documents.ts";
import { evolveHeartbeat, repetitionOf } from "../planes/heartbeat.ts";
import { DEFAULT_INTERVAL_SECONDS, declaredNext, type Intervals } from "../planes/reach.ts";
import type { Chronology } from "./chronology.ts";
import type { Span, Spans } from "./span.ts";
import { gapsBetween } from "./span.ts";
import type { Timeline } from "./timeline.ts";
import { always, endOf, evolveFrom, pieceAt, setFrom, setWithin, valueAt } from "./timeline.ts";

export interface BeatTold {
  readonly document: HeartbeatDocument | undefined;
  /** The event of the beat itself: the document's own `seq` moves on when its writer exits. */
  readonly beatSeq: number;
}

/** One agent's heartbeat file by the log's own order: the beat that stands, and what the file held when it was last read. */
export interface BeatFile extends BeatTold, Intervals {
  /** The event of the beat that it held; 0 = none. */
  readonly content: number;
}

export const NO_BEATS: BeatFile = {
  document: undefined,
  beatSeq: 0,
  content: 0,
  intervalSeconds: DEFAULT_INTERVAL_SECONDS,
};

/** `before` the first of the events, and these, in the order of the log: the agent's `heartbeat.` and `roster.agent.` ones. */
export interface BeatsTold {
  readonly before: BeatFile;
  readonly events: readonly FoldEvent[];
}

export function isOfBeats({ agent, type, schemaVersion }: FoldEvent): boolean {
  return (
    agent !== null &&
    schemaVersion <= 1 &&
    (type.startsWith("heartbeat.") || type.startsWith("roster.agent."))
  );
}

export interface BeatTimeline {
  /** The newest beat that had been made by then, whenever it was read. */
  readonly told: Timeline<BeatTold>;
  /** No beat can have been missed: the file was watched, or is known to have held this very beat until it was read later. */
  readonly watched: Timeline<boolean>;
}

/** `covered` is when heartbeats were watched. */
export function beatTimeline(
  { before, events }: BeatsTold,
  chronology: Chronology,
  covered: Spans,
): BeatTimeline {
  const told = always<BeatTold>(before);
  /** What the file held, by when it was read; 0 = no beat. */
  const content = always(before.content);
  const readUs: number[] = [];
  let intervals: Intervals = before;
  for (const event of events) {
    if (event.type.startsWith("roster.")) {
      intervals = declaredNext(intervals, event);
      continue;
    }
    // The fold of the present, taken at each moment from the beat's own on: a beat that is read late was made then.
    const then = intervals;
    evolveFrom(told, chronology.effectUs(event), (known) => evolve(known, event, then));
    const foundUs = chronology.foundUs(event);
    readUs.push(foundUs);
    setFrom(content, foundUs, contentAfter(valueAt(content, Infinity), event));
  }
  return { told, watched: watchedOf(told, content, readUs, covered) };
}

/** The file after one more event, whatever its time. */
export function evolveBeatFile(file: BeatFile, event: FoldEvent): BeatFile {
  if (event.type.startsWith("roster.")) {
    const { document, beatSeq, content } = file;
    return { document, beatSeq, content, ...declaredNext(file, event) };
  }
  return { ...file, ...evolve(file, event, file), content: contentAfter(file.content, event) };
}

/**
 * Of a file that a beat has just made: takes the same beat again, where it follows without a silence, by moving the file on in place. It says
 * false once anything else was folded.
 */
export function beatFileRepetition(
  files: ReadonlyMap<string, BeatFile>,
  event: FoldEvent,
): Repetition | null {
  const agent = event.agent as string;
  const made = files.get(agent) as { -readonly [K in keyof BeatFile]: BeatFile[K] };
  const repeat = repetitionOf(made.document, event, made);
  if (repeat === null) return null;
  return (seq, occurredAtUs, recordedAtUs) => {
    if (files.get(agent) !== made || !repeat(seq, occurredAtUs, recordedAtUs)) return false;
    made.beatSeq = seq;
    made.content = seq;
    return true;
  };
}

function contentAfter(content: number, event: FoldEvent): number {
  if (event.type === "heartbeat.received") return event.seq;
  return event.type === "heartbeat.file.removed" ? 0 : content;
}

function evolve(before: BeatTold, event: FoldEvent, intervals: Intervals): BeatTold {
  const document = evolveHeartbeat(before.document, event, intervals);
  if (document === before.document) return before;
  return { document, beatSeq: event.type === "heartbeat.received" ? event.seq : before.beatSeq };
}

/** A beat that the next reading of the file still finds was its content all the while: each new beat replaces the file. */
function watchedOf(
  told: Timeline<BeatTold>,
  content: Timeline<number>,
  readUs: readonly number[],
  covered: Spans,
): Timeline<boolean> {
  const watched = always(false);
  for (const { fromUs, toUs } of covered) setWithin(watched, fromUs, toUs, true);
  const reads = [...new Set(readUs)].sort((a, b) => a - b);
  // Who watches again has looked, and a file that is as it was makes no event: the end of a gap is a reading too. One that held another
  // beat by then, as was found only later, had not been looked at.
  const heldAt = (atUs: number, gap: Span): number => {
    const held = valueAt(content, atUs);
    return atUs < gap.toUs || valueAt(told, gap.toUs - 1).beatSeq === held ? held : 0;
  };
  let next = 0;
  for (const gap of gapsBetween(covered)) {
    let sinceUs = gap.fromUs;
    while ((reads[next] ?? Infinity) < gap.fromUs) next++;
    while (sinceUs < gap.toUs) {
      const readAtUs = Math.min(reads[next] ?? Infinity, gap.toUs);
      if (readAtUs === Infinity) break;
      if (readAtUs < gap.toUs) next++;
      const held = heldAt(readAtUs, gap);
      const untilUs = Math.min(readAtUs + 1, gap.toUs);
      for (let piece = pieceAt(told, sinceUs); piece < told.values.length; piece++) {
        const fromUs = Math.max(sinceUs, told.fromUs[piece] as number);
        if (fromUs >= untilUs) break;
        const { document, beatSeq } = told.values[piece] as BeatTold;
        const same = held !== 0 && held === beatSeq && document?.removed === false;
        if (same) setWithin(watched, fromUs, Math.min(endOf(told, piece), untilUs), true);
      }
      sinceUs = untilUs;
    }
  }
  return watched;
}

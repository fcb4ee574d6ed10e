import type { FoldEvent } from "../../store/projection.ts";
import type { HeartbeatDocument, RosterDocument } from "../planes/documents.ts";
import { DEFAULT_INTERVAL_SECONDS, evolveHeartbeat } from "../planes/heartbeat.ts";
import type { Chronology } from "./chronology.ts";
import type { Spans } from "./span.ts";
import { gapsBetween } from "./span.ts";
import type { Timeline } from "./timeline.ts";
import { always, endOf, evolveFrom, pieceAt, setFrom, setWithin, valueAt } from "./timeline.ts";

export interface BeatTold {
  readonly document: HeartbeatDocument | undefined;
  /** The event of the beat itself: the document's own `seq` moves on when its writer exits. */
  readonly beatSeq: number;
}

export interface BeatTimeline {
  /** The newest beat that had been made by then, whenever it was read. */
  readonly told: Timeline<BeatTold>;
  /** No beat can have been missed: the file was watched, or is known to have held this very beat until it was read later. */
  readonly watched: Timeline<boolean>;
}

/** `events` are those of one agent's heartbeat file, in the order of the log; `covered` is when heartbeats were watched. */
export function beatTimeline(
  events: readonly FoldEvent[],
  roster: Timeline<RosterDocument | undefined>,
  chronology: Chronology,
  covered: Spans,
): BeatTimeline {
  const told = always<BeatTold>({ document: undefined, beatSeq: 0 });
  /** What the file held, by when it was read; 0 = no beat. */
  const content = always(0);
  const readUs: number[] = [];
  for (const event of events) {
    const effectUs = chronology.effectUs(event);
    const seconds = valueAt(roster, effectUs)?.declaration.intervalSeconds ?? DEFAULT_INTERVAL_SECONDS;
    // The fold of the present, taken at each moment from the beat's own on: a beat that is read late was made then.
    evolveFrom(told, effectUs, (before) => evolve(before, event, seconds));
    const foundUs = chronology.foundUs(event);
    readUs.push(foundUs);
    if (event.type === "heartbeat.received") setFrom(content, foundUs, event.seq);
    if (event.type === "heartbeat.file.removed") setFrom(content, foundUs, 0);
  }
  return { told, watched: watchedOf(told, content, readUs, covered) };
}

function evolve(before: BeatTold, event: FoldEvent, intervalSeconds: number): BeatTold {
  const document = evolveHeartbeat(before.document, event, intervalSeconds);
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
  let next = 0;
  for (const gap of gapsBetween(covered)) {
    let sinceUs = gap.fromUs;
    while ((reads[next] ?? Infinity) < gap.fromUs) next++;
    while (sinceUs < gap.toUs) {
      const readAtUs = Math.min(reads[next] ?? Infinity, gap.toUs);
      if (readAtUs === Infinity) break;
      if (readAtUs < gap.toUs) next++;
      const held = valueAt(content, readAtUs);
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

import type { AgentPane, Changed } from "../planes/documents.ts";
import type { BeatTold } from "./beat-timeline.ts";
import type { Stretch } from "./pane-stretches.ts";
import { deathAfter, isSameLife, stretchesOf } from "./pane-stretches.ts";
import type { Boot, ServerTold } from "./server-timeline.ts";
import type { Spans } from "./span.ts";
import { gapsBetween, spanAt } from "./span.ts";
import type { Timeline } from "./timeline.ts";
import { endOf, pieceAt, setWithin, valueAt } from "./timeline.ts";
import type { OwnPaneTold } from "./told.ts";

/** A life that was over when a gap ended, and of which nobody knows when in that gap it had ended. */
export interface UnseenEnd {
  /** Until then it was seen: what it beat later is all that is known of it. */
  readonly seenUntilUs: number;
  /** By then it was gone. */
  readonly byUs: number;
  /** The life that was found then did not tell when it began: what beat after the last sight of this one may have been that. */
  readonly nextMayHaveBeaten: boolean;
}

/**
 * The own pane over time with the ends that nobody saw. From the boot, or from the first process of another server on, it is gone. Where the next
 * thing known of it is another life already it was gone at the latest when that one began: that it ended is known, though nothing of the time in
 * which it was down, so it is gone in the last instant before.
 */
export function withUnseenEnds(
  own: Timeline<OwnPaneTold | null>,
  server: Timeline<ServerTold>,
  covered: Spans,
): { readonly own: Timeline<OwnPaneTold | null>; readonly ends: readonly UnseenEnd[] } {
  const gaps = gapsBetween(covered);
  const result = { fromUs: [...own.fromUs], values: [...own.values] };
  const ends: UnseenEnd[] = [];
  const stretches = stretchesOf(own, server);
  for (const [index, life] of stretches.entries()) {
    const next = stretches[index + 1];
    if (life.state !== "alive" || life.pane === null || next === undefined) continue;
    const byUs = life.toUs;
    const gap = spanAt(gaps, byUs - 1);
    if (gap === null || gap.toUs === Infinity || isTold(life, next, deathAfter(stretches, index))) continue;
    const seenUntilUs = Math.max(gap.fromUs, life.fromUs + 1);
    ends.push({ seenUntilUs, byUs, nextMayHaveBeaten: mayHaveBeaten(next) });
    if (next.state === "alive" && life.fromUs < byUs - 1) {
      const lostServer = next.pane?.server !== life.pane.server;
      const gone = goneBy(life.pane, byUs - 1, lostServer, next.pane);
      setWithin(result, byUs - 1, byUs, { ...gone, pane: { ...gone.pane, replaced: true } });
    }
    if (next.byServer && next.begun === "point") {
      const untilUs = Math.min(gap.toUs, endOf(own, pieceAt(own, byUs)));
      setWithin(result, byUs, untilUs, goneBy(life.pane, byUs, true, valueAt(server, byUs).server));
    }
  }
  return { own: result, ends };
}

/** A life that did not tell when it began may have beaten before it was found. */
function mayHaveBeaten(next: Stretch | undefined): boolean {
  return next?.state === "alive" && next.begun === "look";
}

/** Whether it goes on, under whatever name, or its end has a moment of its own. */
function isTold(life: Stretch, next: Stretch, death: Stretch | undefined): boolean {
  if (death?.begun === "own-time" && isSameLife(life.pane, death.pane)) return true;
  if (!isSameLife(life.pane, next.pane)) return false;
  return next.state === "alive" || next.pane?.away !== undefined || (!next.byServer && next.begun !== "look");
}

/** It is told where in the log that stands from which it follows. */
function goneBy(
  pane: AgentPane,
  atUs: number,
  lostServer: boolean,
  told: Pick<Changed, "seq" | "recordedAtUs"> | null | undefined,
): OwnPaneTold {
  const { seq, recordedAtUs } = told ?? pane;
  const lost = lostServer ? { lostServer: true as const } : {};
  return { pane: { ...pane, state: "closed", atUs, ...lost, seq, recordedAtUs }, begun: "point" };
}

/**
 * The beats over time, of which in a gap that a reading has ended none vouches for what a boot has ended, nor for a process that was gone when its beat
 * was first read, of a life of which nothing else is told: it was there when it beat, and no more is known of it.
 */
export function withoutReachOfGone(
  beats: Timeline<BeatTold>,
  boots: readonly Pick<Boot, "atUs">[],
  covered: Spans,
  isTold: (atUs: number) => boolean,
): Timeline<BeatTold> {
  let result = beats;
  const gaps = gapsBetween(covered);
  for (const [piece, told] of beats.values.entries()) {
    const { document, beatSeq } = told;
    if (document === undefined || document.writerExitedAtUs !== null) continue;
    const madeUs = beats.fromUs[piece] as number;
    const gap = spanAt(gaps, madeUs);
    if (gap === null || gap.toUs === Infinity) continue;
    const bootUs = boots.find(({ atUs }) => atUs > document.atUs)?.atUs ?? Infinity;
    const next = beats.values[piece + 1];
    const exitUs = next?.beatSeq === beatSeq ? (next.document?.writerExitedAtUs ?? Infinity) : Infinity;
    const isFoundGone = exitUs > document.atUs && exitUs <= document.recordedAtUs && !isTold(madeUs);
    const voidFromUs = Math.min(bootUs, isFoundGone ? madeUs + 1 : Infinity, document.voidFromUs ?? Infinity);
    const fromUs = Math.max(voidFromUs, madeUs);
    const untilUs = Math.min(endOf(beats, piece), gap.toUs);
    if (fromUs >= untilUs) continue;
    if (result === beats) result = { fromUs: [...beats.fromUs], values: [...beats.values] };
    setWithin(result, fromUs, untilUs, { ...told, document: { ...document, voidFromUs } });
  }
  return result;
}

/**
 * The beats over time, of which the last one of such a life vouches for nothing after the last that is known of that life: its reach says that a
 * process which beat a moment ago lives on, and this one is known not to have.
 */
export function withoutReachOfEnded(
  beats: Timeline<BeatTold>,
  ends: readonly UnseenEnd[],
): Timeline<BeatTold> {
  if (ends.length === 0) return beats;
  const result = { fromUs: [...beats.fromUs], values: [...beats.values] };
  /** The last beat before that moment says nothing from when on its life was not seen any more. */
  const makeVoid = (byUs: number, seenUntilUs: number, mayBeOfNext: boolean): void => {
    const last = pieceAt(beats, byUs - 1);
    const { beatSeq } = beats.values[last] as BeatTold;
    let made = last;
    while (made > 0 && beats.values[made - 1]?.beatSeq === beatSeq) made--;
    const madeUs = beats.fromUs[made] as number;
    if (mayBeOfNext && madeUs >= seenUntilUs) return;
    const voidFromUs = Math.max(seenUntilUs, madeUs + 1);
    for (let piece = pieceAt(beats, voidFromUs); piece <= last; piece++) {
      const fromUs = Math.max(voidFromUs, beats.fromUs[piece] as number);
      const told = valueAt(beats, fromUs);
      if (told.document === undefined) continue;
      const document = { ...told.document, voidFromUs };
      setWithin(result, fromUs, Math.min(byUs, endOf(beats, piece)), { ...told, document });
    }
  };
  for (const { seenUntilUs, byUs, nextMayHaveBeaten } of ends) {
    makeVoid(byUs, seenUntilUs, nextMayHaveBeaten);
    // Where a life that came and went after it has beaten, it was over by then.
    const otherUs = nextWriterUs(beats, seenUntilUs, byUs);
    if (otherUs < byUs) makeVoid(otherUs, seenUntilUs, false);
  }
  return result;
}

/**
 * When another process was heard than the one that was heard last at a moment, before the other; infinite where none was, or nobody had been. By its
 * number, and not by since when it beats, which a beat that is dated ahead makes later than it is.
 */
function nextWriterUs({ fromUs, values }: Timeline<BeatTold>, afterUs: number, byUs: number): number {
  const first = pieceAt({ fromUs, values }, afterUs);
  const writer = values[first]?.document?.beat.pid;
  if (writer === undefined) return Infinity;
  for (let piece = first + 1; piece < values.length && (fromUs[piece] as number) < byUs; piece++)
    if ((values[piece]?.document?.beat.pid ?? writer) !== writer) return fromUs[piece] as number;
  return Infinity;
}

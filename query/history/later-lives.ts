import type { Purpose } from "../planes/documents.ts";
import type { BeatTold } from "./beat-timeline.ts";
import { isSameLife, type Stretch } from "./pane-stretches.ts";
import type { Span } from "./span.ts";
import type { Timeline } from "./timeline.ts";

/** What may tell of a life that no look saw. Each is asked for only where it can make a difference. */
export interface SignsOfLife {
  beats(): Timeline<BeatTold>;
  purpose(): Timeline<Purpose>;
}

/**
 * Until when an end in a gap says that nothing of the agent is there. It does to the next look, unless something is told of a life after it: a
 * process has beaten that had not beaten before, or another life has died by then, or somebody wanted it up and no look found what came of that. From the start on nobody knows then,
 * or from the end on where nobody wanted one before that beat.
 */
export function goneUntil(
  { fromUs, toUs, pane }: Pick<Stretch, "fromUs" | "toUs" | "pane">,
  next: Stretch | undefined,
  gap: Span,
  signs: SignsOfLife,
): number {
  const untilUs = Math.min(toUs, gap.toUs);
  // By then it had ended, where that was told in whole seconds: of the rest of its second nobody knows what came first.
  const endedByUs = Math.max(fromUs + 1, pane?.endedByUs ?? fromUs);
  const beatUs = firstBeatOfOther(signs.beats(), endedByUs);
  // What has died by then had lived before.
  const hasDied = next?.state === "dead" && toUs < gap.toUs && !isSameLife(next.pane, pane);
  const aliveUs = Math.min(beatUs < untilUs ? beatUs : Infinity, hasDied ? toUs : Infinity);
  // A life that is found alive where this one ends tells itself when it began.
  if (aliveUs === Infinity && toUs < gap.toUs) return untilUs;
  const wantedUs = firstStart(signs.purpose(), endedByUs);
  const sinceUs = aliveUs === Infinity || wantedUs <= aliveUs ? wantedUs : endedByUs;
  return Math.min(untilUs, Math.max(sinceUs, endedByUs));
}

/** When the first process was heard that had not beaten before. */
function firstBeatOfOther(beats: Timeline<BeatTold>, endedByUs: number): number {
  const piece = beats.values.findIndex(
    ({ document }, at) =>
      document !== undefined &&
      document.writerSinceUs >= endedByUs &&
      (beats.fromUs[at] as number) >= endedByUs,
  );
  return piece === -1 ? Infinity : (beats.fromUs[piece] as number);
}

function firstStart(purpose: Timeline<Purpose>, endedByUs: number): number {
  const piece = purpose.values.findIndex(
    ({ startedAtUs }) => startedAtUs !== null && startedAtUs >= endedByUs,
  );
  return piece === -1 ? Infinity : (purpose.fromUs[piece] as number);
}

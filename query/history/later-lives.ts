import type { Purpose } from "../planes/purpose-document.ts";
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
 * Until when an end in a gap says that nothing of the agent is there. It does to the next look, or to the process's start of the life that one finds, unless
 * something is told of a life before that: a process has beaten that had not beaten before, or another life has died by then, or somebody wanted it
 * up and no look found what came of that start. From the start on nobody knows then, or from the end on where nobody wanted one before that beat.
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
  // A life that is found alive where this one ends tells itself when it began, but not what came and went before it.
  if (aliveUs === Infinity && toUs < gap.toUs)
    return Math.min(untilUs, Math.max(firstOfMoreStarts(signs.purpose(), endedByUs, untilUs), endedByUs));
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

/** The first start after the one moment, where another set out, or a stop was wanted, between it and the other moment: it had brought a life of its own. */
function firstOfMoreStarts(purpose: Timeline<Purpose>, endedByUs: number, untilUs: number): number {
  const fromUs = firstStart(purpose, endedByUs);
  const within = purpose.values.filter(
    (_, piece) => (purpose.fromUs[piece] as number) >= fromUs && (purpose.fromUs[piece] as number) < untilUs,
  );
  const startedAtUs = within[0]?.startedAtUs ?? Infinity;
  const isOver = SOURCES.some((by) => {
    const begun = new Set(
      within.map((each) => each.begun?.[by] ?? -Infinity).filter((us) => us >= endedByUs),
    );
    const isStopped = within.some(({ [by]: wish }) => wish?.kind === "stop" && wish.atUs > startedAtUs);
    return begun.size > 1 || isStopped;
  });
  return isOver ? fromUs : Infinity;
}

const SOURCES = ["operator", "systemd"] as const;

function firstStart(purpose: Timeline<Purpose>, endedByUs: number): number {
  const piece = purpose.values.findIndex(
    ({ startedAtUs }) => startedAtUs !== null && startedAtUs >= endedByUs,
  );
  return piece === -1 ? Infinity : (purpose.fromUs[piece] as number);
}

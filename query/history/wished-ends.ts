import type { AgentPane } from "../planes/documents.ts";
import type { Purpose } from "../planes/purpose-document.ts";
import { WITHIN_US } from "../planes/within.ts";
import type { PaneTimeline } from "./history.ts";
import type { Timeline } from "./timeline.ts";
import { endOf, setWithin, valueAt } from "./timeline.ts";
import type { OwnPaneTold } from "./told.ts";

/** No end is told less exactly. */
export const TOLD_WITHIN_US = WITHIN_US.s;

/**
 * tmux and its hooks tell an end in whole seconds: it lies in that second, and not at its beginning. Where somebody wanted it within
 * that time, it was the doing of that wish: it ended no sooner, and what the pane was from the beginning of the second to the wish
 * nobody knows. Where it is known to have ended before (a look had found it so) the wish has nothing to do with it.
 */
export function withWishedEnds(
  { own, known }: Pick<PaneTimeline, "own" | "known">,
  purpose: Timeline<Purpose>,
): Pick<PaneTimeline, "own" | "known"> {
  if (purpose.values.length === 1) return { own, known };
  const result = { own: copyOf(own), known: copyOf(known) };
  for (const [piece, told] of own.values.entries()) {
    const before = own.values[piece - 1];
    if (told === null || before === undefined || !hasEnded(told)) continue;
    if (before !== null && hasEnded(before) && isOneLife(before.pane, told.pane)) continue;
    const fromUs = own.fromUs[piece] as number;
    const wishedUs = firstWishOf(purpose, told.pane, fromUs, endedByUs(own, piece));
    if (wishedUs === null) continue;
    setWithin(result.own, fromUs, wishedUs, before);
    setWithin(result.known, fromUs, wishedUs, false);
  }
  return result;
}

/** Whether a wish that comes after this moment may still have been what ended it. */
export function mayBeWishedAfter(endsByUs: number | undefined, atUs: number): boolean {
  return endsByUs !== undefined && endsByUs > atUs;
}

/** By when the life that ended with this piece had ended, by all that was told of it. */
function endedByUs(own: Timeline<OwnPaneTold | null>, piece: number): number {
  const fromUs = own.fromUs[piece] as number;
  const { pane } = own.values[piece] as OwnPaneTold;
  let byUs = fromUs + TOLD_WITHIN_US;
  for (let at = piece; at < own.values.length; at++) {
    const told = own.values[at] ?? null;
    if (told === null || !hasEnded(told) || !isOneLife(told.pane, pane))
      return Math.min(byUs, endOf(own, at - 1));
    // What was told exactly took effect when it was told to have, or sooner: the clock may have been set back since.
    const toldUs = Math.min(told.pane.diedAtUs ?? told.pane.atUs, own.fromUs[at] as number);
    byUs = Math.min(byUs, told.pane.endedByUs ?? toldUs);
  }
  return byUs;
}

/** Of one that hooks saw begin, or that has another name now, it may not be known. */
function hasEnded({ pane: { state, byHooks, away, diedAtUs } }: OwnPaneTold): boolean {
  return state !== "alive" && (diedAtUs !== undefined || (away === undefined && byHooks?.ended !== false));
}

function isOneLife(a: AgentPane, b: AgentPane): boolean {
  return a.server === b.server && a.session === b.session && a.pid === b.pid;
}

/** When somebody first wanted this life to end, within that time. */
function firstWishOf(
  purpose: Timeline<Purpose>,
  { startedAtUs }: AgentPane,
  fromUs: number,
  byUs: number,
): number | null {
  for (const [piece, wanted] of purpose.values.entries()) {
    const atUs = purpose.fromUs[piece] as number;
    if (atUs <= fromUs) continue;
    if (atUs >= byUs) return null;
    const before = valueAt(purpose, fromUs);
    const isNew = (["operator", "systemd", "unit"] as const).some((by) => {
      const stop = wanted[by] ?? null;
      // By its event: what is kept is read anew for each piece.
      return stop !== null && stop.seq !== before[by]?.seq && stop.atUs >= (startedAtUs ?? stop.atUs);
    });
    if (isNew) return atUs;
  }
  return null;
}

function copyOf<T>({ fromUs, values }: Timeline<T>): Timeline<T> {
  return { fromUs: [...fromUs], values: [...values] };
}

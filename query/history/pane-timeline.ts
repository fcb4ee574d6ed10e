import { goneUntil, type SignsOfLife } from "./later-lives.ts";
import { deathAfter, isOfOneSession, isSameLife, type Stretch, stretchesOf } from "./pane-stretches.ts";
import type { ServerTold } from "./server-timeline.ts";
import type { Spans } from "./span.ts";
import { gapsBetween } from "./span.ts";
import type { Timeline } from "./timeline.ts";
import { always, setWithin } from "./timeline.ts";
import type { OwnPaneTold } from "./told.ts";

/**
 * When the state of an agent's pane on one socket is known. While the socket is watched, it is. Across a gap only what
 * identity brackets (the same life alive, or the same pane dead, at both ends), what the sources dated themselves (a start,
 * tmux's own time of death), and what a point proves from itself on. That it was gone is proven by looks and points only:
 * between two looks that both found nothing a whole life may have passed.
 */
export function paneKnown(
  own: Timeline<OwnPaneTold | null>,
  server: Timeline<ServerTold>,
  covered: Spans,
  signs: SignsOfLife,
): Timeline<boolean> {
  const known = always(false);
  for (const { fromUs, toUs } of covered) setWithin(known, fromUs, toUs, true);
  const stretches = stretchesOf(own, server);
  const gaps = gapsBetween(covered);
  let first = 0;
  for (const [index, stretch] of stretches.entries()) {
    while ((gaps[first]?.toUs ?? Infinity) <= stretch.fromUs) first++;
    for (let at = first; at < gaps.length; at++) {
      const gap = gaps[at];
      if (!gap || gap.fromUs >= stretch.toUs) break;
      const lasts = stretch.toUs > gap.toUs;
      const isPoint = gap.toUs < Infinity && stretch.fromUs >= gap.fromUs;
      if (!isKnown(stretch, deathAfter(stretches, index), { lasts, isPoint })) continue;
      // The same pane dead at both ends of a gap was so throughout, whoever beat meanwhile.
      const isBracketed =
        stretch.state === "alive" ||
        (stretch.state === "dead" && (lasts || isStillDead(stretches[index + 1], stretch)));
      const untilUs = isBracketed
        ? Math.min(gap.toUs, stretch.toUs)
        : goneUntil(stretch, stretches[index + 1], gap, signs);
      setWithin(known, Math.max(gap.fromUs, stretch.fromUs), untilUs, true);
    }
  }
  return known;
}

/**
 * `lasts`: the look that ends the gap still finds it so. `isPoint`: it began within a gap that a look has ended, so that
 * a beginning that somebody wrote down proves it to the next word.
 */
function isKnown(
  stretch: Stretch,
  death: Stretch | undefined,
  { lasts, isPoint }: { lasts: boolean; isPoint: boolean },
): boolean {
  const proven = isPoint && stretch.begun === "point";
  if (stretch.state === "missing") return proven;
  if (lasts || proven) return true;
  if (stretch.state === "dead") return isPoint && stretch.begun === "own-time";
  return death?.begun === "own-time" && isSameLife(stretch.pane, death.pane);
}

/** What ended by a line was found so by the look that followed. */
function isStillDead(next: Stretch | undefined, { pane }: Stretch): boolean {
  const found = next?.state === "dead" ? next.pane : null;
  if (found === null || pane === null || !isOfOneSession(found, pane)) return false;
  return found.server === pane.server && found.pane === pane.pane && found.pid === pane.pid;
}

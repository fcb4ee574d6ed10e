import { paneAsTold } from "../pane-evidence.ts";
import type { AgentPane } from "../planes/documents.ts";
import { goneUntil, type SignsOfLife } from "./later-lives.ts";
import type { ServerTold } from "./server-timeline.ts";
import type { Spans } from "./span.ts";
import { gapsBetween } from "./span.ts";
import type { Timeline } from "./timeline.ts";
import { always, setWithin, valueAt } from "./timeline.ts";
import type { Begun, OwnPaneTold } from "./told.ts";

/** A stretch of time in which one life of the agent's pane on one socket is in one state, as it was told. */
export interface Stretch {
  readonly fromUs: number;
  readonly toUs: number;
  readonly state: "alive" | "dead" | "missing";
  readonly begun: Begun;
  /** It is its server that is gone, by the server's own words. */
  readonly byServer: boolean;
  readonly pane: AgentPane | null;
}

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

/** The death that ends a stretch, as a look told of it; hooks may have seen it a little earlier. */
export function deathAfter(stretches: readonly Stretch[], index: number): Stretch | undefined {
  let next = stretches[index + 1];
  if (next?.state === "dead" && next.begun === "point") next = stretches[index + 2];
  return next?.state === "dead" ? next : undefined;
}

export function isSameLife(a: AgentPane | null, b: AgentPane | null): boolean {
  return (
    a !== null &&
    b !== null &&
    a.server === b.server &&
    a.pane === b.pane &&
    a.pid === b.pid &&
    a.start === b.start
  );
}

/** What ended by a line was found so by the look that followed. */
function isStillDead(next: Stretch | undefined, { pane }: Stretch): boolean {
  const found = next?.state === "dead" ? next.pane : null;
  return found?.server === pane?.server && found?.pane === pane?.pane && found?.pid === pane?.pid;
}

/** Of a life that only hooks told of, what is known of the one before or after it says nothing. */
function isOther(a: AgentPane | null | undefined, b: AgentPane | null): boolean {
  return a !== b && (a?.byHooks ?? b?.byHooks) !== undefined;
}

export function stretchesOf(own: Timeline<OwnPaneTold | null>, server: Timeline<ServerTold>): Stretch[] {
  const moments = [...new Set([...own.fromUs, ...server.fromUs])].sort((a, b) => a - b);
  const stretches: Stretch[] = [];
  for (const [index, fromUs] of moments.entries()) {
    const told = valueAt(own, fromUs);
    const serving = valueAt(server, fromUs);
    const { state } = paneAsTold(told?.pane, serving.server);
    const byServer = state === "missing" && told !== null && told.pane.state !== "closed";
    // Where another server has come up on its socket, or the machine has booted, its own is gone, whoever looked.
    const proven = serving.byBoot || serving.server?.state === "up";
    const begun = byServer ? (proven ? "point" : "look") : (told?.begun ?? "look");
    const pane = told?.pane ?? null;
    const toUs = moments[index + 1] ?? Infinity;
    const last = stretches.at(-1);
    // A server's word about itself, or a status told late, does not end what goes on; but that it was gone is known from a point on, also
    // where nothing of the life that it ended remains (a clock that was set back has put both at one instant).
    const proves = begun === "point" && last?.begun !== "point";
    const goesOn = state === "missing" ? !proves && !isOther(last?.pane, pane) : last?.pane === pane;
    if (last && last.state === state && goesOn) stretches[stretches.length - 1] = { ...last, toUs };
    else stretches.push({ fromUs, toUs, state, begun, byServer, pane });
  }
  return stretches;
}

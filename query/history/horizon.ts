import type { Happened, Piece } from "../../store/chronicle.ts";
import type { ChronicleView } from "../../store/chronicle-view.ts";
import type { Unlived as UnlivedValue } from "./chronicler.ts";
import type { Unlived } from "./chronology.ts";
import type { CoverageTimelines, Samples } from "./coverage-timeline.ts";
import { coverageTimelines } from "./coverage-timeline.ts";
import { firstToldUs } from "./first-known.ts";
import { remembered } from "./once.ts";
import type { Spans } from "./span.ts";
import { gapsBetween } from "./span.ts";
import type { Window } from "./sweep.ts";
import type { Timeline } from "./timeline.ts";
import { always, setFrom } from "./timeline.ts";
import { TOLD_WITHIN_US } from "./wished-ends.ts";

const DAY_US = 86_400_000_000;

export interface WindowInput {
  readonly view: ChronicleView;
  /** What is asked about lies in it, both ends included. */
  readonly window: Window;
  readonly lapsedAtUs: number | null;
  readonly nowUs: number;
  /** Whose beats are asked for; absent: everybody's. */
  readonly agents?: readonly string[] | undefined;
  /** See `Cadence`. */
  readonly lateUs?: number;
}

/** Who watched, and from when on anything is told of a tmux socket (see `first-known.ts`). */
export interface Watches {
  readonly coverage: CoverageTimelines;
  readonly firstToldUs: (socket: string) => number;
}

export interface Horizon extends Watches {
  readonly window: Window;
  readonly unlived: readonly Unlived[];
}

/** Who watched when, seen far enough in both directions for every gap that the window touches to have its ends. */
export function horizon({ view, window, lapsedAtUs, nowUs }: WindowInput): Horizon {
  const scopes = view.lines("scope", -Infinity).map(({ id }) => id);
  const covered = view.lines("coverage", -Infinity).map(({ id }) => id);
  const firstTold = remembered((socket: string) => firstToldUs(view, socket));
  for (let far = DAY_US; ; far = far > 1000 * DAY_US ? Infinity : far * 16) {
    const wide = { fromUs: window.fromUs - far, toUs: untilTold(window.toUs + far, nowUs) };
    const lines = new Map(
      covered.map((id) => [id, by(nowUs, timelineOf(view.pieces("coverage", id, wide.fromUs, wide.toUs)))]),
    );
    const told = {
      of: (_family: string, id: string) => lines.get(id) ?? always(undefined),
      ids: () => covered,
    };
    const taken = view
      .happened("sample", "", wide.fromUs, wide.toUs)
      .filter(({ atUs }) => atUs <= nowUs)
      .map(({ atUs, value }) => ({ atUs, observed: new Map(value as [string, boolean][]) }));
    const samples: Samples = { taken, scopes };
    const unlived = unlivedWithin(view, wide, nowUs);
    const coverage = coverageTimelines(told, samples, { unlived }, lapsedAtUs);
    const whole = { window: wide, coverage, unlived, firstToldUs: firstTold };
    if (far === Infinity || [...covered, ...scopes].every((id) => isClosed(whole, id, wide, window)))
      return whole;
  }
}

/** Whether no gap that the window begins or ends in reaches the edge of what was looked at. */
function isClosed(watches: Watches, id: string, wide: Window, window: Window): boolean {
  const at = id.indexOf(" ");
  const { fromUs, toUs } = reach(watches, id.slice(0, at), id.slice(at + 1), window);
  return (fromUs > wide.fromUs || wide.fromUs === -Infinity) && (toUs < wide.toUs || wide.toUs === Infinity);
}

/** From the gap that the window begins in to the one that it ends in. */
export function reach(watches: Watches, source: string, scope: string, window: Window): Window {
  const gaps = gapsBetween(watches.coverage.spans(source, scope));
  return reachOver(
    source === "tmux" && scope !== "" ? sinceTold(gaps, scope, watches, window) : gaps,
    window,
  );
}

/** The gap before a socket was first watched begins with the first that is told of it; where nothing is there is no such gap. */
function sinceTold(gaps: Spans, socket: string, { firstToldUs }: Watches, window: Window): Spans {
  const [first, ...others] = gaps;
  if (first === undefined || first.fromUs > -Infinity || first.toUs === Infinity) return gaps;
  // Most windows are later, and need not know.
  if (first.toUs < window.fromUs) return gaps;
  const fromUs = firstToldUs(socket);
  return fromUs < first.toUs ? [{ fromUs, toUs: first.toUs }, ...others] : others;
}

/** The same of a beat: an end of its life that nobody saw in a gap of tmux is known once that gap has ended, and ends its reach (see `unseen-ends.ts`). */
export function reachOfBeats(watches: Watches, window: Window): Window {
  const { coverage } = watches;
  const read = reach(watches, "heartbeat", "", window);
  const ofPanes = coverage.scopes("tmux").map((socket) => {
    const gaps = gapsBetween(coverage.spans("tmux", socket)).filter(({ toUs }) => toUs < Infinity);
    return reachOver(socket === "" ? gaps : sinceTold(gaps, socket, watches, window), window);
  });
  return {
    fromUs: Math.min(read.fromUs, ...ofPanes.map(({ fromUs }) => fromUs)),
    toUs: Math.max(read.toUs, ...ofPanes.map(({ toUs }) => toUs)),
  };
}

function reachOver(gaps: Spans, window: Window): Window {
  let { fromUs, toUs } = window;
  fromUs -= 1;
  for (const gap of gaps) {
    if (gap.fromUs <= window.fromUs && window.fromUs <= gap.toUs) fromUs = Math.min(fromUs, gap.fromUs - 1);
    if (gap.fromUs <= window.toUs && window.toUs <= gap.toUs) toUs = Math.max(toUs, gap.toUs);
  }
  return { fromUs, toUs };
}

/** In the order of the log: what overlaps the window, and the last that began before it. */
function unlivedWithin(view: ChronicleView, { fromUs, toUs }: Window, nowUs: number): Unlived[] {
  const last = view.lastHappened("unlived", fromUs);
  const rows = view
    .happened("unlived", "", -Infinity, toUs)
    .filter(
      (row) => row.seq === last?.seq || row.atUs >= fromUs || (row.value as UnlivedValue).toUs >= fromUs,
    );
  return rows.map(({ atUs, value }: Happened) => {
    const span = value as UnlivedValue;
    return {
      fromUs: Math.min(atUs, nowUs),
      toUs: Math.min(span.toUs, nowUs),
      resumedAtUs: span.resumedAtUs,
    };
  });
}

/**
 * From when on new evidence may change what is known, each piece from its own moment on: where it lies in a gap of its plane, or
 * ends one, the whole gap is known anew. In the order of what is asked.
 */
export function touchedFrom(
  view: ChronicleView,
  evidence: readonly { readonly plane: string; readonly fromUs: number }[],
): number[] {
  if (evidence.length === 0) return [];
  const moments = evidence.map(({ fromUs }) => fromUs);
  const window = { fromUs: Math.min(...moments), toUs: Math.max(...moments) };
  const watches = horizon({ view, window, lapsedAtUs: null, nowUs: Infinity });
  const { coverage } = watches;
  return evidence.map(({ plane, fromUs }) => {
    // An end of that time that was told in whole seconds may lie elsewhere in its second now.
    const nearUs = fromUs - TOLD_WITHIN_US;
    const touched = (source: string, scope: string) =>
      Math.min(nearUs, reach(watches, source, scope, { fromUs, toUs: fromUs }).fromUs + 1);
    const everySocket = () => coverage.scopes("tmux").map((scope) => touched("tmux", scope));
    const at = plane.indexOf(" ");
    if (plane === "itself") return nearUs;
    if (plane === "boot") return Math.min(nearUs, ...everySocket());
    if (at === -1) return Math.min(touched("systemd", ""), touched("heartbeat", ""), ...everySocket());
    const source = plane.slice(0, at);
    const scope = plane.slice(at + 1);
    if (source === "heartbeat")
      return Math.min(nearUs, reachOfBeats(watches, { fromUs, toUs: fromUs }).fromUs + 1);
    return source === "tmux" && scope === "" ? Math.min(nearUs, ...everySocket()) : touched(source, scope);
  });
}

/** What is dated after now has happened by now: whoever asks about now has to know all of it. */
export function untilTold(us: number, nowUs: number): number {
  return us >= nowUs ? Infinity : us;
}

export function timelineOf(pieces: readonly Piece[]): Timeline<unknown> {
  return {
    fromUs: [-Infinity, ...pieces.map(({ fromUs }) => fromUs)],
    values: [undefined, ...pieces.map(({ value }) => value)],
  };
}

/** Whatever was told has happened by now. */
export function by(nowUs: number, timeline: Timeline<unknown>): Timeline<unknown> {
  if ((timeline.fromUs.at(-1) as number) > nowUs) setFrom(timeline, nowUs, timeline.values.at(-1));
  return timeline;
}

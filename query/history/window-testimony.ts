import type { Happened, Piece } from "../../store/chronicle.ts";
import type { ChronicleView } from "../../store/chronicle-view.ts";
import type { FoldEvent } from "../../store/projection.ts";
import type { PaneDocument, Purpose } from "../planes/documents.ts";
import { NO_PURPOSE } from "../planes/purpose.ts";
import { coverageId } from "../planes/recorder.ts";
import type { BeatsTold } from "./beat-timeline.ts";
import { isOfBeats, NO_BEATS } from "./beat-timeline.ts";
import { BEAT_TYPES, CADENCE, ownId } from "./cadence.ts";
import type { BeatFiles, Unlived as UnlivedValue } from "./chronicler.ts";
import type { Chronology, Unlived } from "./chronology.ts";
import type { CoverageTimelines, Samples } from "./coverage-timeline.ts";
import { coverageTimelines } from "./coverage-timeline.ts";
import type { Testimony } from "./history.ts";
import type { EndPoint } from "./pane-points.ts";
import { inOrder } from "./pane-points.ts";
import { gapsBetween } from "./span.ts";
import type { Window } from "./sweep.ts";
import type { Timeline } from "./timeline.ts";
import { always, setFrom, valueAt } from "./timeline.ts";
import type { OwnPaneTold, Told } from "./told.ts";

const DAY_US = 86_400_000_000;
/** A hook writes whole seconds: what it says may have happened within this much after its time. */
const WITHIN_US = 1_000_000;

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

/**
 * The part of what was said that bears on a window. A plane is known in a gap by what stands at its two ends, so each plane is
 * read from the beginning of the gap that the window begins in to the end of the gap that it ends in: within the window a
 * history of this is the history of the whole log.
 */
export function windowTestimony(asked: WindowInput): Testimony {
  const { view, lapsedAtUs, nowUs } = asked;
  const input = {
    ...asked,
    window: { fromUs: asked.window.fromUs, toUs: untilTold(asked.window.toUs, nowUs) },
  };
  const wide = horizon(input);
  const { coverage, unlived } = wide;
  // Of one moment that is in no gap of a plane, what holds then is all that there is to know.
  const moment = input.window.fromUs;
  const isMoment = moment === input.window.toUs;
  const held = once(() => view.heldAt(moment));
  const tell = (family: string, id: string, { fromUs, toUs }: Window): Timeline<unknown> => {
    const isHeld = isMoment && toUs === moment && fromUs >= moment - 1;
    return by(nowUs, timelineOf(isHeld ? held()(family, id) : view.pieces(family, id, fromUs, toUs)));
  };

  const around = remembered((id: string): Window => {
    const [source = "", ...scope] = id.split(" ");
    const { fromUs, toUs } = reach(coverage, source, scope.join(" "), input.window);
    return { fromUs, toUs: untilTold(toUs, nowUs) };
  });
  const windowOf = (family: string, id: string): Window => {
    const socket = id.slice(0, Math.max(0, id.indexOf("\n")));
    switch (family) {
      case "server":
        return around(coverageId("tmux", id));
      case "unit":
        return around(coverageId("systemd", ""));
      case "process":
        return around(coverageId("process", ""));
      case "coverage":
        return wide.window;
      // Boots are told apart by the first word of each.
      case "manager":
        return ALWAYS;
      case "pane":
        return socket === "" ? input.window : around(coverageId("tmux", socket));
      default:
        return input.window;
    }
  };
  const timelines = remembered((key: string): Timeline<unknown> => {
    const [family = "", ...rest] = key.split("\n");
    const id = rest.join("\n");
    const timeline = tell(family, id, windowOf(family, id));
    return family === "pane" ? withActivity(timeline, tell("activity", id, windowOf(family, id))) : timeline;
  });
  const owns = view.lines("own", -Infinity).map(({ id }) => id.split("\n") as [string, string]);
  const told: Told = {
    of: (family, id) => timelines(`${family}\n${id}`),
    ids: remembered((family) => view.lines(family, windowOf(family, "\n").fromUs).map(({ id }) => id)),
    owners: [...new Set(owns.map(([agent]) => agent))],
    sockets: remembered((agent) => owns.filter(([owner]) => owner === agent).map(([, socket]) => socket)),
    ownPane: remembered2((agent, socket) => {
      const own = tell("own", ownId(agent, socket), around(coverageId("tmux", socket)));
      return { fromUs: own.fromUs, values: own.values.map((value) => (value ?? null) as OwnPaneTold | null) };
    }),
  };

  const beats = beatsOf(input, around(coverageId("heartbeat", "")));
  return {
    told,
    chronology: { ...beats.chronology, unlived },
    coverage,
    lapsedAtUs,
    get beating() {
      return beats.agents();
    },
    points: remembered((socket) => {
      const { fromUs, toUs } = around(coverageId("tmux", socket));
      const found = view
        .happened("point", socket, fromUs - WITHIN_US, toUs)
        .map(({ atUs, value }) => ({ ...(value as EndPoint), atUs: Math.min(atUs, nowUs) }));
      return inOrder(found);
    }),
    purpose: remembered((agent) => {
      const { fromUs, values } = tell("purpose", agent, input.window);
      return { fromUs, values: values.map((value) => (value ?? NO_PURPOSE) as Purpose) };
    }),
    beats: beats.of,
    sends: (agent) =>
      view
        .happened("sent", agent, input.window.fromUs, input.window.toUs)
        .map(({ atUs, seq }) => ({ atUs: Math.min(atUs, nowUs), seq }))
        .sort((a, b) => a.atUs - b.atUs || a.seq - b.seq),
  };
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
  const { coverage } = horizon({ view, window, lapsedAtUs: null, nowUs: Infinity });
  return evidence.map(({ plane, fromUs }) => {
    const touched = (source: string, scope: string) =>
      Math.min(fromUs, reach(coverage, source, scope, { fromUs, toUs: fromUs }).fromUs + 1);
    const everySocket = () => coverage.scopes("tmux").map((scope) => touched("tmux", scope));
    const at = plane.indexOf(" ");
    if (plane === "itself") return fromUs;
    if (plane === "boot") return Math.min(fromUs, ...everySocket());
    if (at === -1) return Math.min(touched("systemd", ""), touched("heartbeat", ""), ...everySocket());
    const source = plane.slice(0, at);
    const scope = plane.slice(at + 1);
    return source === "tmux" && scope === "" ? Math.min(fromUs, ...everySocket()) : touched(source, scope);
  });
}

const ALWAYS: Window = { fromUs: -Infinity, toUs: Infinity };

/** What is dated after now has happened by now: whoever asks about now has to know all of it. */
function untilTold(us: number, nowUs: number): number {
  return us >= nowUs ? Infinity : us;
}

interface Horizon {
  readonly window: Window;
  readonly coverage: CoverageTimelines;
  readonly unlived: readonly Unlived[];
}

/** Who watched when, seen far enough in both directions for every gap that the window touches to have its ends. */
function horizon({ view, window, lapsedAtUs, nowUs }: WindowInput): Horizon {
  const scopes = view.lines("scope", -Infinity).map(({ id }) => id);
  const covered = view.lines("coverage", -Infinity).map(({ id }) => id);
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
    const whole = { window: wide, coverage, unlived };
    if (far === Infinity || [...covered, ...scopes].every((id) => isClosed(coverage, id, wide, window)))
      return whole;
  }
}

/** Whether no gap that the window begins or ends in reaches the edge of what was looked at. */
function isClosed(coverage: CoverageTimelines, id: string, wide: Window, window: Window): boolean {
  const at = id.indexOf(" ");
  const { fromUs, toUs } = reach(coverage, id.slice(0, at), id.slice(at + 1), window);
  return (fromUs > wide.fromUs || wide.fromUs === -Infinity) && (toUs < wide.toUs || wide.toUs === Infinity);
}

/** From the gap that the window begins in to the one that it ends in. */
function reach(coverage: CoverageTimelines, source: string, scope: string, window: Window): Window {
  let { fromUs, toUs } = window;
  fromUs -= 1;
  for (const gap of gapsBetween(coverage.spans(source, scope))) {
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

interface Beats {
  readonly chronology: Pick<Chronology, "effectUs" | "foundUs">;
  of(agent: string): BeatsTold;
  agents(): readonly string[];
}

/** Beats stand in the log, most of them read within moments: those of a window lie near its own time. */
function beatsOf(input: WindowInput, { fromUs, toUs }: Window): Beats {
  const { view, nowUs, agents, lateUs = CADENCE.lateUs } = input;
  const read = once(() => {
    const checkpoint = view.checkpoint("beats", view.seqAt(fromUs));
    const files = (checkpoint?.value ?? {}) as BeatFiles;
    const afterSeq = checkpoint?.seq ?? 0;
    const words = view.happened("word", "", -Infinity, Infinity, afterSeq + 1);
    // A word of the recorder brings all that stands before it into the window.
    const bound = Math.max(0, ...words.filter(({ atUs }) => atUs <= toUs).map(({ seq }) => seq));
    const beforeSeq = 1 + Math.max(view.seqAt(toUs + lateUs), bound);
    const late = view
      .happened("late", null, -Infinity, toUs, beforeSeq)
      .filter(({ id }) => agents === undefined || agents.includes(id));
    const events = new Map<string, FoldEvent[]>();
    const near = view.events({ types: BEAT_TYPES, agents, afterSeq, beforeSeq });
    for (const event of [near, view.eventsNamed(late.map(({ seq }) => seq))].flatMap((some) => [...some])) {
      if (event.agent === null || !isOfBeats(event)) continue;
      const own = events.get(event.agent);
      if (own) own.push(event);
      else events.set(event.agent, [event]);
    }
    return { files, events, bound: boundsOf(words, nowUs) };
  });
  return {
    chronology: {
      effectUs: (event, statedUs = event.occurredAtUs) =>
        Math.min(statedUs, event.recordedAtUs, read().bound(event.seq)),
      foundUs: (event) => Math.min(event.recordedAtUs, read().bound(event.seq)),
    },
    of: (agent) => ({ before: read().files[agent] ?? NO_BEATS, events: read().events.get(agent) ?? [] }),
    agents: () => {
      const { files, events } = read();
      const beat = Object.keys(files).filter((agent) => files[agent]?.document !== undefined);
      const now = [...events].filter(([, own]) => own.some(({ type }) => type.startsWith("heartbeat.")));
      return [...new Set([...beat, ...now.map(([agent]) => agent)])];
    },
  };
}

/** The earliest word of the recorder after a place in the log. */
function boundsOf(words: readonly Happened[], nowUs: number): (seq: number) => number {
  const bounds = words.map(({ atUs }) => atUs);
  for (let at = bounds.length - 2; at >= 0; at--)
    bounds[at] = Math.min(bounds[at] as number, bounds[at + 1] as number);
  return (seq) => {
    const next = words.findIndex((word) => word.seq > seq);
    return Math.min(next === -1 ? Infinity : (bounds[next] as number), nowUs);
  };
}

function timelineOf(pieces: readonly Piece[]): Timeline<unknown> {
  return {
    fromUs: [-Infinity, ...pieces.map(({ fromUs }) => fromUs)],
    values: [undefined, ...pieces.map(({ value }) => value)],
  };
}

/** Whatever was told has happened by now. */
function by(nowUs: number, timeline: Timeline<unknown>): Timeline<unknown> {
  if ((timeline.fromUs.at(-1) as number) > nowUs) setFrom(timeline, nowUs, timeline.values.at(-1));
  return timeline;
}

/** A pane's output is told apart from the pane: of the two the later word of the log stands. */
function withActivity(panes: Timeline<unknown>, activity: Timeline<unknown>): Timeline<unknown> {
  const moments = [...new Set([...panes.fromUs, ...activity.fromUs])].sort((a, b) => a - b);
  const values = moments.map((atUs) => {
    const pane = valueAt(panes, atUs) as PaneDocument | undefined;
    const [seq, activityAtUs] = (valueAt(activity, atUs) as [number, number] | undefined) ?? [0, 0];
    return pane !== undefined && seq > pane.seq ? { ...pane, activityAtUs } : pane;
  });
  return { fromUs: moments, values };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function remembered<T>(make: (key: string) => T): (key: string) => T {
  const made = new Map<string, T>();
  return (key) => {
    if (!made.has(key)) made.set(key, make(key));
    return made.get(key) as T;
  };
}

function remembered2<T>(make: (a: string, b: string) => T): (a: string, b: string) => T {
  const inner = remembered((key) => {
    const at = key.indexOf("\n");
    return make(key.slice(0, at), key.slice(at + 1));
  });
  return (a, b) => inner(`${a}\n${b}`);
}

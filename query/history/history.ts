import type { FoldEvent } from "../../store/projection.ts";
import type { ProcessDocument, RecorderDocument, RosterDocument, UnitDocument } from "../planes/documents.ts";
import { ONLY, within } from "../planes/documents.ts";
import { NO_PURPOSE } from "../planes/purpose.ts";
import type { Purpose } from "../planes/purpose-document.ts";
import type { BeatsTold, BeatTimeline, BeatTold } from "./beat-timeline.ts";
import { beatTimeline, isOfBeats, NO_BEATS } from "./beat-timeline.ts";
import type { Chronology } from "./chronology.ts";
import { chronologyOf } from "./chronology.ts";
import type { ClientLine } from "./client-lines.ts";
import { clientLinesOf } from "./client-lines.ts";
import type { CoverageTimelines } from "./coverage-timeline.ts";
import { coverageTimelines, samplesOf } from "./coverage-timeline.ts";
import { withHookedLives } from "./hooked-lives.ts";
import { remembered, remembered2 } from "./once.ts";
import type { EndPoint } from "./pane-points.ts";
import { endPointsOf, withEndPoints } from "./pane-points.ts";
import { paneKnown } from "./pane-timeline.ts";
import { programKnown } from "./program-timeline.ts";
import { purposesOf } from "./purpose.ts";
import type { Boot, ServerTold } from "./server-timeline.ts";
import { bootsOf, serverTimeline } from "./server-timeline.ts";
import { spanAt } from "./span.ts";
import type { Timeline } from "./timeline.ts";
import { always, valueAt } from "./timeline.ts";
import type { OwnPaneTold, Told } from "./told.ts";
import { toldBy } from "./told.ts";
import { unitKnown } from "./unit-timeline.ts";
import type { UnseenEnd } from "./unseen-ends.ts";
import { withoutReachOfEnded, withoutReachOfGone, withUnseenEnds } from "./unseen-ends.ts";
import { withWishedEnds } from "./wished-ends.ts";

export interface PaneTimeline {
  readonly own: Timeline<OwnPaneTold | null>;
  readonly known: Timeline<boolean>;
  readonly ends: readonly UnseenEnd[];
}

/** Every plane of one (tenant, host) as a function of time: what was true then, by all the evidence known now. */
export interface History {
  readonly told: Told;
  readonly chronology: Chronology;
  readonly coverage: CoverageTimelines;
  readonly boots: readonly Boot[];
  readonly lapsedAtUs: number | null;
  /** Agents that were on the roster at any time. */
  readonly declared: readonly string[];
  /** Agents that ever beat. */
  readonly beating: readonly string[];
  roster(agent: string): Timeline<RosterDocument | undefined>;
  server(socket: string): Timeline<ServerTold>;
  pane(agent: string, socket: string): PaneTimeline;
  purpose(agent: string): Timeline<Purpose>;
  unit(unit: string): Timeline<UnitDocument | undefined>;
  unitKnown(unit: string): Timeline<boolean>;
  beat(agent: string): BeatTimeline;
  program(socket: string, pane: string): Timeline<ProcessDocument | undefined>;
  programKnown(socket: string, pane: string): Timeline<boolean>;
  recorder(): Timeline<RecorderDocument | undefined>;
  /** What hooks said of a socket, each in order of time: of ends, and of clients. */
  points(socket: string): readonly EndPoint[];
  clientLines(socket: string): readonly ClientLine[];
  /** Messages that were sent to the agent, in order of time. */
  sends(agent: string): readonly Sent[];
}

export interface Sent {
  readonly atUs: number;
  readonly seq: number;
}

export interface HistoryInput {
  /** The whole log of one (tenant, host), in its order. It is read several times. */
  readonly events: Iterable<FoldEvent>;
  /** The recorder's last sign of life where its lease has lapsed and the log does not say so yet; null while it lives. */
  readonly lapsedAtUs?: number | null;
  /** When the log is read; Infinity (the default) where that makes no difference: all clocks were right. */
  readonly nowUs?: number;
}

/** What is watched at the one moment that is asked about is known. */
const KNOWN = always(true);

/** What was said of every plane, each word placed in time: read from a whole log, or from what is kept of it. */
export interface Testimony {
  /** It is all that is asked about; null: a whole window is. */
  readonly momentUs: number | null;
  readonly told: Told;
  readonly chronology: Chronology;
  readonly coverage: CoverageTimelines;
  readonly lapsedAtUs: number | null;
  /** Agents that ever beat. */
  readonly beating: readonly string[];
  /** What hooks said of a socket, in order of time. */
  points(socket: string): readonly EndPoint[];
  clientLines(socket: string): readonly ClientLine[];
  purpose(agent: string): Timeline<Purpose>;
  beats(agent: string): BeatsTold;
  sends(agent: string): readonly Sent[];
}

export function historyOf({ events, lapsedAtUs = null, nowUs = Infinity }: HistoryInput): History {
  const chronology = chronologyOf(events, nowUs);
  const told = toldBy(events, chronology);
  const samples = samplesOf(events, chronology);
  const points = endPointsOf(events, chronology);
  const clientLines = clientLinesOf(events, chronology);
  const purposes = purposesOf(events, chronology);
  const beats = new Map<string, FoldEvent[]>();
  const sent = new Map<string, Sent[]>();
  for (const event of events) {
    if (event.agent === null || event.schemaVersion > 1) continue;
    if (isOfBeats(event)) membersOf(beats, event.agent).push(event);
    // Only what was submitted was sent: a refused message never reached its agent.
    if (event.type === "message.submitted")
      membersOf(sent, event.agent).push({ atUs: chronology.effectUs(event), seq: event.seq });
  }
  return historyFrom({
    momentUs: null,
    told,
    chronology,
    coverage: coverageTimelines(told, samples, chronology, lapsedAtUs),
    lapsedAtUs,
    beating: [...beats]
      .filter(([, told]) => told.some(({ type }) => type.startsWith("heartbeat.")))
      .map(([agent]) => agent),
    points: (socket) => points.filter((point) => point.socket === socket),
    clientLines: (socket) => clientLines.filter((line) => line.socket === socket),
    purpose: (agent) => purposes.get(agent) ?? always(NO_PURPOSE),
    beats: (agent) => ({ before: NO_BEATS, events: beats.get(agent) ?? [] }),
    sends: (agent) => [...(sent.get(agent) ?? [])].sort((a, b) => a.atUs - b.atUs || a.seq - b.seq),
  });
}

/** The planes over time, from what was said of them. */
export function historyFrom(testimony: Testimony): History {
  const { told, momentUs } = testimony;
  const isWatched = remembered2(
    (source, scope) =>
      momentUs !== null && spanAt(testimony.coverage.spans(source, scope), momentUs) !== null,
  );
  const boots = bootsOf(told);
  const roster = (agent: string) => told.of("roster", agent) as Timeline<RosterDocument | undefined>;
  const unit = (name: string) => told.of("unit", name) as Timeline<UnitDocument | undefined>;
  const program = (socket: string, pane: string) =>
    told.of("process", within(socket, pane)) as Timeline<ProcessDocument | undefined>;
  const server = remembered((socket: string) =>
    serverTimeline(told, socket, boots, testimony.coverage.spans("tmux", socket)),
  );
  const pane = remembered((id: string): PaneTimeline => {
    const [agent = "", socket = ""] = id.split("\n");
    // Nobody needs to find out what a gap hides at a moment that is in none.
    const covered = testimony.coverage.spans("tmux", socket);
    const unseen = (own: PaneTimeline["own"]) =>
      withHookedLives(own, told.hooked(agent, socket), server(socket), boots, covered);
    if (isWatched("tmux", socket))
      return { own: unseen(told.ownPane(agent, socket)), known: KNOWN, ends: [] };
    const points = testimony.points(socket);
    const toldOf = unseen(withEndPoints(told.ownPane(agent, socket), server(socket), points, covered));
    const { own, ends } = withUnseenEnds(toldOf, server(socket), covered);
    const signs = { beats: () => read(agent).told, purpose: () => testimony.purpose(agent) };
    const known = paneKnown(own, server(socket), covered, signs);
    return { ...withWishedEnds({ own, known }, testimony.purpose(agent)), ends };
  });
  const read = remembered((agent: string): BeatTimeline => {
    const beats = testimony.beats(agent);
    return isWatched("heartbeat", "") && beats.events.length === 0
      ? { told: always<BeatTold>(beats.before), watched: KNOWN }
      : beatTimeline(beats, testimony.chronology, testimony.coverage.spans("heartbeat", ""));
  });
  const beat = remembered((agent: string): BeatTimeline => {
    const { told, watched } = read(agent);
    const ofSeen = withoutReachOfEnded(told, endsOf(agent));
    const covered = testimony.coverage.spans("heartbeat", "");
    return { told: withoutReachOfGone(ofSeen, boots, covered, (atUs) => isToldAt(agent, atUs)), watched };
  });
  /** A look tells of the life that was there then, or a hook of its end. */
  const isToldAt = (agent: string, atUs: number): boolean =>
    told.sockets(agent).some((socket) => {
      const own = valueAt(pane(`${agent}\n${socket}`).own, atUs)?.pane;
      return own !== undefined && (own.state === "alive" || own.byHooks?.ended === true);
    });
  /** Of one that lives on another socket then it is no end. */
  const endsOf = (agent: string): UnseenEnd[] => {
    const sockets = told.sockets(agent);
    return sockets.flatMap((socket) =>
      pane(`${agent}\n${socket}`).ends.filter(
        ({ byUs }) =>
          !sockets.some(
            (other) =>
              other !== socket && valueAt(pane(`${agent}\n${other}`).own, byUs)?.pane.state === "alive",
          ),
      ),
    );
  };
  const knownUnit = remembered((name: string) =>
    isWatched("systemd", "") ? KNOWN : unitKnown(unit(name), testimony.coverage.spans("systemd", "")),
  );
  const knownProgram = remembered((id: string) => {
    if (isWatched("process", "")) return KNOWN;
    const [socket = "", ofPane = ""] = id.split("\n");
    return programKnown(program(socket, ofPane), testimony.coverage.spans("process", ""));
  });
  return {
    told,
    get chronology() {
      return testimony.chronology;
    },
    get coverage() {
      return testimony.coverage;
    },
    boots,
    lapsedAtUs: testimony.lapsedAtUs,
    declared: told.ids("roster"),
    // Seldom asked for, and read out of the log.
    get beating() {
      return testimony.beating;
    },
    roster,
    server,
    pane: (agent, socket) => pane(`${agent}\n${socket}`),
    purpose: testimony.purpose,
    unit,
    unitKnown: knownUnit,
    beat,
    program,
    programKnown: (socket, ofPane) => knownProgram(within(socket, ofPane)),
    recorder: () => told.of("recorder", ONLY) as Timeline<RecorderDocument | undefined>,
    points: testimony.points,
    clientLines: testimony.clientLines,
    sends: testimony.sends,
  };
}

function membersOf<T>(groups: Map<string, T[]>, name: string): T[] {
  const found = groups.get(name) ?? [];
  groups.set(name, found);
  return found;
}

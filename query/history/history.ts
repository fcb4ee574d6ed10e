import type { FoldEvent } from "../../store/projection.ts";
import type {
  ProcessDocument,
  Purpose,
  RecorderDocument,
  RosterDocument,
  UnitDocument,
} from "../planes/documents.ts";
import { ONLY, within } from "../planes/documents.ts";
import { NO_PURPOSE } from "../planes/purpose.ts";
import type { BeatTimeline } from "./beat-timeline.ts";
import { beatTimeline } from "./beat-timeline.ts";
import type { Chronology } from "./chronology.ts";
import { chronologyOf } from "./chronology.ts";
import type { CoverageTimelines } from "./coverage-timeline.ts";
import { coverageTimelines } from "./coverage-timeline.ts";
import { endPointsOf, withEndPoints } from "./pane-points.ts";
import { paneKnown } from "./pane-timeline.ts";
import { programKnown } from "./program-timeline.ts";
import { purposesOf } from "./purpose.ts";
import type { Boot, ServerTold } from "./server-timeline.ts";
import { bootsOf, serverTimeline } from "./server-timeline.ts";
import type { Timeline } from "./timeline.ts";
import { always } from "./timeline.ts";
import type { OwnPaneTold, Told } from "./told.ts";
import { toldBy } from "./told.ts";
import { unitKnown } from "./unit-timeline.ts";

export interface PaneTimeline {
  readonly own: Timeline<OwnPaneTold | null>;
  readonly known: Timeline<boolean>;
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

export function historyOf({ events, lapsedAtUs = null, nowUs = Infinity }: HistoryInput): History {
  const chronology = chronologyOf(events, nowUs);
  const told = toldBy(events, chronology);
  const coverage = coverageTimelines(told, events, chronology, lapsedAtUs);
  const boots = bootsOf(told);
  const points = endPointsOf(events, chronology);
  const purposes = purposesOf(events, chronology);
  const beats = new Map<string, FoldEvent[]>();
  const sent = new Map<string, Sent[]>();
  for (const event of events) {
    if (event.agent === null || event.schemaVersion > 1) continue;
    if (event.type.startsWith("heartbeat.")) membersOf(beats, event.agent).push(event);
    if (event.type === "message.requested")
      membersOf(sent, event.agent).push({ atUs: chronology.effectUs(event), seq: event.seq });
  }

  const roster = (agent: string) => told.of("roster", agent) as Timeline<RosterDocument | undefined>;
  const unit = (name: string) => told.of("unit", name) as Timeline<UnitDocument | undefined>;
  const program = (socket: string, pane: string) =>
    told.of("process", within(socket, pane)) as Timeline<ProcessDocument | undefined>;
  const server = remembered((socket: string) =>
    serverTimeline(told, socket, boots, coverage.spans("tmux", socket)),
  );
  const pane = remembered((id: string): PaneTimeline => {
    const [agent = "", socket = ""] = id.split("\n");
    const covered = coverage.spans("tmux", socket);
    const onSocket = points.filter((point) => point.socket === socket);
    const own = withEndPoints(told.ownPane(agent, socket), server(socket), onSocket, covered);
    return { own, known: paneKnown(own, server(socket), covered) };
  });
  const beat = remembered((agent: string) =>
    beatTimeline(beats.get(agent) ?? [], roster(agent), chronology, coverage.spans("heartbeat", "")),
  );
  const knownUnit = remembered((name: string) => unitKnown(unit(name), coverage.spans("systemd", "")));
  const knownProgram = remembered((id: string) => {
    const [socket = "", ofPane = ""] = id.split("\n");
    return programKnown(program(socket, ofPane), coverage.spans("process", ""));
  });
  return {
    told,
    chronology,
    coverage,
    boots,
    lapsedAtUs,
    declared: told.ids("roster"),
    beating: [...beats.keys()],
    roster,
    server,
    pane: (agent, socket) => pane(`${agent}\n${socket}`),
    purpose: (agent) => purposes.get(agent) ?? always(NO_PURPOSE),
    unit,
    unitKnown: knownUnit,
    beat,
    program,
    programKnown: (socket, ofPane) => knownProgram(within(socket, ofPane)),
    recorder: () => told.of("recorder", ONLY) as Timeline<RecorderDocument | undefined>,
    sends: (agent) => [...(sent.get(agent) ?? [])].sort((a, b) => a.atUs - b.atUs || a.seq - b.seq),
  };
}

function membersOf<T>(groups: Map<string, T[]>, name: string): T[] {
  const found = groups.get(name) ?? [];
  groups.set(name, found);
  return found;
}

function remembered<T>(make: (id: string) => T): (id: string) => T {
  const made = new Map<string, T>();
  return (id) => {
    const known = made.get(id);
    if (known !== undefined) return known;
    const value = make(id);
    made.set(id, value);
    return value;
  };
}

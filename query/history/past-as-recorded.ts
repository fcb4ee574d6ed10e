import type { ChronicleView } from "../../store/chronicle-view.ts";
import { createDocuments } from "../../store/documents.ts";
import type { FoldEvent, ReadonlyDocuments } from "../../store/projection.ts";
import { ownersIn } from "../listed.ts";
import { projections } from "../planes/all.ts";
import { documentOf } from "../planes/documents.ts";
import { NO_PURPOSE } from "../planes/purpose.ts";
import { explainRow } from "../ps.ts";
import { asOf, tableAt } from "./as-of.ts";
import { beatFilesThrough } from "./beat-checkpoint.ts";
import { isOfBeats, NO_BEATS } from "./beat-timeline.ts";
import { BEAT_TYPES } from "./cadence.ts";
import { chronologyOf } from "./chronology.ts";
import { coverageTimelines, samplesOf } from "./coverage-timeline.ts";
import type { History } from "./history.ts";
import { historyFrom } from "./history.ts";
import { once } from "./once.ts";
import type { Past } from "./past.ts";
import { always } from "./timeline.ts";
import { toldBy } from "./told.ts";

export interface RecordedPastInput {
  readonly tenantId: string;
  readonly host: string;
  readonly view: ChronicleView;
  /** The last event that counts. */
  readonly seq: number;
  readonly nowUs: number;
  readonly lapsedAtUs: number | null;
  /** See `AsOfInput`. */
  readonly provenAtUs?: number | null;
  readonly names: () => readonly string[];
  /** The past of the log up to `seq`: what the log knew then of any earlier moment takes reading it. */
  readonly whole: () => Past;
}

/**
 * The past as the log knew it at one of its own events. Of that very moment it knew the documents of then, folded from the nearest
 * checkpoint: all that had been told had happened by then, and a gap that was open had been ended by no look.
 */
export function pastAsRecorded(input: RecordedPastInput): Past {
  const { tenantId, host, view, seq, nowUs, names, provenAtUs = null } = input;
  const then = once(() => historyThen(input));
  const past = once(input.whole);
  const asked = { tenantId, host, logSeq: seq, provenAtUs };
  return {
    tenantId,
    host,
    logSeq: seq,
    beginsUs: view.beginsUs(),
    nowUs,
    names,
    isStray: (name) => past().isStray(name),
    roster: (window) => past().roster(window),
    intervals: (agent, window) => past().intervals(agent, window),
    sightings: (agent, window) => past().sightings(agent, window),
    occurrences: (agent, state, window) => past().occurrences(agent, state, window),
    observed: (agent, state, window) => past().observed(agent, state, window),
    lives: (agent, window) => past().lives(agent, window),
    bootGaps: (agent, window) => past().bootGaps(agent, window),
    uptime: (agent, window) => past().uptime(agent, window),
    outages: (agent, window) => past().outages(agent, window),
    table: (atUs, all) => (atUs === nowUs ? asOf(then(), { ...asked, atUs, all }) : past().table(atUs, all)),
    explain: (agent, atUs) =>
      atUs === nowUs
        ? explainRow(tableAt(then(), { ...asked, atUs, all: true }), agent)
        : past().explain(agent, atUs),
    ownPanes: (agent, atUs) => past().ownPanes(agent, atUs),
    stretch: (agent, window) => past().stretch(agent, window),
    rejudged: (agent, window) => past().rejudged(agent, window),
    parts: (window) => past().parts(window),
    gaps: (window) => past().gaps(window),
    boots: (window) => past().boots(window),
  };
}

/** A history that is asked about `nowUs` only: every document stands, and who watched is read from the recorder's own words. */
function historyThen({ view, seq, nowUs, lapsedAtUs }: RecordedPastInput): History {
  const documents = documentsThen(view, seq);
  const words = view.events({ types: ["recorder."], afterSeq: 0, beforeSeq: seq + 1 });
  const chronology = chronologyOf(words, nowUs);
  const said = toldBy(words, chronology);
  // The event itself is read, also where it is kept: that a file was read at this very moment is told by nothing else.
  const { seq: afterSeq, files } = beatFilesThrough((through) => view.checkpoint("beats", through), seq - 1);
  const beats = new Map<string, FoldEvent[]>();
  const since = { types: BEAT_TYPES, afterSeq, beforeSeq: seq + 1 };
  for (const event of view.events(since)) {
    if (event.agent === null || !isOfBeats(event)) continue;
    beats.set(event.agent, [...(beats.get(event.agent) ?? []), event]);
  }
  const isSaid = (family: string) => family === "coverage" || family === "recorder";
  return historyFrom({
    momentUs: null,
    told: {
      of: (family, id) => (isSaid(family) ? said.of(family, id) : always<unknown>(documents.get(family, id))),
      ids: (family) => {
        if (isSaid(family)) return said.ids(family);
        return family === "agent" || family === "heartbeat"
          ? []
          : [...documents.list(family)].map(([id]) => id);
      },
      owners: ownersIn(documents),
      sockets(agent) {
        const { panes, hooked } = documentOf(documents, "agent", agent) ?? {};
        return Object.keys({ ...panes, ...hooked });
      },
      hooked: (agent, socket) => always(documentOf(documents, "agent", agent)?.hooked?.[socket]),
      ownPane(agent, socket) {
        const pane = documentOf(documents, "agent", agent)?.panes[socket];
        return always(pane === undefined ? null : { pane, begun: "look" as const });
      },
    },
    chronology,
    coverage: coverageTimelines(said, samplesOf(words, chronology), chronology, lapsedAtUs),
    lapsedAtUs,
    beating: [],
    points: () => [],
    clientLines: () => [],
    purpose: (agent) => always(documentOf(documents, "agent", agent)?.purpose ?? NO_PURPOSE),
    beats: (agent) => ({ before: files.get(agent) ?? NO_BEATS, events: beats.get(agent) ?? [] }),
    sends: () => [],
  });
}

function documentsThen(view: ChronicleView, seq: number): ReadonlyDocuments {
  const checkpoint = view.checkpoint("documents", seq);
  const documents = createDocuments("untracked");
  for (const [family, id, document] of (checkpoint?.value ?? []) as [string, string, unknown][])
    documents.load(family, id, document);
  view.fold({ types: [""], afterSeq: checkpoint?.seq ?? 0, beforeSeq: seq + 1 }, (event) => {
    for (const projection of projections) projection.evolve(documents, event);
    return null;
  });
  return documents;
}

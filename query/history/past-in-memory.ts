import type { FoldEvent } from "../../store/projection.ts";
import { ONLY } from "../planes/documents.ts";
import { explainRow } from "../ps.ts";
import type { AgentStatus } from "../row.ts";
import { asOf, tableAt } from "./as-of.ts";
import { rosterKnownFrom, sinceTheLog } from "./before-the-log.ts";
import { bootGapsWithin } from "./boot-gaps.ts";
import type { History } from "./history.ts";
import { historyOf } from "./history.ts";
import { extend, type Interval, overlaps } from "./intervals.ts";
import { livesWithin } from "./lives.ts";
import { outagesOf, surroundingsOf } from "./outages.ts";
import type { Gap, Past } from "./past.ts";
import { rosterWithin } from "./roster-within.ts";
import { adoptionsOf, bookOf, bookOfOne, newestOf, RULES, type Rules } from "./rules.ts";
import { maybeUnrostered, sightingsOf } from "./sightings.ts";
import { overlapOf } from "./span.ts";
import { aroundOf, staysIn } from "./stays.ts";
import type { Window } from "./sweep.ts";
import { statusIntervals } from "./sweep.ts";
import { endOf, valueAt } from "./timeline.ts";
import { clipped, uptimeOf } from "./uptime.ts";
import { happeningsWithin, isHappening, judgedWithin, rosterWatched, watchedWithin } from "./when.ts";

export interface PastInput {
  readonly tenantId: string;
  readonly host: string;
  readonly logSeq: number;
  /** The log of this (tenant, host) up to `logSeq`, in its order. It is read several times. */
  readonly events: Iterable<FoldEvent>;
  /** See `HistoryInput`. */
  readonly lapsedAtUs: number | null;
  readonly nowUs: number;
  readonly rules?: readonly Rules[];
}

/** The past, folded from the whole log each time: the definition that every faster form has to equal. */
export function pastOf(input: PastInput): Past {
  const { tenantId, host, logSeq, events, nowUs, rules = RULES } = input;
  const book = bookOf(adoptionsOf(events), rules);
  const history = historyOf(input);
  let beginsUs: number | null = null;
  for (const event of events) {
    beginsUs = event.recordedAtUs;
    break;
  }
  const knownFromUs = rosterKnownFrom(beginsUs, history.told.of("rosterfile", ONLY).fromUs[1]);
  const ofTable = {
    ...{ tenantId, host, logSeq, beginsUs: beginsUs ?? Infinity },
    rosterKnownFromUs: knownFromUs,
  };
  const isStray = (agent: string): boolean => !history.declared.includes(agent);
  const told = new Map<string, readonly Interval[]>();
  const ofAgent = (agent: string): readonly Interval[] => {
    const known = told.get(agent) ?? [
      ...sinceTheLog(
        toldBefore(nowUs, statusIntervals(history, agent, ALWAYS, book, isStray(agent))),
        knownFromUs,
        isStray(agent),
      ),
    ];
    told.set(agent, known);
    return known;
  };
  const intervals: Past["intervals"] = (agent, window) =>
    ofAgent(agent).filter((one) => overlaps(one, window));
  const seen = new Map<string, readonly Interval[]>();
  const sightings: Past["sightings"] = (agent, window) => {
    const judged = (offRoster: Window) =>
      toldBefore(nowUs, statusIntervals(history, agent, offRoster, book, true));
    const had = history.told.owners.includes(agent);
    const known = seen.get(agent) ?? [...sightingsOf(ofAgent(agent), isStray(agent), had ? judged : null)];
    seen.set(agent, known);
    return known.filter((one) => overlaps(one, window));
  };
  /** What an agent may be off the roster is asked of its session. */
  const viewOf = (state: AgentStatus) => (maybeUnrostered(state) ? sightings : intervals);
  const until = (window: Window): Window => ({ ...window, toUs: Math.min(window.toUs, nowUs) });
  const occurrences: Past["occurrences"] = (agent, state, window) =>
    isHappening(state)
      ? happeningsWithin(history, agent, state, until(window))
      : staysIn(
          viewOf(state)(agent, before(until(window))),
          state,
          until(window),
          aroundOf({ intervals: viewOf(state), occurrences, parts, nowUs }, agent, until(window)),
        );
  const boots: Past["boots"] = (window) =>
    history.boots.slice(1).filter(({ atUs }) => atUs >= window.fromUs && atUs < until(window).toUs);
  const parts: Past["parts"] = (window) => [window];
  const past: Past = {
    tenantId,
    host,
    logSeq,
    beginsUs,
    nowUs,
    names: () => everybody(history),
    isStray,
    roster: (window) =>
      rosterWithin(history, until(window), (_family, name, _fromUs, toUs) => {
        const { fromUs, values } = history.roster(name);
        return values.flatMap((value, piece) => ((fromUs[piece] as number) < toUs ? [{ value }] : []));
      }),
    intervals,
    sightings,
    occurrences,
    observed: (agent, state, window) =>
      overlapOf(
        isHappening(state)
          ? watchedWithin(history, agent, state, until(window))
          : [
              ...judgedWithin(
                viewOf(state)(agent, until(window)),
                state,
                until(window),
                isStray(agent) || maybeUnrostered(state) ? null : () => rosterWatched(history),
              ),
            ],
        [{ fromUs: beginsUs ?? Infinity, toUs: Infinity }],
      ),
    lives: (agent, window) => livesWithin(history, agent, until(window)),
    bootGaps: (agent, window) => bootGapsWithin(history, agent, until(window)),
    uptime: (agent, window) => {
      const asked = until(window);
      const around = surroundingsOf({ intervals, occurrences, boots, parts }, agent, asked);
      return uptimeOf(intervals(agent, asked), asked, around);
    },
    outages: (agent, window) => {
      const asked = until(window);
      const around = surroundingsOf({ intervals, occurrences, boots, parts }, agent, asked);
      return outagesOf(clipped(intervals(agent, asked), asked), asked, around);
    },
    table: (atUs, all) => asOf(history, { ...ofTable, atUs, all }),
    ownPanes: (agent, atUs) =>
      history.told.sockets(agent).flatMap((socket) => {
        const told = valueAt(history.told.ownPane(agent, socket), atUs);
        return told === null ? [] : [told.pane];
      }),
    explain: (agent, atUs) => explainRow(tableAt(history, { ...ofTable, atUs, all: true }), agent),
    gaps: (window) => gapsOf(history, nowUs).filter((gap) => overlaps(gap, window)),
    rejudged: (agent, window) => {
      const asked = until(window);
      if (asked.fromUs >= asked.toUs) return [];
      const newest = bookOfOne(newestOf(rules));
      const found = statusIntervals(history, agent, asked, newest, isStray(agent));
      // What was judged several ways before the log is one there.
      const judged: Interval[] = [];
      for (const interval of sinceTheLog(found, knownFromUs, isStray(agent))) extend(judged, interval);
      return judged;
    },
    stretch: () => past,
    parts,
    boots,
  };
  return past;
}

/** With the moment before it, so that what began with the window can be told from what went on. */
export function before({ fromUs, toUs }: Window): Window {
  return { fromUs: fromUs - 1, toUs };
}

const ALWAYS: Window = { fromUs: -Infinity, toUs: Infinity };

/** Deadlines that have not passed yet are no past. */
export function toldBefore(nowUs: number, intervals: readonly Interval[]): Interval[] {
  return intervals
    .filter(({ fromUs }) => fromUs <= nowUs)
    .map((interval) =>
      interval.toUs !== null && interval.toUs > nowUs ? { ...interval, toUs: null } : interval,
    );
}

function everybody(history: History): string[] {
  return [...new Set([...history.declared, ...history.told.owners, ...history.beating])].sort();
}

/** When no recorder ran, and when time itself was not lived. */
export function gapsOf(history: History, nowUs: number, logEnds = false): Gap[] {
  const recorder = history.recorder();
  const gaps: Gap[] = [];
  const { lapsedAtUs } = history;
  for (const [piece, document] of recorder.values.entries()) {
    const fromUs = recorder.fromUs[piece] as number;
    const toUs = endOf(recorder, piece);
    if (document?.state === "running") {
      if (lapsedAtUs !== null && toUs === Infinity)
        gaps.push({ fromUs: lapsedAtUs, toUs: null, cause: logEnds ? "log-ends" : "lapsed" });
      continue;
    }
    // A recorder that was taken to have ended may say afterwards that it had only stood still: its own word is the better one.
    const goesOn = document?.state === "lapsed" && recorder.values[piece + 1]?.silentSinceUs !== undefined;
    const cause = document === undefined ? "never-started" : goesOn ? "starved" : document.state;
    gaps.push({ fromUs, toUs: toUs > nowUs ? null : toUs, cause });
  }
  for (const { fromUs, toUs } of history.chronology.unlived) gaps.push({ fromUs, toUs, cause: "suspended" });
  return gaps.filter(({ fromUs }) => fromUs <= nowUs).sort((a, b) => a.fromUs - b.fromUs);
}

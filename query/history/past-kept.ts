import type { VerdictReader } from "../../store/chronicle.ts";
import type { ChronicleView } from "../../store/chronicle-view.ts";
import { ONLY } from "../planes/documents.ts";
import { explainRow } from "../ps.ts";
import type { AgentStatus } from "../row.ts";
import { asOf, tableAt } from "./as-of.ts";
import { rosterKnownFrom, sinceTheLog } from "./before-the-log.ts";
import { bootGapsWithin } from "./boot-gaps.ts";
import { CADENCE, ownId } from "./cadence.ts";
import { type History, historyFrom } from "./history.ts";
import { extend, type Interval, overlaps } from "./intervals.ts";
import { livesWithin } from "./lives.ts";
import { once } from "./once.ts";
import { outagesOf, surroundingsOf } from "./outages.ts";
import { daysOf, HELD_EVENTS, partsOf } from "./parts.ts";
import type { Past } from "./past.ts";
import { before, gapsOf, toldBefore } from "./past-in-memory.ts";
import { pastOfStretch } from "./past-of-stretch.ts";
import { rosterWithin } from "./roster-within.ts";
import { bookOfOne, newestOf, RULES, type Rules } from "./rules.ts";
import { keptBook, settledUntil } from "./settle.ts";
import { maybeUnrostered, sightingsOf } from "./sightings.ts";
import { since } from "./span.ts";
import { standsUntil } from "./stands-until.ts";
import { aroundOf, staysIn } from "./stays.ts";
import type { Window } from "./sweep.ts";
import { statusIntervals } from "./sweep.ts";
import type { OwnPaneTold } from "./told.ts";
import { clipped, uptimeOf } from "./uptime.ts";
import { isWell, wellFor } from "./well.ts";
import {
  happeningsWithin,
  isHappening,
  judgedWithin,
  rosterWatched,
  sendsIn,
  watchedWithin,
} from "./when.ts";
import { sendsTo, windowTestimony } from "./window-testimony.ts";

export interface KeptPastInput {
  readonly tenantId: string;
  readonly host: string;
  /** The chronicle and the verdicts as of one commit. */
  readonly view: ChronicleView;
  readonly verdicts: VerdictReader;
  /** See `HistoryInput`. */
  readonly lapsedAtUs: number | null;
  /** The log was brought from elsewhere while it was recorded: how that went on is not known here. */
  readonly logEnds?: boolean;
  /** See `AsOfInput`. */
  readonly provenAtUs?: number | null;
  readonly nowUs: number;
  /** See `Cadence`. */
  readonly lateUs?: number;
  readonly rules?: readonly Rules[];
  /** So much of the log may be held at once. */
  readonly heldEvents?: number;
}

/**
 * The past from what is kept beside the log: verdicts as far as they are settled, and a history of the window that is asked about for the
 * rest. Equal to `pastOf` the whole log.
 */
export function keptPast(input: KeptPastInput): Past {
  const { tenantId, host, view, verdicts, lapsedAtUs, nowUs, lateUs = CADENCE.lateUs, rules = RULES } = input;
  const { heldEvents = HELD_EVENTS } = input;
  const logSeq = view.lastSeq();
  const beginsUs = view.beginsUs();
  const book = keptBook(view, rules);
  const historyWithin = (window: Window, agents?: readonly string[]): History =>
    historyFrom(windowTestimony({ view, window, lapsedAtUs, nowUs, agents, lateUs }));
  let last: { readonly agent: string; readonly window: Window; readonly history: History } | null = null;
  /** Whoever asks several things of one stretch of an agent's time has it read once. */
  const historyOf = (agent: string, window: Window): History => {
    const holds = (known: Window) => known.fromUs <= window.fromUs && window.toUs <= known.toUs;
    if (last?.agent !== agent || !holds(last.window))
      last = { agent, window, history: historyWithin(window, [agent]) };
    return last.history;
  };
  const knownFromUs = once(() => {
    const [first] = view.pieces("rosterfile", ONLY, -Infinity, Infinity);
    return rosterKnownFrom(beginsUs, first && Math.min(first.fromUs, nowUs));
  });
  const ofTable = () => ({
    ...{ tenantId, host, logSeq, beginsUs: beginsUs ?? Infinity, rosterKnownFromUs: knownFromUs() },
    provenAtUs: input.provenAtUs ?? null,
  });
  const until = (window: Window): Window => ({ ...window, toUs: Math.min(window.toUs, nowUs) });

  const rostered = once(() => new Set(view.lines("roster", -Infinity).map(({ id }) => id)));
  const isStray = (agent: string): boolean => !rostered().has(agent);
  const owns = once(() => view.lines("own", -Infinity).map(({ id }) => id));
  const owners = once(() => {
    const sessions = [...owns(), ...view.lines("hooked", -Infinity).map(({ id }) => id)];
    return new Set(sessions.map((id) => id.slice(0, id.indexOf("\n"))));
  });
  const names = once(() => [...new Set([...rostered(), ...owners(), ...view.agentsOf("heartbeat.")])].sort());
  const parts = partsOf(view, heldEvents);
  /** Of what the verdicts rest on no more is held at once than a part of the window takes. */
  const judgeAll = (
    agents: readonly string[],
    window: Window,
    by = book,
    unrostered = isStray,
  ): Map<string, Interval[]> => {
    const found = new Map(agents.map((agent) => [agent, [] as Interval[]]));
    for (const part of parts(window)) {
      const history = historyWithin(part, agents);
      for (const [agent, intervals] of found)
        for (const interval of statusIntervals(history, agent, part, by, unrostered(agent)))
          extend(intervals, interval);
    }
    return found;
  };
  /** Strays are never settled: whoever asks about several of them has all of it read once. */
  const ofStrays = once(() => judgeAll(names().filter(isStray), ALWAYS));
  const judge = (agent: string, window: Window, by = book): readonly Interval[] => {
    const known = isStray(agent) && window.fromUs === -Infinity ? ofStrays().get(agent) : undefined;
    return known ?? judgeAll([agent], window, by).get(agent) ?? [];
  };
  const judged = new Map<string, Tail>();
  /** What nobody has settled yet. */
  const tail = (agent: string): Tail => {
    const known = judged.get(agent);
    // Whoever asks for long may meet verdicts that were cut off meanwhile.
    if (known && verdicts.untilUs(agent) >= known.fromUs) return known;
    const fromUs = Math.min(settledUntil(view, verdicts, agent), standsUntil(view, lapsedAtUs, nowUs));
    // Judged only for a question that reaches so far.
    const intervals = once(() => judge(agent, { fromUs, toUs: Infinity }));
    const made = { fromUs, intervals };
    judged.set(agent, made);
    return made;
  };
  function* whole(agent: string, window: Window): Generator<Interval> {
    const { fromUs, intervals } = tail(agent);
    let last: Interval | null = null;
    // What is settled last may go on in the tail.
    const begins = Math.min(window.fromUs, fromUs - 1);
    for (const kept of verdicts.verdicts(agent, begins, Math.min(window.toUs, fromUs))) {
      if (last !== null) yield last;
      const { status, ...verdict } = kept;
      last = { ...verdict, status: status as AgentStatus | null, toUs: Math.min(kept.toUs, fromUs) };
    }
    if (last !== null && last.toUs !== fromUs) return yield last;
    for (const next of intervals()) {
      if (last !== null && isSame(last, next)) last = { ...last, toUs: next.toUs };
      else {
        if (last !== null) yield last;
        last = next;
      }
    }
    if (last !== null) yield last;
  }
  function* intervals(agent: string, window: Window): Generator<Interval> {
    for (const interval of whole(agent, window)) {
      for (const told of sinceTheLog(toldBefore(nowUs, [interval]), knownFromUs(), isStray(agent))) {
        if (overlaps(told, window)) yield told;
      }
      if (interval.fromUs >= window.toUs) return;
    }
  }

  const seen = new Map<string, readonly Interval[]>();
  function* sightingsIn(whole: Past["intervals"], agent: string, window: Window): Generator<Interval> {
    const judged = (offRoster: Window): readonly Interval[] => {
      const id = `${agent}\n${offRoster.fromUs} ${offRoster.toUs}`;
      const all = () => judgeAll([agent], offRoster, book, () => true).get(agent);
      const known = seen.get(id) ?? toldBefore(nowUs, all() ?? []);
      seen.set(id, known);
      return known;
    };
    const had = owners().has(agent);
    for (const sighting of sightingsOf(whole(agent, window), isStray(agent), had ? judged : null))
      if (overlaps(sighting, window)) yield sighting;
  }
  const sightings: Past["sightings"] = (agent, window) => sightingsIn(intervals, agent, window);

  /**
   * The verdicts of a window, in which a stretch of being well in one way or another is one, and those that go on at its end may end
   * there: what needs not to be told more exactly takes a tenth of the time.
   */
  function* wellOrNot(agent: string, window: Window): Generator<Interval> {
    yield* sinceTheLog(settledOrNot(agent, window), knownFromUs(), isStray(agent));
  }
  function* settledOrNot(agent: string, { fromUs, toUs }: Window): Generator<Interval> {
    const settled = tail(agent);
    const untilUs = Math.min(toUs, settled.fromUs);
    // What is settled last may go on in the tail, and tells then what it rests on, also where the window begins behind it.
    const beginsUs = Math.min(fromUs, settled.fromUs - 1);
    let last: Interval | null = null;
    let doneUs = beginsUs;
    for (const verdict of verdicts.notWell(agent, beginsUs, untilUs)) {
      if (last !== null) yield last;
      if (doneUs < verdict.fromUs) yield wellFor(doneUs, verdict.fromUs);
      doneUs = Math.min(verdict.toUs, untilUs);
      last = { ...verdict, status: verdict.status as AgentStatus | null, toUs: doneUs };
    }
    const [first, ...rest] = toUs > settled.fromUs ? settled.intervals() : [];
    if (last !== null && first !== undefined && last.toUs === first.fromUs && isSame(last, first)) {
      yield { ...last, toUs: first.toUs };
      return yield* rest;
    }
    if (last !== null) yield last;
    if (doneUs < untilUs) yield wellFor(doneUs, untilUs);
    if (first !== undefined) yield first;
    yield* rest;
  }
  /** What tells of a state: as little of being well as it needs, and off the roster of what an agent's session was, where it may have been that. */
  const viewOf = (state: AgentStatus, whole = isWell(state) ? intervals : wellOrNot): Past["intervals"] =>
    maybeUnrostered(state) ? (agent, window) => sightingsIn(whole, agent, window) : whole;
  const occurrences: Past["occurrences"] = (agent, state, window) => {
    const asked = until(window);
    // Whoever sent wrote it down: who watched meanwhile is not asked.
    if (state === "sent") return sendsIn(sendsTo({ view, window: asked, nowUs }, agent), asked);
    if (isHappening(state)) return happeningsWithin(historyOf(agent, before(asked)), agent, state, asked);
    // Whoever goes back step by step goes by the own ends of each.
    const around = aroundOf({ intervals: viewOf(state, intervals), occurrences, parts, nowUs }, agent, asked);
    return staysIn(viewOf(state)(agent, before(asked)), state, asked, around);
  };
  const boots: Past["boots"] = (window) =>
    historyWithin(until(window), [])
      .boots.slice(1)
      .filter(({ atUs }) => atUs >= window.fromUs && atUs < until(window).toUs);

  const past: Past = {
    tenantId,
    host,
    logSeq,
    beginsUs,
    nowUs,
    names,
    isStray,
    roster: (window) => rosterWithin(historyWithin(until(window)), until(window), view.pieces),
    intervals,
    sightings,
    occurrences,
    observed: (agent, state, window) =>
      since(
        beginsUs ?? Infinity,
        isHappening(state)
          ? watchedWithin(historyOf(agent, before(until(window))), agent, state, until(window))
          : judgedWithin(
              viewOf(state)(agent, until(window)),
              state,
              until(window),
              isStray(agent) || maybeUnrostered(state)
                ? null
                : once(() => rosterWatched(historyWithin(until(window), []))),
            ),
      ),
    lives: (agent, window) => livesWithin(historyOf(agent, before(until(window))), agent, until(window)),
    bootGaps: (agent, window) => bootGapsWithin(historyOf(agent, until(window)), agent, until(window)),
    uptime: (agent, window) => {
      const asked = until(window);
      const around = surroundingsOf({ intervals, occurrences, boots, parts }, agent, asked);
      return uptimeOf(wellOrNot(agent, asked), asked, around);
    },
    outages: (agent, window) => {
      const asked = until(window);
      const around = surroundingsOf({ intervals, occurrences, boots, parts }, agent, asked);
      return outagesOf(clipped(wellOrNot(agent, asked), asked), asked, around);
    },
    table: (atUs, all) => asOf(historyWithin({ fromUs: atUs, toUs: atUs }), { ...ofTable(), atUs, all }),
    explain: (agent, atUs) => {
      const asked = { ...ofTable(), atUs, all: true };
      return explainRow(tableAt(historyWithin({ fromUs: atUs, toUs: atUs }, [agent]), asked), agent);
    },
    ownPanes: (agent, atUs) =>
      owns().flatMap((id) => {
        if (!id.startsWith(ownId(agent, ""))) return [];
        const told = view.pieces("own", id, atUs, atUs).at(-1)?.value as OwnPaneTold | null | undefined;
        return told ? [told.pane] : [];
      }),
    gaps: (window) =>
      gapsOf(historyWithin(ALWAYS, []), nowUs, input.logEnds).filter((gap) => overlaps(gap, window)),
    *rejudged(agent, window) {
      const newest = bookOfOne(newestOf(rules));
      const judged: Interval[] = [];
      for (const part of daysOf(until(window))) {
        for (const interval of sinceTheLog(judge(agent, part, newest), knownFromUs(), isStray(agent)))
          extend(judged, interval);
        yield* judged.splice(0, judged.length - 1);
      }
      yield* judged;
    },
    boots,
    parts,
    stretch: (agent, window) => {
      const asked = until(window);
      if (view.seqAt(asked.toUs) - view.seqAt(asked.fromUs) > heldEvents) return null;
      const read = () => historyWithin(asked, [agent]);
      return pastOfStretch(past, { agent, window: asked, read, table: ofTable() });
    },
  };
  return past;
}

interface Tail {
  readonly fromUs: number;
  readonly intervals: () => readonly Interval[];
}

const ALWAYS: Window = { fromUs: -Infinity, toUs: Infinity };

function isSame(a: Interval, b: Interval): boolean {
  return a.status === b.status && a.reason === b.reason && a.rules === b.rules;
}

import type { AskedAttached, Attached } from "./attached.ts";
import { attachedTo } from "./attached.ts";
import type { Cause, Circumstances } from "./cause.ts";
import { causeOf, MOMENT_US, NEARBY_US } from "./cause.ts";
import { endedAtUs, SERVER_GONE, wentAtUs } from "./death.ts";
import { bucketOf } from "./history/buckets.ts";
import type { Interval } from "./history/intervals.ts";
import type { Outage } from "./history/outages.ts";
import type { Past, RosterEntry } from "./history/past.ts";
import type { Window } from "./history/sweep.ts";
import { exactIsoOf, exactIsoOrNull, secondsOrNull } from "./instant.ts";
import { type Glimpse, glimpseOf } from "./known-by.ts";
import type { Lately } from "./lately.ts";
import { OUT_OF_MEMORY } from "./lately.ts";
import type { AgentPane } from "./planes/documents.ts";
import type { Explained } from "./ps.ts";
import { renamedUnseenUs } from "./renamed-unseen.ts";
import type { AgentStatus } from "./row.ts";
import { seenToEnd } from "./since.ts";
import { withinOf } from "./told-within.ts";

/** A death certificate: one failure of one agent, with all that is known of its end. */
export interface Death {
  agent: string;
  /** What it was when it was first unwell. */
  runtime: string | null;
  class: string;
  /** When it was first unwell. */
  at: string;
  /**
   * Its moment is known: somebody watched it go, or its source dated it. Else it happened after `not_before`, the last moment at which it was
   * known to be well; null: nothing is known of before.
   */
  witnessed: boolean;
  /** `began_at` was told no finer: it lies within so many seconds after it. Null: it is known better than that, or nobody dated it. */
  within_seconds: number | null;
  not_before: string | null;
  /** It had not been on the roster, and was so as soon as that named it: it ended before, or nothing happened to it. */
  named: boolean;
  /** It was unwell already when the window began; `at` is that beginning, and `began_at` its own. */
  began_before: boolean;
  began_at: string;
  /** When it was seen well, or wanted down, again; null: not within the window. */
  until: string | null;
  /** The part of it that was seen, in so many stretches, the last of which ended then. */
  seconds_down: number;
  stretches: number;
  /** Each of these is one look, or one moment that a source told of, with time before and after it that nobody watched: for how long it was down is not known. */
  looks_only: boolean;
  /** Of such a one, how the first of them is known: by a look, or because a source told of that moment. */
  first_known_by: Glimpse;
  last_seen_down: string;
  /** What it was, in order. What was found the same again after time that nobody watched is told once. */
  course: { from: string; status: AgentStatus; reason: string | null; why: number[] }[];
  pane: {
    state: "dead" | "missing";
    id: string | null;
    pid: number | null;
    exit_status: number | null;
    signal: number | null;
    at: string | null;
    /** Who told of it: a look at tmux, or a hook alone, where nobody looked while it lived. */
    source: "tmux" | "tmux-hook";
    /**
     * It did not go then: its session had got this other name, or it was moved there. `found_at`: a look found that, after time in which nobody
     * watched; `at` is when a tmux hook says that it was done, and null where none does.
     */
    away: { how: "renamed" | "moved"; to: string; found_at: string | null } | null;
  } | null;
  unit: { name: string; active: string; result: string | null } | null;
  /** Whether it was expected to beat. */
  beats_expected: boolean;
  /** The last one of this life that was seen before its end; `of_this_life` is null where it may be of one before, since nobody knows when this one began. */
  last_beat: { at: string; status: string; pid: number; of_this_life: true | null } | null;
  /** The newest beat under its name, where that was none of this life's: of this life none was seen. */
  beat_of_another: {
    at: string;
    status: string;
    pid: number;
    whose: "earlier-life" | "other-session";
  } | null;
  /** Until when its beats were read; null: up to its end, so that none can have been missed. */
  beats_watched_until: string | null;
  last_message: { at: string; seq: number } | null;
  /** Whoever was known to be. Null: nobody was, and nobody watched its tmux socket then, or in the second before. */
  attached: Attached[] | null;
  /** The kernel ended it for want of memory, by the word of systemd: the event that says so. */
  out_of_memory: { seq: number } | null;
}

/** What a certificate is made from. */
export interface AskedIncidents extends Circumstances, Lately, AskedAttached {
  readonly window: Window;
}

export interface Certified {
  readonly atUs: number;
  /** When it began, also where that was before the window. */
  readonly beganUs: number;
  readonly death: Death;
  readonly cause: Cause | null;
  /** Deaths with the same key share their cause; null: it is shared with no other for certain. */
  readonly key: string | null;
}

/** One failure of one agent, with all that is known of its end and of what brought it about. */
export function certify(asked: AskedIncidents, entry: RosterEntry, outage: Outage): Certified {
  const { past, window } = asked;
  const { name, declaration } = entry;
  const atUs = outage.fromUs;
  const was = entry.declared.find(({ toUs }) => atUs < toUs) ?? declaration;
  const endUs = outage.toUs ?? window.toUs;
  const beganUs = outage.beganBefore ? beginningOf(past, name, atUs) : atUs;
  const { notBeforeUs, found, named, ...seen } = seenToEnd(past, name, beganUs);
  // That the roster named it was watched, and not how it ended.
  const witnessed = seen.witnessed && !named;
  const unwell = unwellIn(past, name, { fromUs: atUs, toUs: endUs });
  const course = courseOf(unwell);
  const stages = course.map(({ fromUs }) => past.explain(name, fromUs));
  const first = outage.beganBefore ? past.explain(name, beganUs) : stages[0];
  // What systemd says of an end comes a little after it.
  const settled = past.explain(name, Math.min(endUs - 1, (course.at(-1)?.fromUs ?? atUs) + NEARBY_US));
  const end = stages.find(({ row }) => row.pane.state === "dead" || row.pane.state === "missing");
  // Its process may be seen to be gone some moments before the server is that took it along.
  const soonAfter = (): readonly Explained[] =>
    outage.beganBefore
      ? [past.explain(name, Math.min(beganUs + MOMENT_US, endUs - 1))]
      : stages.filter((_, at) => (course[at]?.fromUs ?? Infinity) <= beganUs + MOMENT_US);
  const lost =
    first?.verdict.reason === "pid-gone"
      ? soonAfter().find(({ verdict }) => verdict.reason === SERVER_GONE)
      : undefined;
  const ended = lost ?? first;
  const withinUs =
    first === undefined ? null : withinOf(() => ownPanes(first), first.verdict.status, beganUs);
  const { cause, key } =
    ended && !found && !named
      ? causeOf(asked, ended, beganUs, notBeforeUs, witnessed)
      : { cause: null, key: null };
  return {
    atUs,
    beganUs,
    cause,
    key,
    death: {
      agent: name,
      runtime: was.runtime,
      class: was.class,
      at: exactIsoOf(atUs),
      witnessed,
      within_seconds: secondsOrNull(withinUs),
      not_before: exactIsoOrNull(notBeforeUs),
      named,
      began_before: outage.beganBefore,
      began_at: exactIsoOf(beganUs),
      until: exactIsoOrNull(outage.toUs),
      seconds_down: outage.downUs / 1e6,
      stretches: stretchesOf(unwell),
      looks_only: outage.looksOnly,
      first_known_by: outage.looksOnly ? knownBy(past, name, unwell) : null,
      last_seen_down: exactIsoOf(Math.min(unwell.at(-1)?.toUs ?? endUs, endUs)),
      course: course.map(({ fromUs, status, reason, why }) => ({
        from: exactIsoOf(fromUs),
        status,
        reason,
        why: [...why],
      })),
      pane: end ? paneOf(asked, end) : null,
      unit: unitOf(settled),
      beats_expected: first?.row.heartbeat.expected ?? true,
      ...lastBeat(first),
      beats_watched_until: beatsWatchedUntil(past, name, beganUs),
      last_message: lastMessage(asked, name, beganUs),
      attached: attachedTo(asked, name, beganUs, first),
      out_of_memory: outOfMemory(asked, name, settled, {
        fromUs: beganUs - NEARBY_US,
        toUs: endUs + NEARBY_US,
      }),
    },
  };
}

type Stage = Interval & { readonly status: AgentStatus };

function unwellIn(past: Past, agent: string, window: Window): Stage[] {
  return [...past.intervals(agent, window)].flatMap((interval) => {
    const { status, reason } = interval;
    if (status === null || bucketOf(status, reason) !== "unhealthy") return [];
    return [{ ...interval, status, fromUs: Math.max(interval.fromUs, window.fromUs) }];
  });
}

/** Each change of an outage once. */
function courseOf(unwell: readonly Stage[]): Stage[] {
  const course: Stage[] = [];
  for (const stage of unwell) {
    const last = course.at(-1);
    if (last?.status === stage.status && last.reason === stage.reason) {
      const why = [...new Set([...last.why, ...stage.why])].sort((a, b) => a - b);
      course[course.length - 1] = { ...last, why };
    } else course.push(stage);
  }
  return course;
}

function stretchesOf(unwell: readonly Stage[]): number {
  return unwell.filter(({ fromUs }, index) => unwell[index - 1]?.toUs !== fromUs).length;
}

/** The first stretch of them. */
function knownBy(past: Past, agent: string, unwell: readonly Stage[]): Glimpse {
  const [first] = unwell;
  if (first === undefined) return null;
  const next = unwell.findIndex(({ fromUs }, index) => index > 0 && unwell[index - 1]?.toUs !== fromUs);
  const last = unwell.at(next === -1 ? -1 : next - 1);
  return glimpseOf(past, agent, { fromUs: first.fromUs, toUs: last?.toUs ?? first.fromUs });
}

/** When an outage that was under way at a moment began: back over what was unwell, and over what nobody watched of the same life. */
function beginningOf(past: Past, agent: string, atUs: number): number {
  let beganUs = atUs;
  for (let us = atUs + 1; ; ) {
    const interval = [...past.intervals(agent, { fromUs: us - 1, toUs: us })].at(-1);
    const bucket = interval === undefined ? null : bucketOf(interval.status, interval.reason);
    if (interval === undefined || (bucket !== "unhealthy" && bucket !== "unobserved")) return beganUs;
    if (bucket === "unhealthy") beganUs = interval.fromUs;
    if (interval.fromUs === -Infinity) return beganUs;
    const unseen = { fromUs: interval.fromUs, toUs: beganUs + 1 };
    if (bucket === "unobserved" && [...past.occurrences(agent, "started", unseen)].length > 0) return beganUs;
    us = interval.fromUs;
  }
}

function ownPanes({ facts: { pane } }: Explained): readonly AgentPane[] {
  return pane.own === undefined ? [] : [pane.own];
}

function paneOf(asked: AskedIncidents, { row, facts }: Explained): Death["pane"] {
  const { pane } = row;
  if ((pane.state !== "dead" && pane.state !== "missing") || facts.bornUnseenUs !== null) return null;
  const own = facts.pane.own;
  const known = facts.evidence.pane;
  const hasStatus = own !== undefined && (own.status !== null || own.signal !== null);
  const atUs = known.known ? (hasStatus ? endedAtUs(known) : wentAtUs(known)) : null;
  // tmux had kept no time of it, and nobody was looking.
  const isFound =
    own?.diedUnseenFromUs !== undefined && known.known && (known.unseenEnd?.diedAtUs ?? null) === null;
  const away = known.known ? known.away : null;
  const foundAway = own !== undefined && away !== null && own.unseenFromUs !== undefined && !hasStatus;
  return {
    state: pane.state,
    id: own?.pane ?? null,
    pid: own?.pid ?? null,
    exit_status: own?.status ?? null,
    signal: own?.signal ?? null,
    at: isFound ? null : exactIsoOrNull(foundAway ? renamedUnseenUs(asked.events, own) : atUs),
    source: own?.byHooks ? "tmux-hook" : "tmux",
    away: away === null ? null : { ...away, found_at: foundAway ? exactIsoOf(own.atUs) : null },
  };
}

function unitOf(last: Explained | undefined): Death["unit"] {
  const { unit, unitName, evidence } = last?.facts ?? {};
  if (unit === undefined || unitName === undefined || evidence?.unit.known !== true || unit.seq === 0)
    return null;
  return { name: unitName, active: evidence.unit.active, result: evidence.unit.result };
}

function lastBeat(first: Explained | undefined): Pick<Death, "last_beat" | "beat_of_another"> {
  const { heartbeat, beatOf: whose = null } = first?.facts ?? {};
  if (heartbeat === undefined) return { last_beat: null, beat_of_another: null };
  const beat = {
    at: exactIsoOf(heartbeat.atUs),
    status: heartbeat.beat.status,
    pid: heartbeat.beat.pid,
  };
  if (whose === "earlier-life" || whose === "other-session")
    return { last_beat: null, beat_of_another: { ...beat, whose } };
  return {
    last_beat: { ...beat, of_this_life: whose === "life" ? true : null },
    beat_of_another: null,
  };
}

/** Where the next reading of its file still found the same beat none was made in between: that is as good as having watched. */
function beatsWatchedUntil(past: Past, agent: string, endedUs: number): string | null {
  const { state, observedAtUs } = past.explain(agent, endedUs - 1).facts.watch.heartbeat;
  return state === "fresh" ? null : exactIsoOrNull(observedAtUs);
}

function lastMessage(asked: AskedIncidents, agent: string, atUs: number): Death["last_message"] {
  const last = asked.lastSent(agent, atUs);
  return last === null ? null : { at: exactIsoOf(last.fromUs), seq: last.why[0] ?? 0 };
}

function outOfMemory(
  asked: AskedIncidents,
  agent: string,
  { facts }: Explained,
  span: Window,
): Death["out_of_memory"] {
  const { unit, evidence } = facts;
  if (unit !== undefined && evidence.unit.known && evidence.unit.result === OUT_OF_MEMORY)
    return { seq: unit.seq };
  return asked.outOfMemory(agent, span);
}

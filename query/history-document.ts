import { BEFORE_THE_LOG } from "./history/before-the-log.ts";
import type { Interval } from "./history/intervals.ts";
import type { Gap, Past } from "./history/past.ts";
import type { Window } from "./history/sweep.ts";
import { exactIsoOf, exactIsoOrNull, secondsOrNull } from "./instant.ts";
import { declaredAs, whileRostered } from "./kinds.ts";
import type { AgentStatus } from "./row.ts";
import type { FoundFirst } from "./since.ts";
import { withFirst } from "./since.ts";
import type { StoryInput } from "./story.ts";
import { toldWithinUs } from "./told-within.ts";

export interface HistoryInterval {
  from: string;
  /** Null: it goes on at the end of the window. */
  to: string | null;
  seconds: number;
  /** It was so already when the window began, or when the log's first looks found it. */
  began_before: boolean;
  /** When it began, as `ps` shows it, also where that was before the window or the log, or while the roster did not name it. Null: not known. */
  since: string | null;
  /** `from` was told no finer: it lies within so many seconds after it. Null: it is known better than that, or nobody dated it. */
  within_seconds: number | null;
  /** Null, as in CSV and `sql`: it was not on the roster, and no session of its name was there, or was ever told of. */
  status: AgentStatus | null;
  /** No roster named it then: it is what its session was, and its time is planned. */
  unrostered: boolean;
  reason: string | null;
  /** The version of the rules that judged. */
  rules: number;
  /** The events that the verdict rests on. */
  why: number[];
}

export interface HistoryDocument {
  schema: "fleet.history.v1";
  tenant_id: string;
  host: string;
  at: string;
  log_seq: number;
  window: { from: string; to: string };
  agents: {
    name: string;
    /** The last ones of the window. */
    runtime: string | null;
    class: string;
    /** What it was declared as when, also where --class or --runtime asked for some of it; between these it was off the roster. */
    declared: { from: string; to: string; class: string; runtime: string | null }[];
    /** Each time that it was declared otherwise: what the roster said of it before, and from then on. */
    redeclared: {
      at: string;
      event: number;
      changes: { what: string; from: string | null; to: string | null }[];
    }[];
    intervals: HistoryInterval[];
  }[];
  /** Time in which no recorder watched. */
  gaps: { from: string | null; to: string | null; cause: Gap["cause"] }[];
  /** The kernel states its boot in whole seconds: it was within so many seconds after `at`. */
  boots: { at: string; within_seconds: number; boot_id: string }[];
}

/** The same as it is told, one after another: each is asked for only then. */
export interface HistoryTold extends Omit<HistoryDocument, "agents" | "gaps" | "boots"> {
  agents: (Omit<HistoryDocument["agents"][number], "intervals"> & { intervals: Iterable<HistoryInterval> })[];
  gaps: Iterable<HistoryDocument["gaps"][number]>;
  boots: Iterable<HistoryDocument["boots"][number]>;
}

/** The statuses of each agent over a window, cut to it; they leave no hole. */
export function historyDocument(past: Past, { entries, window, atUs }: StoryInput): HistoryTold {
  return {
    schema: "fleet.history.v1",
    tenant_id: past.tenantId,
    host: past.host,
    at: exactIsoOf(atUs),
    log_seq: past.logSeq,
    window: { from: exactIsoOf(window.fromUs), to: exactIsoOf(window.toUs) },
    agents: entries.map(({ name, declaration, declared, redeclared, stays }) => ({
      name,
      runtime: declaration.runtime,
      class: declaration.class,
      declared: whileRostered({ declared, stays }).map(declaredAs),
      redeclared: redeclared.map(({ atUs, seq, changes }) => ({
        at: exactIsoOf(atUs),
        event: seq,
        changes: changes.map((one) => ({ ...one })),
      })),
      intervals: { [Symbol.iterator]: () => cutIntervals(past, name, window) },
    })),
    gaps: { [Symbol.iterator]: () => gapsIn(past, window) },
    boots: { [Symbol.iterator]: () => bootsIn(past, window) },
  };
}

function* gapsIn(past: Past, window: Window) {
  for (const { fromUs, toUs, cause } of past.gaps(window))
    yield { from: fromUs === -Infinity ? null : exactIsoOf(fromUs), to: exactIsoOrNull(toUs), cause };
}

function* bootsIn(past: Past, window: Window) {
  for (const { atUs, withinUs, bootId } of past.boots(window))
    yield { at: exactIsoOf(atUs), within_seconds: withinUs / 1e6, boot_id: bootId };
}

/** An agent's statuses, cut to a window. What was judged several ways before the log says one thing. */
export function* cutIntervals(past: Past, agent: string, window: Window): Generator<HistoryInterval> {
  let open = null as [Interval, FoundFirst | null] | null;
  for (const [interval, first] of withFirst(past, agent, window)) {
    if (open !== null && isSameBefore(open[0], interval)) open[0] = { ...open[0], toUs: interval.toUs };
    else {
      if (open !== null) yield cutTo(past, agent, window, ...open);
      open = [interval, first];
    }
  }
  if (open !== null) yield cutTo(past, agent, window, ...open);
}

function isSameBefore(open: Interval, next: Interval): boolean {
  return (
    open.unrostered === next.unrostered &&
    open.reason === BEFORE_THE_LOG &&
    next.reason === BEFORE_THE_LOG &&
    open.rules === next.rules
  );
}

function cutTo(
  past: Past,
  agent: string,
  window: Window,
  interval: Interval,
  first: FoundFirst | null,
): HistoryInterval {
  const { fromUs, toUs, status, reason, rules, why } = interval;
  const beganBefore = fromUs < window.fromUs;
  const begins = beganBefore ? window.fromUs : fromUs;
  const sinceUs = first === null ? (fromUs === -Infinity ? null : fromUs) : first.sinceUs;
  const withinUs = beganBefore || first !== null ? null : toldWithinUs(past, agent, status, fromUs);
  const ends = toUs === null || toUs >= window.toUs ? null : toUs;
  return {
    from: exactIsoOf(begins),
    to: exactIsoOrNull(ends),
    seconds: ((ends ?? window.toUs) - begins) / 1e6,
    began_before: beganBefore || first?.by === "log",
    since: exactIsoOrNull(sinceUs),
    within_seconds: secondsOrNull(withinUs),
    status,
    unrostered: interval.unrostered === true,
    reason,
    rules,
    why: [...why],
  };
}

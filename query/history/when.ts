import type { AgentStatus } from "../row.ts";
import { attachmentsOf } from "./attachments.ts";
import { driftWithin } from "./drift.ts";
import type { Happening } from "./happening.ts";
import { HAPPENINGS } from "./happening.ts";
import type { History, Sent } from "./history.ts";
import type { Interval } from "./intervals.ts";
import { livesWithin } from "./lives.ts";
import type { Occurrence } from "./occurrence.ts";
import { once } from "./once.ts";
import type { RuleBook } from "./rules.ts";
import { rulesInForce } from "./rules.ts";
import type { Span, Spans } from "./span.ts";
import { lengthOf, overlapOf, spansOf } from "./span.ts";
import type { Around } from "./stays.ts";
import { aroundOf, staysIn } from "./stays.ts";
import type { Window } from "./sweep.ts";
import { statusIntervals } from "./sweep.ts";

export interface When {
  /** In order of time. */
  readonly occurrences: readonly Occurrence[];
  readonly first: Occurrence | null;
  readonly last: Occurrence | null;
  readonly count: number;
  /** How much of the window was watched well enough to tell: what never happened is only said of this part. */
  readonly observedUs: number;
  readonly observedShare: number;
}

/** When an agent was in a state, or when something happened to it, within a window whose ends are finite. */
export function when(
  history: History,
  agent: string,
  state: AgentStatus | Happening,
  window: Window,
  book: RuleBook = rulesInForce,
): When {
  const occurrences = occurrencesWithin(history, agent, state, window, book);
  const observedUs = lengthOf(observedWithin(history, agent, state, window, book));
  const lengthUs = window.toUs - window.fromUs;
  return {
    occurrences,
    first: occurrences[0] ?? null,
    last: occurrences.at(-1) ?? null,
    count: occurrences.length,
    observedUs,
    observedShare: lengthUs > 0 ? observedUs / lengthUs : 0,
  };
}

export function occurrencesWithin(
  history: History,
  agent: string,
  state: AgentStatus | Happening,
  window: Window,
  book: RuleBook = rulesInForce,
): Occurrence[] {
  return isHappening(state)
    ? happeningsWithin(history, agent, state, window)
    : [
        ...staysIn(
          statusesWithin(history, agent, window, book),
          state,
          window,
          aroundIn(history, agent, window, book),
        ),
      ];
}

export function isHappening(state: AgentStatus | Happening): state is Happening {
  return (HAPPENINGS as readonly string[]).includes(state);
}

function aroundIn(history: History, agent: string, window: Window, book: RuleBook): Around {
  const all = once(() => statusIntervals(history, agent, ALWAYS, book));
  return aroundOf(
    {
      intervals: (_agent, { fromUs, toUs }) =>
        all().filter((interval) => interval.fromUs < toUs && (interval.toUs ?? Infinity) > fromUs),
      occurrences: (_agent, _started, around) => startsOf(history, agent, around),
      parts: (whole) => [whole],
      nowUs: Infinity,
    },
    agent,
    window,
  );
}

const ALWAYS: Window = { fromUs: -Infinity, toUs: Infinity };

/** Each time that something happened to an agent. */
export function happeningsWithin(
  history: History,
  agent: string,
  happening: Happening,
  window: Window,
): Occurrence[] {
  switch (happening) {
    case "drifted":
      return driftWithin(history, agent, window).occurrences;
    case "started":
      return startsOf(history, agent, window);
    case "attached":
      return attachmentsOf(history, agent, window);
    case "sent":
      return sendsIn(history.sends(agent), window);
    case "rebooted":
      return rebootsOf(history, window);
  }
}

/** The part of the window in which the state could not have gone unseen. */
export function observedWithin(
  history: History,
  agent: string,
  state: AgentStatus | Happening,
  window: Window,
  book: RuleBook = rulesInForce,
): Spans {
  return isHappening(state)
    ? watchedWithin(history, agent, state, window)
    : [
        ...judgedWithin(statusesWithin(history, agent, window, book), state, window, () =>
          rosterWatched(history),
        ),
      ];
}

export function watchedWithin(history: History, agent: string, happening: Happening, window: Window): Spans {
  switch (happening) {
    case "drifted":
      return driftWithin(history, agent, window).observed;
    case "started":
    case "attached":
      return overlapOf(watchedSockets(history, agent, window), [window]);
    case "rebooted":
      // Each boot tells its own hour, but of several in one gap only the last one is still there to tell.
      return overlapOf(history.coverage.spans("systemd", ""), [window]);
    case "sent":
      // Whoever sends writes it down: no watcher is needed.
      return [window];
  }
}

/**
 * Where verdicts could tell. That nobody could tell is known of every moment; and off the roster that one was in no status that only the roster
 * promises, as `uptime` has it, where somebody watched the roster: a line of it may have come and gone while nobody did. `watched`: when the roster
 * was; null where sightings are told, of a session that is known not to have been there.
 */
export function* judgedWithin(
  intervals: Iterable<Interval>,
  status: AgentStatus,
  window: Window,
  watched: (() => Spans) | null,
): Generator<Span> {
  let last = null as Span | null;
  for (const told of judgedSpans(intervals, status, watched)) {
    const [fromUs, toUs] = [Math.max(told.fromUs, window.fromUs), Math.min(told.toUs, window.toUs)];
    if (fromUs >= toUs) continue;
    if (last?.toUs === fromUs) last = { fromUs: last.fromUs, toUs };
    else {
      if (last !== null) yield last;
      last = { fromUs, toUs };
    }
  }
  if (last !== null) yield last;
}

/** In order of time, without any two that overlap. */
function* judgedSpans(
  intervals: Iterable<Interval>,
  status: AgentStatus,
  watched: (() => Spans) | null,
): Generator<Span> {
  for (const interval of intervals) {
    const span = { fromUs: interval.fromUs, toUs: interval.toUs ?? Infinity };
    if (status === "unobserved" || (interval.status === null && watched === null)) yield span;
    else if (interval.status === null && watched !== null) {
      yield* overlapOf(watched(), [span]);
    } else if (interval.status !== "unobserved") yield span;
  }
}

/** When the roster file was watched. */
export function rosterWatched({ coverage }: History): Spans {
  return coverage.spans("roster", "");
}

function statusesWithin(history: History, agent: string, window: Window, book: RuleBook): Interval[] {
  return statusIntervals(history, agent, { fromUs: window.fromUs - 1, toUs: window.toUs }, book);
}

function startsOf(history: History, agent: string, window: Window): Occurrence[] {
  return livesWithin(history, agent, window).map(({ fromUs, reason, seq }) => ({
    ...instant(fromUs),
    ...{ reason, why: [seq] },
  }));
}

function rebootsOf({ boots }: History, window: Window): Occurrence[] {
  // The first boot that the log tells of is the one it began in: nobody saw a boot before it end.
  return boots
    .slice(1)
    .filter(({ atUs }) => atUs >= window.fromUs && atUs < window.toUs)
    .map(({ atUs, withinUs, bootId, seq }) => ({
      ...instant(atUs),
      ...{ withinUs, reason: `boot ${bootId.slice(0, 8)}`, why: [seq] },
    }));
}

function instant(atUs: number): Omit<Occurrence, "reason" | "why"> {
  return { fromUs: atUs, toUs: atUs, beganBefore: false, found: 1, unseenUs: 0, endUnseen: false };
}

export function sendsIn(sends: readonly Sent[], window: Window): Occurrence[] {
  return sends
    .filter(({ atUs }) => atUs >= window.fromUs && atUs < window.toUs)
    .map(({ atUs, seq }) => ({ ...instant(atUs), ...{ reason: null, why: [seq] } }));
}

/** When a socket of this agent was watched, around a window. */
function watchedSockets(history: History, agent: string, { fromUs, toUs }: Window): Spans {
  const sockets = new Set(history.told.sockets(agent));
  if (sockets.size === 0) for (const scope of history.coverage.scopes("tmux")) sockets.add(scope);
  const near = (span: Span): boolean => span.fromUs < toUs && span.toUs > fromUs;
  return spansOf([...sockets].flatMap((socket) => history.coverage.spans("tmux", socket).filter(near)));
}

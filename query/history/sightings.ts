import type { AgentStatus } from "../row.ts";
import { BEFORE_THE_LOG } from "./before-the-log.ts";
import type { Interval } from "./intervals.ts";
import type { Past } from "./past.ts";
import type { Window } from "./sweep.ts";

/**
 * An agent's verdicts, with what its session was where no roster named it: time off the roster is judged as that of a session that no roster ever
 * named, by the rule that gives it a row in the table (`isGone`). Of a name under which no session was ever told of there is none to tell of, whoever
 * watched (`judged` null).
 */
export function* sightingsOf(
  intervals: Iterable<Interval>,
  isStray: boolean,
  judged: ((offRoster: Window) => Iterable<Interval>) | null,
): Generator<Interval> {
  for (const interval of intervals) {
    if (isStray || interval.status !== null || judged === null) {
      const isShown = isStray && interval.status !== null && interval.reason !== BEFORE_THE_LOG;
      yield isShown ? { ...interval, unrostered: true } : interval;
      continue;
    }
    for (const sighting of judged({ fromUs: interval.fromUs, toUs: interval.toUs ?? Infinity }))
      yield sighting.status === null ? sighting : { ...sighting, unrostered: true };
  }
}

/** In which of both an agent's past is told around a moment: off the roster it is that of its session. */
export function viewAt(past: Past, agent: string, atUs: number): Past["intervals"] {
  const [then] = past.sightings(agent, { fromUs: atUs, toUs: atUs + 1 });
  return then?.unrostered ? past.sightings : past.intervals;
}

/** What a session may be that no roster names. */
export function maybeUnrostered(status: AgentStatus): boolean {
  return UNROSTERED.includes(status);
}

const UNROSTERED: readonly AgentStatus[] = ["running", "dead", "stopped", "unobserved"];

import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { FoldEvent } from "../../store/projection.ts";
import type { AgentFacts } from "../evidence.ts";
import { startTakesUs } from "../planes/purpose.ts";
import { REACH_IN_INTERVALS } from "../planes/reach.ts";
import type { Verdict } from "../verdict.ts";
import { judge } from "../verdict.ts";
import type { Evidence } from "../weighed.ts";
import type { Timeline } from "./timeline.ts";
import { always, changesOf, setFrom, valueAt } from "./timeline.ts";

/** One version of the judgement. History is judged by the rules in force at its time, so an upgrade rewrites nothing. */
export interface Rules {
  readonly version: number;
  judge(evidence: Evidence): Verdict;
  /** The moments at which the verdict may change though no evidence does: this version's own deadlines. */
  turns(facts: AgentFacts, resumedAtUs: number | null): number[];
}

/** Which rules were in force when. */
export interface RuleBook {
  at(atUs: number): Rules;
  /** Moments at which other rules came into force. */
  readonly changesUs: readonly number[];
}

const version1: Rules = {
  version: 1,
  judge,
  turns({ agent, evidence, heartbeat, pane }, resumedAtUs) {
    const intervalUs = evidence.intervalSeconds * 1e6;
    const reachUs = REACH_IN_INTERVALS * intervalUs;
    const turns: number[] = [];
    // `judgeBeat`: a beat of the future counts from one interval before its hour, holds to the end of its reach and no longer.
    if (heartbeat) turns.push(Math.ceil(heartbeat.atUs - intervalUs), after(heartbeat.atUs + reachUs));
    if (resumedAtUs !== null) turns.push(after(resumedAtUs + reachUs));
    // `silent`: no beat within three intervals of the life's beginning.
    const bornAtUs = evidence.pane.known ? (evidence.pane.startedAtUs ?? evidence.pane.atUs) : null;
    if (bornAtUs !== null && pane.own) turns.push(after(bornAtUs + reachUs));
    // `stopInForce`, and `everRan`: what a start is given to bring its pane; `wishedEndUs`: what a stop is, to take it away.
    const takesUs = startTakesUs(evidence.intervalSeconds);
    const { writerExitedAtUs } = evidence.beat;
    if (writerExitedAtUs !== null) turns.push(writerExitedAtUs + takesUs);
    const startedAtUs = agent?.purpose.startedAtUs ?? null;
    if (startedAtUs !== null) turns.push(startedAtUs + takesUs);
    if (evidence.unit.known && (evidence.unit.active === "active" || evidence.unit.active === "activating"))
      turns.push(evidence.unit.atUs + takesUs, after(evidence.unit.atUs + takesUs));
    // Where the clock was set back a failure may be known before the hour that it is dated by.
    if (evidence.unit.known && evidence.unit.active === "failed") turns.push(evidence.unit.atUs);
    return turns;
  },
};

/** The first whole microsecond after a moment. */
function after(us: number): number {
  return Math.floor(us) + 1;
}

/** Every version that this program knows, in order. A version is never edited once a fleet has judged by it: a change is a new one. */
export const RULES: readonly Rules[] = [version1];

/** The rules that this program would judge by if it were asked for the first time. */
export function newestOf(rules: readonly Rules[] = RULES): Rules {
  return rules.at(-1) as Rules;
}

/** Version 1 from the beginning of time. */
export const rulesInForce: RuleBook = { at: () => version1, changesUs: [] };

/** One version for all times. */
export function bookOfOne(rules: Rules): RuleBook {
  return { at: () => rules, changesUs: [] };
}

/** Which version was adopted from when on; before the first one it is version 1. */
export function bookOf(adopted: Timeline<number | undefined>, rules: readonly Rules[] = RULES): RuleBook {
  return {
    // One that only a newer fleet knows is judged by the newest that is known here.
    at: (atUs) => rules.find(({ version }) => version === (valueAt(adopted, atUs) ?? 1)) ?? newestOf(rules),
    changesUs: changesOf(adopted),
  };
}

/** The adoptions that a log tells of. The later word stands from its own `fromUs` on. */
export function adoptionsOf(events: Iterable<FoldEvent>): Timeline<number | undefined> {
  const adopted = always<number | undefined>(undefined);
  for (const event of events) {
    const adoption = adoptionOf(event);
    if (adoption !== null) setFrom(adopted, adoption.fromUs, adoption.version);
  }
  return adopted;
}

export function adoptionOf(event: FoldEvent): PayloadOf<"rules.adopted"> | null {
  if (event.type !== "rules.adopted" || event.schemaVersion > 1) return null;
  return event.payload as PayloadOf<"rules.adopted">;
}

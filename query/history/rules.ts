import type { AgentFacts } from "../evidence.ts";
import { REACH_IN_INTERVALS } from "../planes/heartbeat.ts";
import type { Evidence, Verdict } from "../verdict.ts";
import { judge } from "../verdict.ts";

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
  turns({ evidence, heartbeat, pane }, resumedAtUs) {
    const intervalUs = evidence.intervalSeconds * 1e6;
    const reachUs = REACH_IN_INTERVALS * intervalUs;
    const turns: number[] = [];
    // `judgeBeat`: a beat of the future counts from one interval before its hour, holds to the end of its reach and no longer.
    if (heartbeat) turns.push(Math.ceil(heartbeat.atUs - intervalUs), after(heartbeat.atUs + reachUs));
    if (resumedAtUs !== null) turns.push(after(resumedAtUs + reachUs));
    // `silent`: no beat within three intervals of the life's beginning.
    const bornAtUs = evidence.pane.known ? (evidence.pane.startedAtUs ?? evidence.pane.atUs) : null;
    if (bornAtUs !== null && pane.own) turns.push(after(bornAtUs + reachUs));
    return turns;
  },
};

/** The first whole microsecond after a moment. */
function after(us: number): number {
  return Math.floor(us) + 1;
}

/** Version 1 from the beginning of time. */
export const rulesInForce: RuleBook = { at: () => version1, changesUs: [] };

import type { Interval } from "./history/intervals.ts";
import type { Past } from "./history/past.ts";
import type { Window } from "./history/sweep.ts";

/** A stretch of time of which the newest rules say something else. */
export interface Rejudged {
  readonly agent: string;
  readonly fromUs: number;
  readonly toUs: number;
  readonly said: Pick<Interval, "status" | "reason" | "rules">;
  readonly wouldSay: Pick<Interval, "status" | "reason" | "rules">;
}

/** Where the verdicts in force and those of the newest rules differ within a window, in order of time. */
export function* rejudged(past: Past, agent: string, window: Window): Generator<Rejudged> {
  const toUs = Math.min(window.toUs, past.nowUs);
  const said = past.intervals(agent, { ...window, toUs })[Symbol.iterator]();
  let current = said.next();
  for (const anew of past.rejudged(agent, { ...window, toUs })) {
    const untilUs = Math.min(anew.toUs ?? toUs, toUs);
    let fromUs = anew.fromUs;
    while (!current.done && fromUs < untilUs) {
      const now = current.value;
      const ends = Math.min(now.toUs ?? toUs, untilUs);
      const differs = now.status !== anew.status || now.reason !== anew.reason;
      if (differs && fromUs < ends)
        yield { agent, fromUs, toUs: ends, said: verdictOf(now), wouldSay: verdictOf(anew) };
      fromUs = Math.max(fromUs, ends);
      if ((now.toUs ?? Infinity) <= fromUs) current = said.next();
    }
  }
}

function verdictOf({ status, reason, rules }: Interval): Rejudged["said"] {
  return { status, reason, rules };
}

import type { AgentStatus } from "../row.ts";
import type { Interval } from "./intervals.ts";
import type { Past } from "./past.ts";
import type { Window } from "./sweep.ts";

/** A verdict, and until when it held before nobody could tell any more. */
export interface LastSeen {
  readonly status: AgentStatus | null;
  readonly reason: string | null;
  readonly untilUs: number;
}

/** What an agent was just before a moment. What nobody watched is passed over: it is as it was last seen. Null: it had never been. */
export function lastSeen(
  intervals: Past["intervals"],
  agent: string,
  atUs: number,
  isSeen: (verdict: Interval) => boolean = ({ status }) => status !== "unobserved",
): LastSeen | null {
  for (let us = atUs; ; ) {
    const last = [...intervals(agent, { fromUs: us - 1, toUs: us })].at(-1);
    if (last === undefined) return null;
    if (isSeen(last)) return { status: last.status, reason: last.reason, untilUs: us };
    if (last.fromUs === -Infinity) return null;
    us = last.fromUs;
  }
}

/** A verdict, and from when on it was seen. */
export interface NextSeen {
  readonly status: AgentStatus | null;
  readonly fromUs: number;
}

/** What an agent was found to be first in a window, after time that nobody watched. Null: nothing was seen. */
export function nextSeen(intervals: Past["intervals"], agent: string, window: Window): NextSeen | null {
  if (window.fromUs >= window.toUs) return null;
  for (const { status, fromUs } of intervals(agent, window))
    if (status !== "unobserved") return { status, fromUs: Math.max(fromUs, window.fromUs) };
  return null;
}

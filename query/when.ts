import type { Occurrence } from "./history/occurrence.ts";
import type { Past, State } from "./history/past.ts";
import type { Span } from "./history/span.ts";
import { lengthOf } from "./history/span.ts";
import type { Window } from "./history/sweep.ts";
import { exactIsoOf, exactIsoOrNull } from "./instant.ts";

export interface WhenOccurrence {
  from: string;
  /** Null: it goes on at the end of the window. The same as `from`: it happened at an instant. */
  to: string | null;
  /** Until the end of the window where it goes on. */
  seconds: number;
  /** It was so already when the window began. */
  began_before: boolean;
  reason: string | null;
  /** The events that it rests on. */
  why: number[];
}

export interface WhenDocument {
  schema: "fleet.when.v1";
  tenant_id: string;
  host: string;
  at: string;
  log_seq: number;
  name: string;
  state: State;
  window: { from: string; to: string };
  /** The part of the window in which it could not have gone unseen. */
  observed: { seconds: number; share: number; spans: { from: string; to: string }[] };
  count: number;
  first: WhenOccurrence | null;
  last: WhenOccurrence | null;
  occurrences: WhenOccurrence[];
}

/** Each time that an agent was in a state, or that something happened to it, and how much of the window was seen well enough to tell. */
export function whenDocument(
  past: Past,
  input: { readonly name: string; readonly state: State; readonly window: Window; readonly atUs: number },
): WhenDocument {
  const { name, state, window, atUs } = input;
  const occurrences = [...past.occurrences(name, state, window)].map((one) => told(one, window));
  const spans: Span[] = [...past.observed(name, state, window)];
  const observedUs = lengthOf(spans);
  return {
    schema: "fleet.when.v1",
    tenant_id: past.tenantId,
    host: past.host,
    at: exactIsoOf(atUs),
    log_seq: past.logSeq,
    name,
    state,
    window: { from: exactIsoOf(window.fromUs), to: exactIsoOf(window.toUs) },
    observed: {
      seconds: observedUs / 1e6,
      share: observedUs / (window.toUs - window.fromUs),
      spans: spans.map(({ fromUs, toUs }) => ({ from: exactIsoOf(fromUs), to: exactIsoOf(toUs) })),
    },
    count: occurrences.length,
    first: occurrences[0] ?? null,
    last: occurrences.at(-1) ?? null,
    occurrences,
  };
}

function told({ fromUs, toUs, beganBefore, reason, why }: Occurrence, window: Window): WhenOccurrence {
  return {
    from: exactIsoOf(fromUs),
    to: exactIsoOrNull(toUs),
    seconds: ((toUs ?? window.toUs) - fromUs) / 1e6,
    began_before: beganBefore,
    reason,
    why: [...why],
  };
}

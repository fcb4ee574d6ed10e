import type { Emit } from "../store/events/batch.ts";
import type { Source } from "../store/events/envelope.ts";

export interface Clock {
  /** Wall clock, microseconds since the epoch. It may step. */
  nowUs(): number;
  /** CLOCK_MONOTONIC, microseconds: never steps, stands still during a suspend. */
  monotonicUs(): number;
}

/** What a look at one scope came to. Unavailable is not absent: "did not answer" is never read as "is not there". */
export type Outcome =
  | { readonly state: "observed" }
  | { readonly state: "unavailable"; readonly reason: string };

export interface CollectorContext {
  readonly clock: Clock;
  /** Hands one batch to the log; on return it is durable. */
  readonly emit: Emit;
  /** The durable position of this name, or null when there is none yet. */
  readonly cursor: (name: string) => string | null;
  /** Says how a look at a scope ended, each time; whoever runs the collector turns changes into recorder.source.* events. */
  readonly report: (scope: string, outcome: Outcome) => void;
  /** Ends the collector: `watch` then settles what is in flight and returns within half a second. */
  readonly signal: AbortSignal;
}

/**
 * One source of facts. It is handed `emit` and knows no database; it judges nothing and acts on nothing.
 * `sample` looks once (a `ps` without a recorder). `watch` keeps looking until the signal ends it; it throws only when it
 * cannot go on, and is then started again with backoff.
 */
export interface Collector {
  readonly source: Source;
  sample(context: CollectorContext): Promise<void>;
  watch(context: CollectorContext): Promise<void>;
}

import { setTimeout as pause } from "node:timers/promises";
import type { Batch, Emit } from "../store/events/batch.ts";
import type { FleetEvent } from "../store/events/catalogue.ts";
import type { Clock, Collector, CollectorContext, Outcome } from "./collector.ts";

/** What the collectors are handed, but for what the supervisor itself makes for each. */
export interface World {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly cursor: (name: string) => string | null;
}

/** How one look at one scope ended, with the source it belongs to. */
export interface NamedOutcome {
  readonly source: string;
  readonly scope: string;
  readonly state: "observed" | "unavailable";
  readonly reason: string | null;
}

export interface SupervisorOptions extends World {
  readonly collectors: readonly Collector[];
  readonly signal: AbortSignal;
  /** Told of each change, after it stands in the log: for the recorder's own terminal. */
  readonly onChange?: (outcome: NamedOutcome) => void;
  /** The log refused a report (disk full, say); it is tried again at the next one. */
  readonly onTrouble?: (error: unknown) => void;
  /**
   * Takes what to call when the log has come to take every source for unwatched, though nobody here ended. What a collector knows is from
   * before that: each begins as it did at first, by looking, and only then is it said to watch.
   */
  readonly onUnwatched?: (begin: () => void) => void;
  readonly firstBackoffMs?: number;
  readonly maxBackoffMs?: number;
}

/** A collector that ran this long has earned the shortest backoff again. */
const HEALTHY_AFTER_US = 60_000_000;
/** A reason that keeps changing (a pid in its text) is told at most this often; a change of state always. */
const REASON_EVERY_US = 60_000_000;
/** Collectors promise to end within half a second; one that hangs must not keep the recorder from stopping. */
const STOP_WITHIN_MS = 800;
const MAX_REASON_CHARS = 500;

/**
 * Keeps every collector going until the signal ends them. One that throws is started again with backoff and never stops
 * the rest; what each could and could not see goes into the log as recorder.source.* events, once per change.
 */
export async function supervise(options: SupervisorOptions): Promise<void> {
  const { collectors, signal } = options;
  const ledgers = collectors.map((collector) => createLedger(collector.source, options));
  const ending = Promise.all(
    collectors.map((collector, index) => keepGoing(collector, ledgers[index] as Ledger, options)),
  );
  const deadline = new AbortController();
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const overdue = aborted
    .then(() => pause(STOP_WITHIN_MS, undefined, { signal: deadline.signal }))
    .catch(() => undefined);
  await Promise.race([ending, overdue]);
  deadline.abort();
  for (const ledger of ledgers) ledger.stop();
}

async function keepGoing(collector: Collector, ledger: Ledger, options: SupervisorOptions): Promise<void> {
  const { clock, emit, cursor, signal, firstBackoffMs = 1000, maxBackoffMs = 30_000 } = options;
  let backoffMs = firstBackoffMs;
  let turn = new AbortController();
  options.onUnwatched?.(() => {
    turn.abort();
    ledger.forget();
  });
  while (!signal.aborted) {
    turn = new AbortController();
    const ending = AbortSignal.any([signal, turn.signal]);
    const context = { clock, emit, cursor, signal: ending, report: reportOf(ledger, turn.signal) };
    const begunUs = clock.monotonicUs();
    try {
      await collector.watch(context);
      if (ending.aborted) continue;
      ledger.fail("it ended by itself");
    } catch (error) {
      if (ending.aborted) continue;
      ledger.fail(error instanceof Error ? error.message : String(error));
    }
    if (clock.monotonicUs() - begunUs > HEALTHY_AFTER_US) backoffMs = firstBackoffMs;
    // Jitter keeps collectors that fell together from standing up together for ever.
    await pause(backoffMs * (0.75 + Math.random() / 2), undefined, { signal: ending }).catch(() => undefined);
    backoffMs = Math.min(maxBackoffMs, backoffMs * 2);
  }
}

/** A look that was begun before its turn was over says nothing of what is watched since. */
function reportOf(ledger: Ledger, over: AbortSignal): CollectorContext["report"] {
  return (scope, outcome) => {
    if (!over.aborted) ledger.report(scope, outcome);
  };
}

interface Ledger {
  readonly report: CollectorContext["report"];
  /** The collector itself failed: nothing that it watched is watched now. */
  fail(reason: string): void;
  /** What was told holds no more, by the log's own word. */
  forget(): void;
  stop(): void;
}

interface Told {
  readonly state: Outcome["state"];
  readonly reason: string | null;
  readonly atUs: number;
}

/** Turns what a collector reports, look after look, into events that say what changed. */
function createLedger(source: Collector["source"], options: SupervisorOptions): Ledger {
  const { clock, emit, onChange, onTrouble } = options;
  const told = new Map<string, Told>();
  let fellAsAWhole = false;
  let closed = false;

  const tell = (type: SourceEvent, scope: string, reason: string | null): boolean => {
    const watched = { source, scope };
    const payload =
      type === "recorder.source.unavailable" ? { ...watched, reason: reason ?? "unknown" } : watched;
    const occurred = {
      agent: null,
      source: "recorder",
      occurredAtUs: clock.nowUs(),
      precision: "us",
    } as const;
    const event = { ...occurred, type, payload } as FleetEvent;
    try {
      return emit({ source: "recorder", events: [event] } satisfies Batch).ok;
    } catch (error) {
      onTrouble?.(error);
      return false;
    }
  };

  const report = (scope: string, outcome: Outcome): void => {
    // One that hangs beyond the stop must not say afterwards that it watches.
    if (closed) return;
    // A source that fell before it could name its scopes was told of as a whole; its own word on a scope takes that back.
    if (fellAsAWhole && scope !== "" && tell("recorder.source.stopped", "", null)) {
      fellAsAWhole = false;
      told.delete("");
    }
    const before = told.get(scope);
    const reason = outcome.state === "unavailable" ? outcome.reason.slice(0, MAX_REASON_CHARS) : null;
    const nowUs = clock.monotonicUs();
    if (before?.state === outcome.state) {
      if (before.reason === reason || nowUs - before.atUs < REASON_EVERY_US) return;
    }
    const found = before ? "recorder.source.recovered" : "recorder.source.started";
    const type = outcome.state === "observed" ? found : "recorder.source.unavailable";
    if (!tell(type, scope, reason)) return;
    told.set(scope, { state: outcome.state, reason, atUs: nowUs });
    onChange?.({ source, scope, state: outcome.state, reason });
  };

  return {
    report,
    fail(reason) {
      fellAsAWhole = told.size === 0 || fellAsAWhole;
      const scopes = told.size > 0 ? [...told.keys()] : [""];
      for (const scope of scopes) report(scope, { state: "unavailable", reason });
    },
    forget() {
      told.clear();
      fellAsAWhole = false;
    },
    stop() {
      closed = true;
      for (const [scope, { state }] of told)
        if (state === "observed") tell("recorder.source.stopped", scope, null);
      told.clear();
    },
  };
}

type SourceEvent = Extract<FleetEvent["type"], `recorder.source.${string}`>;

/**
 * One look at everything, for a `ps` without a recorder. The stages run one after the other (what is on the roster says
 * which units to ask about, and panes whose processes), the collectors of a stage side by side, each under the deadline.
 */
export async function sampleAll(
  stages: readonly (readonly Collector[])[],
  world: World,
  deadlineMs: number,
): Promise<NamedOutcome[]> {
  const outcomes: NamedOutcome[] = [];
  for (const stage of stages) {
    const looks = await Promise.all(stage.map((collector) => sampleOne(collector, world, deadlineMs)));
    outcomes.push(...looks.flat());
  }
  return outcomes;
}

async function sampleOne(collector: Collector, world: World, deadlineMs: number): Promise<NamedOutcome[]> {
  const { source } = collector;
  const outcomes = new Map<string, NamedOutcome>();
  let open = true;
  const report = (scope: string, outcome: Outcome): void => {
    if (!open) return;
    const reason = outcome.state === "unavailable" ? outcome.reason.slice(0, MAX_REASON_CHARS) : null;
    outcomes.set(scope, { source, scope, state: outcome.state, reason });
  };
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), deadlineMs);
  const late = new Promise<"late">((resolve) =>
    ending.signal.addEventListener("abort", () => resolve("late"), { once: true }),
  );
  try {
    const ended = await Promise.race([collector.sample({ ...world, report, signal: ending.signal }), late]);
    if (ended === "late") report("", { state: "unavailable", reason: `no answer within ${deadlineMs} ms` });
  } catch (error) {
    report("", { state: "unavailable", reason: error instanceof Error ? error.message : String(error) });
  } finally {
    clearTimeout(timer);
    open = false;
  }
  return [...outcomes.values()];
}

import { join } from "node:path";
import type { SystemdSnapshot } from "../../store/events/snapshot.ts";
import type { CollectorContext } from "../collector.ts";
import { type Attention, createAttention } from "./attention.ts";
import { type BusWatch, watchBus } from "./bus-watch.ts";
import { readLinkedUnits } from "./enablement.ts";
import { createKnown, type Known } from "./known.ts";
import type { Looker } from "./look.ts";
import { type MachinePaths, readManagerFacts } from "./manager-facts.ts";
import { canBeAsked } from "./manager-sockets.ts";
import type { Answer, Systemctl } from "./systemctl.ts";
import { FLEET_UNIT_PATTERN, isFleetUnit, type UnitOfInterest } from "./unit-name.ts";

export interface Pace {
  /** Each answer of systemctl and of the bus. */
  readonly deadlineMs: number;
  /** Sign of life, links, linger and boot id: under a millisecond. */
  readonly tickMs: number;
  /** Without the bus: one cheap list of the loaded units (6 ms). */
  readonly pollMs: number;
  /** Everything anew, against whatever got lost. 50 units cost 70 ms, hence seldom while signals are heard. */
  readonly everythingMs: number;
  readonly everythingUnheardMs: number;
  /** From one try to reach a missing bus to the next. */
  readonly retryMs: number;
  /** From the first signal to the look: a start is told by about seven signals within 15 ms. */
  readonly coalesceMs: number;
  /** At least this long from one look to the next: a unit in a crash loop costs a bounded share of a core. */
  readonly gapMs: number;
}

export interface UnitWatchOptions {
  readonly looker: Looker;
  readonly systemctl: Systemctl;
  readonly about: {
    readonly units: () => readonly UnitOfInterest[];
    readonly unitDirectories: readonly string[];
    readonly userName: string | null;
    readonly paths: MachinePaths;
  };
  readonly bus: {
    readonly uid: number;
    readonly runtimeDirectory: string;
    /** `DBUS_SESSION_BUS_ADDRESS`, as systemctl is given it. */
    readonly address: string | undefined;
  };
  readonly pace: Pace;
  readonly context: CollectorContext;
}

/** Scope of what is said about the bus. Without it units are still seen, only later: the source itself (scope "") stands. */
export const BUS_SCOPE = "user-bus";

/** The user's bus is reached within a few milliseconds or not at all; the first look waits this long to hear which. */
const FIRST_LOOK_WAIT_MS = 500;

/** Watches units until the context's signal. */
export async function watchUnits(options: UnitWatchOptions): Promise<void> {
  const { context, pace, about } = options;
  // What belongs to this watch ends with it, whether it was asked to end or the log refused what it found.
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const attention = createAttention({ coalesceMs: pace.coalesceMs, gapMs: pace.gapMs, signal });
  const known = createKnown();
  const isOfInterest = (unit: string): boolean =>
    isFleetUnit(unit) || about.units().some((named) => named.unit === unit);
  const relinked = (): string[] =>
    known.changedLinks(readLinkedUnits(about.unitDirectories)).filter(isOfInterest);

  const bus = listen(options, attention, isOfInterest, signal);
  // Loaded here, because a single look has no use for a file watcher.
  const { watchLinks } = await import("./link-watch.ts");
  const links = watchLinks(about.unitDirectories, () => {
    for (const unit of relinked()) attention.unit(unit);
  });

  const conclude = createConclusion(options, known);
  let everythingDueUs = 0;
  let askedFor = "";
  const mayAnswer = (): boolean => canBeAsked(options.bus.runtimeDirectory, options.bus.address);
  let refused: { readonly reason: string; readonly atUs: number } | null = null;
  const lookAtEverything = async (): Promise<boolean> => {
    const every = bus.heard() ? pace.everythingMs : pace.everythingUnheardMs;
    const nowUs = context.clock.monotonicUs();
    // A program that is started every five seconds to be refused again was a seventh of what an idle recorder cost.
    if (refused !== null && nowUs - refused.atUs < every * 1000 && !mayAnswer())
      return conclude({ ok: false, reason: refused.reason });
    askedFor = namesOf(about.units());
    relinked();
    const look = await options.looker.everything();
    refused = look.ok ? null : { reason: look.reason, atUs: nowUs };
    const seen = conclude(look);
    // Nothing is known of what happened while a look failed, so all is looked at next.
    everythingDueUs = seen ? context.clock.monotonicUs() + every * 1000 : 0;
    return seen;
  };
  const lookAt = async (units: readonly string[]): Promise<boolean> => {
    const seen = conclude(await options.looker.some(units));
    if (!seen) everythingDueUs = 0;
    return seen;
  };
  /** Nothing was signalled. Is that because nothing happened? */
  const tick = async (): Promise<boolean> => {
    links.refresh();
    if (namesOf(about.units()) !== askedFor) return lookAtEverything();
    const changed = new Set(relinked());
    if (bus.heard()) {
      // Unanswered, the connection is closed, which asks for everything by itself.
      if (!(await bus.ping())) return true;
    } else {
      const patterns = [FLEET_UNIT_PATTERN, ...about.units().map((named) => named.unit)];
      const listed = await options.systemctl.list(patterns);
      if (!listed.ok) {
        everythingDueUs = 0;
        return conclude(listed);
      }
      for (const unit of known.changedUnits(listed.value)) changed.add(unit);
    }
    const facts = managerFacts(options);
    if (changed.size > 0 || (facts !== null && known.changedManager(facts) !== null)) {
      return lookAt([...changed]);
    }
    if (signal.aborted) return true;
    context.emit({ source: "systemd", observed: { scope: "", atUs: context.clock.nowUs() } });
    context.report("", { state: "observed" });
    return true;
  };

  try {
    // Signals first, then the look: what changes in between is signalled.
    await attention.wait(FIRST_LOOK_WAIT_MS);
    while (!signal.aborted) {
      bus.report();
      const wanted = attention.take();
      const due = wanted.everything || context.clock.monotonicUs() >= everythingDueUs;
      let seen: boolean;
      if (due) seen = await lookAtEverything();
      else if (wanted.units.size > 0) seen = await lookAt([...wanted.units]);
      else seen = await tick();
      await attention.wait(seen && !bus.heard() ? pace.pollMs : pace.tickMs);
    }
  } finally {
    stop.abort();
    await Promise.all([links.close(), bus.ended]);
  }
}

/** Turns the manager's signals into attention. `report` says whether they are heard: the log is written from one place only. */
function listen(
  options: UnitWatchOptions,
  attention: Attention,
  isOfInterest: (unit: string) => boolean,
  signal: AbortSignal,
): BusWatch & { report(): void } {
  const { pace, context } = options;
  let state: { readonly unheardBecause: string | null } | null = null;
  const watch = watchBus({
    socketPath: join(options.bus.runtimeDirectory, "bus"),
    uid: options.bus.uid,
    deadlineMs: pace.deadlineMs,
    retryMs: pace.retryMs,
    signal,
    onHint: (hint) => {
      if (hint.look === "everything") attention.everything();
      else if (hint.look === "unit" && isOfInterest(hint.unit)) attention.unit(hint.unit);
    },
    onState: (unheardBecause) => {
      const was = state;
      state = { unheardBecause };
      // Whenever hearing begins or ends, something may have happened that was never signalled to us.
      if (was === null || (was.unheardBecause === null) !== (unheardBecause === null)) attention.everything();
    },
  });
  return {
    ...watch,
    report() {
      if (state === null) return;
      const reason = `${state.unheardBecause}; units are listed every ${pace.pollMs} ms instead`;
      const heard = state.unheardBecause === null;
      context.report(BUS_SCOPE, heard ? { state: "observed" } : { state: "unavailable", reason });
    },
  };
}

/** Hands looks on; returns whether there was one. */
function createConclusion(
  options: UnitWatchOptions,
  known: Known,
): (look: Answer<SystemdSnapshot> | { ok: false; reason: string }) => boolean {
  const { context } = options;
  return (look) => {
    if (context.signal.aborted) return true;
    if (look.ok) {
      known.saw(look.value);
      context.emit({ source: "systemd", snapshot: look.value });
      context.report("", { state: "observed" });
      return true;
    }
    context.report("", { state: "unavailable", reason: look.reason });
    // Switching lingering off ends the manager itself, so that no snapshot could tell it any more: it is told alone.
    const facts = managerFacts(options);
    const payload = facts === null ? null : known.changedManager(facts);
    if (payload === null) return false;
    const occurredAtUs = context.clock.nowUs();
    const type = "systemd.manager.changed";
    const event = { type, agent: null, source: "systemd", occurredAtUs, precision: "us", payload } as const;
    context.emit({ source: "systemd", events: [event] });
    return false;
  };
}

/** Null where /proc does not tell: then no change is known either. */
function managerFacts(options: UnitWatchOptions): ReturnType<typeof readManagerFacts> | null {
  try {
    return readManagerFacts(options.about.userName, options.about.paths);
  } catch {
    return null;
  }
}

function namesOf(units: readonly UnitOfInterest[]): string {
  return units
    .map((named) => `${named.unit}=${named.agent ?? ""}`)
    .sort()
    .join("\n");
}

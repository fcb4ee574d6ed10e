import { setTimeout as sleep } from "node:timers/promises";
import type { Collector, CollectorContext } from "../collector.ts";
import { type Ended, followLines } from "../spawn.ts";
import type { UnitOfInterest } from "../systemd/unit-name.ts";
import {
  type Journalctl,
  journalctlArgs,
  journalctlEnvironment,
  journalTrouble,
  probeJournal,
  type Reach,
} from "./journalctl.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { createLife } from "./life.ts";
import { createReader, MAX_LINE_BYTES } from "./reader.ts";

export interface JournalCollectorOptions {
  /** Units that the roster names; lines about every `mosaic-*` service are kept besides. */
  readonly units: () => readonly UnitOfInterest[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /** Default `journalctl`. */
  readonly program?: string;
  /** When this machine was booted (microseconds since the epoch), or null; default from `/proc/stat`. */
  readonly bootedAtUs?: () => number | null;
  readonly pace?: Partial<JournalPace>;
}

export interface JournalPace {
  /** journalctl's answer to whether there is a journal. */
  readonly deadlineMs: number;
  /** All of a single look. */
  readonly sampleMs: number;
  /** A follower that lives this long without a word is reading. */
  readonly settledMs: number;
  /** How often a quiet follower is said to be alive. */
  readonly tickMs: number;
  /** First and longest pause before a journalctl that ended is started again. */
  readonly restartMs: number;
  readonly retryMs: number;
}

const PACE: JournalPace = {
  deadlineMs: 5_000,
  sampleMs: 5_000,
  settledMs: 500,
  tickMs: 10_000,
  restartMs: 100,
  retryMs: 10_000,
};

/** How reading came to its end. */
type Reading = Ended | "moved" | "nonsense";

/**
 * What the user manager logs about units: starts, stops, deaths, restarts and their reasons, each line once, from a durable
 * cursor. It is a history of points and never complete (clean ends are not logged, and journald drops lines of a user whose
 * agents flood it), so that the state of a unit is the systemd collector's to say.
 */
export function createJournalCollector(options: JournalCollectorOptions): Collector {
  const pace: JournalPace = { ...PACE, ...options.pace };
  const journalctl: Journalctl = {
    program: options.program ?? "journalctl",
    env: journalctlEnvironment(options.environment),
    uid: options.uid,
    deadlineMs: pace.deadlineMs,
  };

  /**
   * Reads on until journalctl ends or `signal` ends it. "moved": another writer was here; "nonsense": what it prints are no
   * journal entries. A failing `emit` is thrown.
   */
  const read = async (
    ledger: Ledger,
    how: Reach,
    context: CollectorContext,
    signal: AbortSignal,
    onLines: (progressed: boolean) => void = () => {},
  ): Promise<Reading> => {
    const stop = new AbortController();
    let stopped: "moved" | "nonsense" = "moved";
    const reader = createReader(ledger.position(), options.units, how);
    const ended = await followLines(
      {
        program: journalctl.program,
        args: journalctlArgs(ledger.position(), journalctl.uid, how),
        env: journalctl.env,
        signal: AbortSignal.any([signal, stop.signal]),
        maxLineBytes: MAX_LINE_BYTES,
      },
      (lines) => {
        if (stop.signal.aborted) return;
        const before = reader.position();
        const events = reader.take(lines, context.clock.nowUs());
        if (!ledger.write(events, reader.position(), lines.length)) return stop.abort();
        if (reader.isNonsense()) {
          stopped = "nonsense";
          return stop.abort();
        }
        onLines(reader.position() !== before);
      },
    );
    return stop.signal.aborted ? stopped : ended;
  };

  const follow = async (
    ledger: Ledger,
    context: CollectorContext,
    onLines: (progressed: boolean) => void,
  ): Promise<Reading> => {
    const life = createLife(context, pace);
    try {
      const either = AbortSignal.any([context.signal, life.failed]);
      return await read(ledger, "follow", context, either, (progressed) => {
        onLines(progressed);
        life.sign();
      });
    } finally {
      life.end();
    }
  };

  const troubleOf = (ended: Reading): string | null => {
    if (ended === "moved") return null;
    if (ended === "nonsense") return `${journalctl.program} prints lines that are no journal entries`;
    return journalTrouble(journalctl.program, ended);
  };

  /** Where to read on, or null when the journal cannot be read, which is reported then. */
  const begin = async (context: CollectorContext): Promise<Ledger | null> => {
    while (!context.signal.aborted) {
      const ledger = openLedger(context, options.bootedAtUs);
      if (ledger.broken) {
        ledger.startOver("bad-cursor");
        continue;
      }
      const nowUs = context.clock.nowUs();
      const probe = await probeJournal(journalctl, ledger.position(), nowUs, context.signal);
      if (context.signal.aborted) break;
      if (probe.state === "unavailable") {
        context.report("", { state: "unavailable", reason: probe.reason });
        break;
      }
      if (probe.state === "lost") ledger.startOver(probe.reason);
      else if (ledger.keep()) return ledger;
    }
    return null;
  };

  return {
    source: "journal",

    async sample(context) {
      const late = AbortSignal.timeout(pace.sampleMs);
      for (;;) {
        const ledger = await begin(context);
        if (ledger === null) return;
        const ended = await read(ledger, "to-the-end", context, AbortSignal.any([context.signal, late]));
        if (context.signal.aborted) return;
        if (ended === "moved" && !late.aborted) continue;
        const trouble = late.aborted
          ? `the journal held more than could be read in ${pace.sampleMs} ms; the next look reads on`
          : troubleOf(ended);
        if (trouble !== null) return context.report("", { state: "unavailable", reason: trouble });
        context.emit({ source: "journal", observed: { scope: "", atUs: context.clock.nowUs() } });
        return context.report("", { state: "observed" });
      }
    },

    async watch(context) {
      const { signal } = context;
      const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal }).catch(() => {});
      let fruitless = 0;
      while (!signal.aborted) {
        const ledger = await begin(context);
        if (ledger === null) {
          await pause(pace.retryMs);
          continue;
        }
        const onLines = (progressed: boolean): void => {
          if (progressed) fruitless = 0;
        };
        // A follower shows nothing of earlier boots, so what they left is read first; only then is the journal said to be observed.
        let ended = await read(ledger, "to-the-end", context, signal, onLines);
        if (!signal.aborted && troubleOf(ended) === null && ended !== "moved")
          ended = await follow(ledger, context, onLines);
        if (signal.aborted || ended === "moved") continue;
        // Its end loses nothing: the next one reads on from the cursor. One that ends again and again is trouble, though.
        fruitless += 1;
        if (fruitless >= 3) {
          const reason = troubleOf(ended) ?? `${journalctl.program} ended by itself`;
          context.report("", { state: "unavailable", reason });
        }
        await pause(Math.min(pace.restartMs * 2 ** fruitless, pace.retryMs));
      }
    },
  };
}

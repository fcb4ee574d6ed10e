import type { CollectorContext } from "../collector.ts";
import { createWake } from "../wake.ts";
import type { TmuxAccess } from "./ask.ts";
import { createHookKeeper, type HookKeeper } from "./hook-keeper.ts";
import type { Beholder } from "./hook-line.ts";
import { lookAtSocket, lookTwiceAtZombies, type Sight } from "./look-at-socket.ts";
import { createNudges, nudgedEvent, nudgeServer } from "./nudge.ts";
import { publishRejectedLine, publishSight } from "./publish.ts";
import { parseRemembered, REMEMBERED_SOCKETS } from "./remembered.ts";
import { createSweep } from "./sweep.ts";
import { createToldEnds } from "./told-ends.ts";

/** Keeps looking at one socket: on a slow tick, when poked, and when the sweep between looks saw something. */
export interface SocketWatch extends Beholder {
  /** Runs until the signal ends it, or (for a socket that is only listed) until its server is gone. */
  run(): Promise<void>;
  /** Look soon. Any number of pokes while a look is under way makes one more look. */
  poke(): void;
  /** Cheap check between looks; pokes where something changed. */
  sweep(): void;
}

export interface SocketWatchOptions {
  readonly socketPath: string;
  readonly access: TmuxAccess;
  readonly procRoot: string;
  readonly bootId: string;
  readonly tickMs: number;
  readonly hooksCheckMs: number;
  readonly context: CollectorContext;
  /** Where the hooks of this socket write; null where none are to be set. */
  readonly spoolPath: string | null;
  /** No roster names this socket: its server is not nudged, and without a server the watch ends. */
  readonly onlyListed: boolean;
}

/** The least pause between two looks, and as a multiple of how long a look takes: a storm of hooks costs a third of a core at most. */
const MIN_PAUSE_MS = 20;
const PAUSE_FACTOR = 2;
/** How many ticks in a row may pass without asking a quiet server. */
const QUIET_TICKS = 4;
const MAX_BACKOFF_MS = 10_000;

export function createSocketWatch(options: SocketWatchOptions): SocketWatch {
  const { socketPath, procRoot, context, tickMs, spoolPath, onlyListed } = options;
  const { clock, signal } = context;
  const wake = createWake(signal);
  const sweep = createSweep({ socketPath, procRoot });
  const nudges = createNudges({ clock, mayNudge: !onlyListed });
  const keeper: HookKeeper | null = spoolPath === null ? null : createHookKeeper({ ...options, spoolPath });
  const settled = new Set<string>();
  const ends = createToldEnds();
  let names = new Map<string, string>();
  let serverPid = 0;
  let poked = false;
  let misses = 0;
  let rejectedLine: string | null = null;
  let hasLooked = false;

  return {
    async run() {
      try {
        while (!signal.aborted) {
          poked = false;
          const begunUs = clock.monotonicUs();
          const sighting = { ...options, clock, signal, settled };
          const sight = hasLooked
            ? await lookAtSocket({ ...sighting, isLongDead: nudges.isLongDead })
            : await lookTwiceAtZombies(sighting);
          hasLooked = true;
          if (signal.aborted || (onlyListed && isStaleSocket(sight))) return;
          publishSight(context, socketPath, sight);
          const nextMs = await follow(sight);
          if (nextMs === null) return;
          const tookMs = (clock.monotonicUs() - begunUs) / 1000;
          const leastMs = Math.max(MIN_PAUSE_MS, sight.state === "unavailable" ? 0 : tookMs * PAUSE_FACTOR);
          await pause(nextMs, leastMs);
          if (nextMs === tickMs) await restWhileQuiet(clock.monotonicUs() + QUIET_TICKS * tickMs * 1000);
        }
      } finally {
        sweep.close();
      }
    },
    poke,
    sweep() {
      if (sweep.changed()) poke();
    },
    wasNudged: ends.isOf,
    agentOf: ({ server, pane }) => (server === serverPid && pane !== null ? (names.get(pane) ?? null) : null),
  };

  function poke(): void {
    poked = true;
    wake.ring();
  }

  /**
   * A server that has not run since the last look has nothing new to tell: that alone is worth saying again, and it spares
   * most of the tmux clients of an idle fleet. Now and then it is asked all the same, since it could be stuck.
   */
  async function restWhileQuiet(untilUs: number): Promise<void> {
    while (!poked && !signal.aborted && sweep.quiet() && clock.monotonicUs() < untilUs) {
      context.emit({ source: "tmux", observed: { scope: socketPath, atUs: clock.nowUs() } });
      context.report(socketPath, { state: "observed" });
      await wake.wait(tickMs);
    }
  }

  /** Dead servers leave their sockets behind; one that nobody here ever saw alive is not worth a word. */
  function isStaleSocket(sight: Sight): boolean {
    return (
      sight.state === "gone" && !parseRemembered(context.cursor(REMEMBERED_SOCKETS)).includes(socketPath)
    );
  }

  /** What else a look asks for, and how long (ms) the next one may wait; null ends the watch. */
  async function follow(sight: Sight): Promise<number | null> {
    if (sight.state === "unavailable") {
      misses += 1;
      if (sight.line !== null && sight.line !== rejectedLine) {
        publishRejectedLine(context, socketPath, sight.reason, sight.line);
      }
      rejectedLine = sight.line;
      // Each client that waits for a stuck server stays in its queue, so they come ever more slowly.
      return sight.timedOut ? Math.min(MAX_BACKOFF_MS, tickMs * 2 ** (misses - 1)) : tickMs;
    }
    misses = 0;
    rejectedLine = null;
    if (sight.state === "gone") {
      sweep.track(null, []);
      return onlyListed ? null : tickMs;
    }
    if (sight.server.pid !== serverPid) ends.forget();
    serverPid = sight.server.pid;
    names = new Map(sight.snapshot.panes.map(({ pane, name }) => [pane, name]));
    forgetSettled(sight.snapshot.panes.map(({ pane, pid }) => `${pane} ${pid}`));
    sweep.track(sight.server, sight.processes);
    // What happened before the hooks stood has made no line.
    if (keeper !== null && (await keeper.tend(sight))) return 0;
    return Math.min(tickMs, nudge(sight) ?? tickMs);
  }

  function nudge({ server, lost }: Extract<Sight, { state: "seen" }>): number | null {
    const { due, lookAgainMs } = nudges.consider(lost);
    if (due.length > 0 && nudgeServer(server, procRoot)) {
      const nowUs = clock.nowUs();
      ends.told(server.pid, due, nowUs);
      const events = due.map((pane) => nudgedEvent(socketPath, server.pid, pane, nowUs));
      context.emit({ source: "tmux", events });
    }
    return lookAgainMs;
  }

  function forgetSettled(present: readonly string[]): void {
    if (settled.size === 0) return;
    const now = new Set(present);
    for (const pane of settled) if (!now.has(pane)) settled.delete(pane);
  }

  /** Waits until poked or due, but never less than `leastMs`. */
  async function pause(ms: number, leastMs: number): Promise<void> {
    const untilUs = clock.monotonicUs() + leastMs * 1000;
    await wake.wait(Math.max(ms, leastMs));
    const restMs = (untilUs - clock.monotonicUs()) / 1000;
    if (restMs <= 0 || signal.aborted) return;
    await wake.wait(restMs);
  }
}

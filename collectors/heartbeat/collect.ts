import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { BeatSeen, HeartbeatSnapshot } from "../../store/events/snapshot.ts";
import type { Collector, CollectorContext } from "../collector.ts";
import { watchDirectory } from "../directory-watch.ts";
import { printable } from "../printable.ts";
import { createWake } from "../wake.ts";
import { agentOfBeatFile, beatFileOf, lookAtDirectory } from "./directory.ts";
import { type ReadBeat, readBeatFile } from "./read.ts";
import { createRejections, type Rejection } from "./rejections.ts";
import { createWriters } from "./writers.ts";

export interface HeartbeatOptions {
  /** Where the `NAME.hb` files are; it need not exist yet. */
  readonly directory: string;
  /** Only files and a directory of this uid are believed. */
  readonly uid: number;
  readonly procRoot?: string;
  /** How often the whole directory is looked at, whatever the wake-ups said. */
  readonly sweepMs?: number;
  /** How often the processes behind the beats are looked at. */
  readonly writerCheckMs?: number;
}

/** Without wake-ups (no inotify watches left) the sweep alone has to be quick enough. */
const SWEEP_WITHOUT_WAKE_MS = 1000;
/** A writer that is not atomic has finished within this. */
const HALF_WRITTEN_MS = 25;
/** A file this young may be written again without its stamp changing (timestamps move with the kernel's 4 ms tick). */
const SETTLED_US = 50_000;
/** A directory full of foreign files is told by a few of them. */
const MAX_MISNAMED = 32;

/**
 * Heartbeat files as snapshots: each beat within milliseconds of its rename by a wake-up (complete: false), and the truth
 * about the whole directory by a sweep (complete: true). Files that are no beats become `collector.input.rejected`.
 */
export function createHeartbeatCollector(options: HeartbeatOptions): Collector {
  const { sweepMs = 5000, writerCheckMs = 500 } = options;
  return {
    source: "heartbeat",
    async sample(context) {
      const board = createBoard(options, context);
      try {
        await board.sweep();
      } finally {
        board.close();
      }
    },
    async watch(context) {
      const board = createBoard(options, context);
      const wake = createWake(context.signal);
      const dirty = new Set<string>();
      const nowMs = (): number => context.clock.monotonicUs() / 1000;
      let nextSweepMs = 0;
      let everyMs = sweepMs;
      const watcher = watchDirectory({
        directory: options.directory,
        accepts: (name) => agentOfBeatFile(name) !== null,
        onChange(name) {
          const agent = name === null ? null : agentOfBeatFile(name);
          if (agent === null) nextSweepMs = 0;
          else dirty.add(agent);
          wake.ring();
        },
        onTrouble() {
          everyMs = Math.min(sweepMs, SWEEP_WITHOUT_WAKE_MS);
          wake.ring();
        },
      });
      try {
        let nextCheckMs = 0;
        while (!context.signal.aborted) {
          if (nowMs() >= nextSweepMs) {
            dirty.clear();
            nextSweepMs = nowMs() + everyMs;
            watcher.follow(await board.sweep());
          } else if (dirty.size > 0) {
            const agents = [...dirty];
            dirty.clear();
            await board.look(agents);
          }
          if (nowMs() >= nextCheckMs) {
            board.checkWriters();
            nextCheckMs = nowMs() + writerCheckMs;
          }
          await wake.wait(Math.min(nextSweepMs, nextCheckMs) - nowMs());
        }
      } finally {
        board.close();
        await watcher.close();
      }
    },
  };
}

interface Known {
  /** Of the file as it was read last; null = it must be read again. */
  stamp: string | null;
  /** The last good beat: a file that is spoilt later does not unsay it. */
  beat: BeatSeen | null;
}

interface Board {
  /** Looks at the whole directory; returns what it is (null: not there). */
  sweep(): Promise<string | null>;
  look(agents: readonly string[]): Promise<void>;
  checkWriters(): void;
  close(): void;
}

/** What is known of each file, and the looks that keep it so. */
function createBoard(options: HeartbeatOptions, context: CollectorContext): Board {
  const { directory, uid } = options;
  const { clock, emit, report } = context;
  const known = new Map<string, Known>();
  const rejections = createRejections(directory);
  const writers = createWriters(options.procRoot);
  let trusted = false;

  /** Reads what changed of these files; returns the agents of whom something new is known. */
  const readAll = async (agents: readonly string[]): Promise<string[]> => {
    const read = new Map<string, ReadBeat>();
    for (const agent of agents) read.set(agent, readOne(agent));
    // Only what is still no beat a little later is one that never will be; a file that is written anew in two steps
    // (removed and created, or emptied and filled) is caught in between now and then.
    const doubtful = agents.filter((agent) => isDoubtful(read.get(agent), known.has(agent)));
    if (doubtful.length > 0 && !context.signal.aborted) {
      await pause(HALF_WRITTEN_MS);
      for (const agent of doubtful) read.set(agent, readOne(agent));
    }
    const rejected: Rejection[] = [];
    const changed = agents.filter((agent) => take(agent, read.get(agent) as ReadBeat, rejected));
    rejections.tell(rejected, context);
    return changed;
  };

  const readOne = (agent: string): ReadBeat =>
    readBeatFile(join(directory, beatFileOf(agent)), uid, known.get(agent)?.stamp ?? null);

  const take = (agent: string, read: ReadBeat, rejected: Rejection[]): boolean => {
    const before = known.get(agent);
    if (read.state === "unchanged") return false;
    if (read.state === "gone") {
      rejections.forget(beatFileOf(agent));
      known.delete(agent);
      writers.forget(agent);
      return before !== undefined;
    }
    if (read.state === "rejected") {
      const { stamp, reason, raw, bytes } = read;
      known.set(agent, { stamp: isSettled(stamp, clock.nowUs()) ? stamp : null, beat: before?.beat ?? null });
      rejected.push({ file: beatFileOf(agent), agent, reason, raw, bytes });
      return false;
    }
    rejections.forget(beatFileOf(agent));
    const nowUs = clock.nowUs();
    const { occurredAtUs, precision, payload } = read.beat;
    const writer = writers.see(agent, { pid: payload.pid, occurredAtUs }, nowUs);
    const beat = { occurredAtUs, precision, payload: { ...payload, pidStart: writer.pidStart } };
    const last = before?.beat ?? null;
    // The same beat read again after its writer has gone: when that process began was learnt the first time.
    const isLast =
      last !== null && isSameBeat(last.beat, { ...beat, payload: { ...payload, pidStart: startOf(last) } });
    const seen: BeatSeen = { agent, beat: isLast ? last.beat : beat, writerAlive: writer.alive };
    known.set(agent, { stamp: isSettled(read.stamp, nowUs) ? read.stamp : null, beat: seen });
    return !isLast || last.writerAlive !== writer.alive;
  };

  const emitBeats = (
    begunAtUs: number,
    agents: readonly string[],
    extent: Pick<HeartbeatSnapshot, "complete" | "unreadable">,
  ): void => {
    const beats = agents.flatMap((agent) => {
      const one = known.get(agent);
      if (one === undefined) return [{ agent, beat: null, writerAlive: null }];
      return one.beat === null ? [] : [one.beat];
    });
    const endedAtUs = clock.nowUs();
    emit({
      source: "heartbeat",
      snapshot: { source: "heartbeat", scope: "", begunAtUs, endedAtUs, beats, ...extent },
    });
  };

  return {
    async sweep() {
      const begunAtUs = clock.nowUs();
      const found = lookAtDirectory(directory, uid);
      trusted = found.state === "listed";
      if (found.state === "refused") {
        report("", { state: "unavailable", reason: printable(found.reason, 2048) });
        return null;
      }
      const listed = found.state === "listed" ? found.agents : [];
      const vanished = [...known.keys()].filter((agent) => !listed.includes(agent));
      await readAll([...listed, ...vanished]);
      if (found.state === "listed")
        rejections.tell(found.misnamed.slice(0, MAX_MISNAMED).map(misnamed), context);
      // A file that is there and was never read as a beat is not among the beats, and must not be taken for gone.
      const unreadable = [...known].filter(([, { beat }]) => beat === null).map(([agent]) => agent);
      emitBeats(begunAtUs, [...known.keys()], { complete: true, unreadable });
      report("", { state: "observed" });
      return found.state === "listed" ? found.identity : null;
    },
    async look(agents) {
      if (!trusted) return;
      const begunAtUs = clock.nowUs();
      const changed = await readAll(agents);
      if (changed.length > 0) emitBeats(begunAtUs, changed, { complete: false });
    },
    checkWriters() {
      const begunAtUs = clock.nowUs();
      const gone = writers.check();
      for (const agent of gone) {
        const one = known.get(agent);
        if (one?.beat) one.beat = { ...one.beat, writerAlive: false };
      }
      if (gone.length > 0) emitBeats(begunAtUs, gone, { complete: false });
    },
    close: () => writers.close(),
  };
}

function isDoubtful(read: ReadBeat | undefined, isKnown: boolean): boolean {
  return (read?.state === "rejected" && read.wasRead) || (read?.state === "gone" && isKnown);
}

function isSettled(stamp: string, nowUs: number): boolean {
  const [mtimeMs = "0", ctimeMs = "0"] = stamp.split(":").slice(3);
  return nowUs - Math.max(Number(mtimeMs), Number(ctimeMs)) * 1000 > SETTLED_US;
}

function isSameBeat(one: BeatSeen["beat"], other: BeatSeen["beat"]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function startOf(seen: BeatSeen): number | null {
  return seen.beat?.payload.pidStart ?? null;
}

function misnamed(file: string): Rejection {
  const name = printable(file, 256);
  const reason = "is not NAME.hb: a name is letters, digits, _ and -, at most 64";
  return { file: name, agent: null, reason, raw: "", bytes: 0 };
}

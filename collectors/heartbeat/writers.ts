import { closeSync, openSync, readSync } from "node:fs";
import { isGone, readBootClock, readProcess, startedAtUs } from "../proc/stat.ts";

/** What /proc says of the process that wrote a beat. Null `alive`: it cannot be known here. */
export interface Writer {
  readonly pidStart: number | null;
  readonly alive: boolean | null;
}

/**
 * Watches the processes behind the newest beats. `/proc/PID/statm` is kept open for each: reading it costs 1 us (`stat`
 * 4 us), and once the process is gone the open file says so for ever, also when its pid has been given to another process.
 */
export interface Writers {
  /** The writer of a beat that was just read. */
  see(agent: string, beat: { pid: number; occurredAtUs: number }, nowUs: number): Writer;
  /** Agents whose writer has gone since it was seen alive. */
  check(): string[];
  forget(agent: string): void;
  close(): void;
}

interface Watched {
  readonly pid: number;
  readonly pidStart: number;
  readonly fd: number;
}

/** `ts` of whole seconds is cut down, and a process's start is known to some 20 ms only. */
const START_SLACK_US = 2_000_000;

export function createWriters(procRoot = "/proc"): Writers {
  const watched = new Map<string, Watched>();
  const buffer = Buffer.alloc(128);
  const forget = (agent: string): void => {
    const one = watched.get(agent);
    if (one === undefined) return;
    watched.delete(agent);
    closeSync(one.fd);
  };
  return {
    see(agent, beat, nowUs) {
      const known = watched.get(agent);
      if (known?.pid === beat.pid && hasMemory(known.fd, buffer))
        return { pidStart: known.pidStart, alive: true };
      forget(agent);
      const bootedAtUs = bootedAt(nowUs, procRoot);
      // Without /proc (another system) nobody has said that the process is not there.
      if (bootedAtUs === null) return { pidStart: null, alive: null };
      // Opened first: if the pid changes hands meanwhile, the open file belongs to the former process and says so.
      const fd = openStatm(beat.pid, procRoot);
      const stat = fd === null ? null : readProcess(beat.pid, procRoot);
      const began = stat === null ? 0 : startedAtUs(stat.startTicks, { bootedAtUs });
      // A process that began after the beat did not write it: the pid was given out again.
      const another = began > beat.occurredAtUs + START_SLACK_US;
      if (fd === null || stat === null || another || !hasMemory(fd, buffer)) {
        if (fd !== null) closeSync(fd);
        return { pidStart: null, alive: false };
      }
      watched.set(agent, { pid: beat.pid, pidStart: stat.startTicks, fd });
      return { pidStart: stat.startTicks, alive: true };
    },
    check() {
      const gone: string[] = [];
      for (const [agent, { fd }] of watched) if (!hasMemory(fd, buffer)) gone.push(agent);
      for (const agent of gone) forget(agent);
      return gone;
    },
    forget,
    close() {
      for (const agent of [...watched.keys()]) forget(agent);
    },
  };
}

function bootedAt(nowUs: number, procRoot: string): number | null {
  try {
    return readBootClock(nowUs, procRoot).bootedAtUs;
  } catch {
    return null;
  }
}

function openStatm(pid: number, procRoot: string): number | null {
  try {
    return openSync(`${procRoot}/${pid}/statm`, "r");
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/**
 * A process that has ended has no memory: a zombie's `statm` begins with 0, that of one that is gone cannot be read.
 * That a zombie's parent has not asked how it ended makes no difference to the agent.
 */
function hasMemory(statm: number, buffer: Buffer): boolean {
  try {
    const length = readSync(statm, buffer, 0, buffer.length, 0);
    return length > 0 && !(buffer[0] === ZERO && buffer[1] === BLANK);
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

const ZERO = 0x30;
const BLANK = 0x20;

import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { isGone, parseStat, readProcess } from "../proc/stat.ts";

/**
 * Cheap eyes between two looks: a few system calls tell whether a look is worth its tmux client. What they see is only
 * ever a reason to look, never a fact of its own.
 */
export interface Sweep {
  /** What to watch from now on: the server and the processes of its panes, as the last look found them. */
  track(server: TrackedProcess | null, processes: readonly TrackedProcess[]): void;
  /** Whether something changed since the last call. */
  changed(): boolean;
  /**
   * Whether the server has not run at all since the sweep that followed the last look, so that another look would say the
   * same. False where the kernel keeps no account of that (CONFIG_SCHED_INFO).
   */
  quiet(): boolean;
  close(): void;
}

interface TrackedProcess {
  readonly pid: number;
  readonly startTicks: number | null;
}

interface Held {
  readonly startTicks: number;
  readonly fd: number;
  phase: Phase;
}

/** `stopped` matters for the server: one that is stopped will not answer, one that goes on will again. */
type Phase = "alive" | "stopped" | "zombie" | "gone";

const THOROUGH_EVERY = 8;

export interface SweepOptions {
  readonly socketPath: string;
  readonly procRoot: string;
}

export function createSweep({ socketPath, procRoot }: SweepOptions): Sweep {
  // A file in /proc that is kept open stays with its process: reading it costs microseconds, and a new process with the
  // same pid is never taken for the old one.
  const held = new Map<number, Held>();
  const buffer = Buffer.alloc(1024);
  let serverPid: number | null = null;
  let ledger: number | null = null;
  let ran: string | null = null;
  let ranAtFirst: string | null = null;
  let calls = 0;
  let socket = socketIdentity(socketPath);
  let children = new Map<number, Child>();

  const drop = (pid: number): void => {
    const process = held.get(pid);
    if (process === undefined) return;
    held.delete(pid);
    closeSync(process.fd);
  };
  const hold = (pid: number, startTicks: number | null): void => {
    const known = held.get(pid);
    if (known !== undefined && known.startTicks === startTicks) return;
    drop(pid);
    const opened = openProcess(pid, startTicks, procRoot);
    if (opened !== null) held.set(pid, opened);
  };

  return {
    track(server, processes) {
      const wanted = new Set(processes.map(({ pid }) => pid));
      if (server !== null) wanted.add(server.pid);
      for (const pid of [...held.keys()]) if (!wanted.has(pid)) drop(pid);
      for (const { pid, startTicks } of processes) hold(pid, startTicks);
      if (server !== null) hold(server.pid, server.startTicks);
      if (ledger !== null) closeSync(ledger);
      ledger = server === null ? null : openOrNull(`${procRoot}/${server.pid}/schedstat`);
      ran = null;
      ranAtFirst = null;
      serverPid = server?.pid ?? null;
      const born = serverPid === null ? [] : readChildren(serverPid, procRoot);
      children = new Map(born.map((pid) => [pid, wanted.has(pid) ? "known" : (children.get(pid) ?? "new")]));
    },
    changed() {
      let changed = false;
      const before = ran;
      ran = ledger === null ? null : ranSoFar(ledger, buffer);
      ranAtFirst ??= ran;
      calls += 1;
      // A death or a birth runs the server: its child's signal, the end of a terminal. While it has not run there is
      // nothing to find, except by the thorough call that comes now and then all the same.
      const thorough = ran === null || ran !== before || calls % THOROUGH_EVERY === 0;
      for (const [pid, process] of held) {
        if (process.phase === "gone" || (!thorough && pid !== serverPid)) continue;
        const phase = phaseOf(process.fd, buffer);
        const matters = pid === serverPid || isOver(phase) || isOver(process.phase);
        if (phase !== process.phase && matters) changed = true;
        process.phase = phase;
      }
      const found = socketIdentity(socketPath);
      if (found !== socket) changed = true;
      socket = found;
      if (thorough && serverPid !== null && bornAPane(serverPid)) changed = true;
      return changed;
    },
    quiet: () =>
      ran !== null && ran === ranAtFirst && serverPid !== null && held.get(serverPid)?.phase === "alive",
    close() {
      for (const pid of [...held.keys()]) drop(pid);
      if (ledger !== null) closeSync(ledger);
      ledger = null;
    },
  };

  /** A respawned pane fires no hook, and sockets that are only listed have none: but the server has a new child. */
  function bornAPane(server: number): boolean {
    let born = false;
    const now = new Map<number, Child>();
    for (const pid of readChildren(server, procRoot)) {
      const before = children.get(pid);
      // A pane's process has a terminal; a job (a hook, a `#()` of the status line) never gets one. Between fork and
      // exec neither has, so a child without one is looked at twice.
      const child =
        before === "known" || before === "job"
          ? before
          : hasTerminal(pid)
            ? "pane"
            : before === "new"
              ? "job"
              : "new";
      if (child === "pane") born = true;
      now.set(pid, child === "pane" ? "known" : child);
    }
    children = now;
    return born;
  }

  function hasTerminal(pid: number): boolean {
    try {
      return (readProcess(pid, procRoot)?.ttyNr ?? 0) !== 0;
    } catch {
      return false;
    }
  }
}

type Child = "new" | "known" | "job";

function isOver(phase: Phase): boolean {
  return phase === "zombie" || phase === "gone";
}

function openProcess(pid: number, startTicks: number | null, procRoot: string): Held | null {
  try {
    const fd = openSync(`${procRoot}/${pid}/stat`, "r");
    const buffer = Buffer.alloc(1024);
    const stat = parseStat(buffer.toString("latin1", 0, readSync(fd, buffer, 0, buffer.length, 0)));
    if (stat !== null && stat.startTicks === startTicks) {
      return { fd, startTicks: stat.startTicks, phase: phaseOfState(stat.state) };
    }
    closeSync(fd);
    return null;
  } catch {
    // Gone already, or no file descriptors left: the slow tick sees to it.
    return null;
  }
}

function openOrNull(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch {
    return null;
  }
}

/** The kernel's account of how long a process has run; null when it is gone, or when the kernel keeps none and says zero. */
function ranSoFar(fd: number, buffer: Buffer): string | null {
  try {
    const text = buffer.toString("latin1", 0, readSync(fd, buffer, 0, buffer.length, 0));
    return /^0 0 0\s*$/.test(text) ? null : text;
  } catch {
    return null;
  }
}

function phaseOf(fd: number, buffer: Buffer): Phase {
  try {
    const length = readSync(fd, buffer, 0, buffer.length, 0);
    const close = buffer.lastIndexOf(0x29, length - 1);
    return phaseOfState(String.fromCharCode(buffer[close + 2] ?? 0));
  } catch (error) {
    if (isGone(error)) return "gone";
    throw error;
  }
}

function phaseOfState(state: string): Phase {
  if (state === "Z" || state === "X" || state === "x") return "zombie";
  return state === "T" || state === "t" ? "stopped" : "alive";
}

/** The children of a process; none where the kernel does not list them (CONFIG_PROC_CHILDREN) or the process is gone. */
function readChildren(pid: number, procRoot: string): number[] {
  try {
    const text = readFileSync(`${procRoot}/${pid}/task/${pid}/children`, "latin1");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** A server that comes up makes its socket anew, so its inode or change time differs. */
export function socketIdentity(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev}:${found.ino}:${found.ctimeMs}`;
}

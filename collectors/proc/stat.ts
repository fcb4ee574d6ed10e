import { closeSync, openSync, readFileSync, readSync } from "node:fs";

/** What `/proc/PID/stat` says of one process, as far as the collectors use it (proc_pid_stat(5)). */
export interface ProcessStat {
  readonly pid: number;
  /** One letter: `R` `S` `D` running or waiting, `T` stopped, `Z` a zombie that its parent has not reaped. */
  readonly state: string;
  readonly ppid: number;
  readonly pgrp: number;
  readonly ttyNr: number;
  /** The foreground process group of its terminal, -1 without one. */
  readonly tpgid: number;
  /** Threads that have not ended. A zombie with more than one is a process whose main thread ended first: it lives. */
  readonly threads: number;
  /** Clock ticks after boot at which it started. Pid and start ticks name a process within one boot. */
  readonly startTicks: number;
  /** What it calls itself: of its program file at first, 15 bytes at most. */
  readonly comm: string;
  /**
   * Where its stack, arguments and environment lie. An exec lays them out anew, at random places, and sets the last of these only
   * when the arguments can be read: the same image is the same command line, but for a program that writes over its own. Null
   * where the kernel does not let us see them.
   */
  readonly image: string | null;
  /** Wait status of a zombie (1024 = exit 4, 9 = signal 9); 0 where the kernel does not let us see it. */
  readonly exitCode: number;
}

/** USER_HZ: what the kernel counts `startTicks` in. 100 on every architecture that Node runs on. */
export const TICKS_PER_SECOND = 100;

/** Whether it has ended and waits for its parent to fetch its status. */
export function isZombie(stat: Pick<ProcessStat, "state" | "threads">): boolean {
  return stat.state === "Z" && stat.threads <= 1;
}

/** When ticks began to count, on the wall clock. */
export interface BootClock {
  readonly bootedAtUs: number;
}

/** One life of a process: `<first 8 of boot id>-<pid>-<start ticks>`. */
export function incarnationOf(bootId: string, pid: number, startTicks: number): string {
  return `${bootId.slice(0, 8)}-${pid}-${startTicks}`;
}

/** Wall clock time at which a process started, in microseconds, exact to about 20 ms while the wall clock is not stepped. */
export function startedAtUs(startTicks: number, clock: BootClock): number {
  return Math.round(clock.bootedAtUs + (startTicks * 1_000_000) / TICKS_PER_SECOND);
}

/**
 * Parses the text of `/proc/PID/stat`; null when it is not one. The second field is the program's own name in
 * parentheses and may hold spaces and parentheses, so the fields are counted from the last `)`.
 */
export function parseStat(text: string): ProcessStat | null {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  if (open < 1 || close < open) return null;
  // The kernel puts one space between them. Without a regular expression, since each costs a start 0.1 ms.
  const fields = text
    .slice(close + 1)
    .trim()
    .split(" ");
  const state = fields[0] ?? "";
  const threads = integer(fields[17]);
  const startTicks = integer(fields[19]);
  const pid = integer(text.slice(0, open).trim());
  const ppid = integer(fields[1]);
  const pgrp = integer(fields[2]);
  const ttyNr = integer(fields[4]);
  const tpgid = integer(fields[5]);
  if (!isLetter(state) || pid === null || ppid === null || pgrp === null) return null;
  if (ttyNr === null || tpgid === null || threads === null) return null;
  if (startTicks === null || startTicks < 0) return null;
  const comm = text.slice(open + 1, close);
  const exitCode = integer(fields[49]) ?? 0;
  return {
    pid,
    state,
    ppid,
    pgrp,
    ttyNr,
    tpgid,
    threads,
    startTicks,
    comm,
    image: imageOf(fields),
    exitCode,
  };
}

/** Fields 28 (start of the stack) and 48 to 51 (arguments and environment); zeros where they are hidden. */
function imageOf(fields: readonly string[]): string | null {
  const stack = fields[25];
  if (stack === undefined || stack === "0" || fields[45] === undefined || fields[45] === "0") return null;
  return `${stack} ${fields[45]} ${fields[46]} ${fields[47]} ${fields[48]}`;
}

/**
 * The process of this pid now, or null when there is none. An error that is not "no such process" (no file
 * descriptors left, say) is thrown: it must not be read as a death.
 */
export function readProcess(pid: number, procRoot = "/proc"): ProcessStat | null {
  let fd: number | null = null;
  try {
    // Three system calls; readFileSync would make five, and this is done for each pane at each look.
    fd = openSync(`${procRoot}/${pid}/stat`, "r");
    const buffer = Buffer.allocUnsafe(1024);
    return parseStat(buffer.toString("latin1", 0, readSync(fd, buffer, 0, buffer.length, 0)));
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** ENOENT: no such pid. ESRCH: it went between the open and the read. */
export function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ESRCH";
}

/** The id of this boot: a UUID that the kernel makes anew at each start. */
export function bootId(procRoot = "/proc"): string {
  return readFileSync(`${procRoot}/sys/kernel/random/boot_id`, "latin1").trim();
}

/**
 * The boot instant on the wall clock as it stands now (microseconds): `nowUs` minus the uptime, which the kernel states
 * in hundredths of a second. It follows steps of the wall clock, so read it for each look rather than once.
 */
export function readBootClock(nowUs: number, procRoot = "/proc"): BootClock {
  const text = readFileSync(`${procRoot}/uptime`, "latin1");
  const seconds = parseUptime(text);
  if (seconds === null)
    throw new Error(`${procRoot}/uptime does not begin with a number: ${text.slice(0, 80)}`);
  return { bootedAtUs: Math.round(nowUs - seconds * 1_000_000) };
}

/** Seconds since boot from the text of `/proc/uptime`. */
export function parseUptime(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s/.exec(text);
  return match === null ? null : Number(match[1]);
}

/** `btime` of `/proc/stat` in whole seconds since the epoch: coarser than `readBootClock`, but the same at each reading. */
export function parseBtime(procStat: string): number | null {
  const match = /^btime (\d+)$/m.exec(procStat);
  return match === null ? null : Number(match[1]);
}

/** The boot instant, whole seconds as microseconds; null where `/proc/stat` does not say. */
export function bootedAtUs(procRoot = "/proc"): number | null {
  const seconds = parseBtime(readFileSync(`${procRoot}/stat`, "latin1"));
  return seconds === null ? null : seconds * 1_000_000;
}

function isLetter(text: string): boolean {
  return text.length === 1 && ((text >= "A" && text <= "Z") || (text >= "a" && text <= "z"));
}

function integer(text: string | undefined): number | null {
  if (text === undefined || text === "") return null;
  const value = Number(text);
  // What reads back as it was written is decimal digits and nothing else.
  return Number.isSafeInteger(value) && String(value) === text ? value : null;
}

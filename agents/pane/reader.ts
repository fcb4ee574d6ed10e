import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { procLink, procText } from "../proc-file.ts";
import { knownRuntimes } from "../screens/classify.ts";

/** One process that may read from a pane's terminal. */
export interface ReadingProcess {
  readonly pid: number;
  /** What it is called: the kernel's name for it, and the file that runs. */
  readonly names: readonly string[];
  /** All bytes that it has ever read, from anywhere; null where the kernel does not let us see it. */
  readonly readBytes: number | null;
}

/** Who would read what is typed: the foreground processes of the pane's terminal. */
export interface Foreground {
  readonly group: number | null;
  readonly processes: readonly ReadingProcess[];
  /** The known runtime among them. */
  readonly runtime: string | null;
  readonly isShell: boolean;
  /** Milliseconds since the youngest of them started; null when that cannot be told. */
  readonly ageMs: number | null;
}

const SHELLS = new Set(["bash", "sh", "dash", "zsh", "fish", "ksh", "mksh", "ash", "busybox"]);
/** USER_HZ: the kernel counts start times in it, on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
const MAX_PROCESSES = 512;

interface Stat {
  readonly pid: number;
  readonly ppid: number;
  readonly pgrp: number;
  readonly tty: number;
  readonly foreground: number;
  readonly startTicks: number;
}

/** The foreground group of the terminal of this process, from /proc. */
export function foregroundOf(panePid: number, procRoot = "/proc"): Foreground {
  const pane = statOf(panePid, procRoot);
  const group = pane === null || pane.foreground <= 0 ? null : pane.foreground;
  const members = pane === null ? [] : membersOf(pane, group ?? pane.pgrp, procRoot);
  const processes = members.map(({ pid }) => processOf(pid, procRoot));
  const names = new Set(processes.flatMap((one) => one.names));
  return {
    group,
    processes,
    runtime: knownRuntimes().find((runtime) => names.has(runtime)) ?? null,
    isShell: processes.length > 0 && processes.every((one) => one.names.some((name) => SHELLS.has(name))),
    ageMs: ageOf(members, procRoot),
  };
}

/** When a process started, in the kernel's own count since boot: with its number it names a process for good. Null: it is gone. */
export function startTicksOf(pid: number, procRoot = "/proc"): number | null {
  return statOf(pid, procRoot)?.startTicks ?? null;
}

/** Descendants of the pane's process first: a whole /proc is read only where the group's leader is not among them. */
function membersOf(pane: Stat, group: number, procRoot: string): Stat[] {
  const isMember = (one: Stat): boolean => one.pgrp === group && one.tty === pane.tty;
  const near = descendantsOf(pane, procRoot).filter(isMember);
  if (near.some(({ pid }) => pid === group)) return near;
  const all = readdirSync(procRoot)
    .filter((entry) => /^[1-9]\d*$/.test(entry))
    .flatMap((entry) => statOf(Number(entry), procRoot) ?? []);
  return all.filter(isMember);
}

function descendantsOf(pane: Stat, procRoot: string): Stat[] {
  const found = [pane];
  for (let at = 0; at < found.length && found.length < MAX_PROCESSES; at += 1) {
    const { pid } = found[at] as Stat;
    const children = procText(`${procRoot}/${pid}/task/${pid}/children`) ?? "";
    for (const child of children.split(" ").filter((word) => word !== "")) {
      const stat = statOf(Number(child), procRoot);
      if (stat !== null) found.push(stat);
    }
  }
  return found;
}

function processOf(pid: number, procRoot: string): ReadingProcess {
  const comm = procText(`${procRoot}/${pid}/comm`)?.replace(/\n$/, "") ?? "";
  const file = procLink(`${procRoot}/${pid}/exe`);
  const exe = file === null ? "" : basename(file.replace(/ \(deleted\)$/, "")).replace(/\.exe$/, "");
  const io = /^rchar: (\d+)$/m.exec(procText(`${procRoot}/${pid}/io`) ?? "");
  return {
    pid,
    names: [comm, exe].filter((name) => name !== ""),
    readBytes: io === null ? null : Number(io[1]),
  };
}

function ageOf(members: readonly Stat[], procRoot: string): number | null {
  const uptime = Number(procText(`${procRoot}/uptime`)?.split(" ")[0] ?? "");
  if (members.length === 0 || !(uptime > 0)) return null;
  const youngest = Math.max(...members.map(({ startTicks }) => startTicks));
  return Math.max(0, uptime * 1000 - (youngest * 1000) / TICKS_PER_SECOND);
}

function statOf(pid: number, procRoot: string): Stat | null {
  const text = procText(`${procRoot}/${pid}/stat`);
  // The program's own name is in parentheses and may hold any: fields are counted from the last one.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ") ?? [];
  if (fields.length < 20 || fields[0] === "Z" || fields[0] === "X") return null;
  const [ppid, pgrp, , tty, foreground] = fields.slice(1, 6).map(Number);
  return {
    pid,
    ppid: ppid ?? 0,
    pgrp: pgrp ?? 0,
    tty: tty ?? 0,
    foreground: foreground ?? 0,
    startTicks: Number(fields[19]),
  };
}

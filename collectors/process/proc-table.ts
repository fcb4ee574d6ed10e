import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { isGone, type ProcessStat, readProcess } from "../proc/stat.ts";
import type { ProcessRecord } from "./program-of.ts";

/** Everything that runs, with names only for those on a terminal: nobody else is in a pane. */
export function readProcessTable(procRoot = "/proc"): ProcessRecord[] {
  const records: ProcessRecord[] = [];
  for (const entry of readdirSync(procRoot)) {
    if (!/^[1-9]\d*$/.test(entry)) continue;
    const stat = statOf(Number(entry), procRoot);
    if (stat === null || stat.ttyNr === 0) continue;
    const { pid, ppid, pgrp, ttyNr, tpgid, state, startTicks } = stat;
    const comm = (textOf(`${procRoot}/${pid}/comm`) ?? "").replace(/\n$/, "");
    const argv = (commandLineOf(pid, procRoot) ?? "").split("\0");
    // The line ends with a NUL, which is no further argument.
    if (argv.at(-1) === "") argv.pop();
    records.push({ pid, ppid, pgrp, ttyNr, tpgid, state, startTicks, comm, argv, exe: exeOf(pid, procRoot) });
  }
  return records;
}

/** Null: gone, or hidden from us (hidepid). */
export function statOf(pid: number, procRoot: string): ProcessStat | null {
  try {
    return readProcess(pid, procRoot);
  } catch (error) {
    if (isHidden(error)) return null;
    throw error;
  }
}

/** The command line as it stands in memory, NUL between words: to be split for names or compared, never to be told. */
export function commandLineOf(pid: number, procRoot: string): string | null {
  return textOf(`${procRoot}/${pid}/cmdline`);
}

/** Children of the main thread, as the kernel lists them; null where it does not (CONFIG_PROC_CHILDREN). */
export function childrenOf(pid: number, procRoot: string): string | null {
  return textOf(`${procRoot}/${pid}/task/${pid}/children`);
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isGone(error) || isHidden(error)) return null;
    throw error;
  }
}

function exeOf(pid: number, procRoot: string): string | null {
  try {
    return readlinkSync(`${procRoot}/${pid}/exe`);
  } catch (error) {
    if (isGone(error) || isHidden(error)) return null;
    throw error;
  }
}

function isHidden(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EACCES" || code === "EPERM";
}

import { isOwnBeat, type ProcessRecord, type Program, programOf } from "./program-of.ts";

/** The program that a person would say runs in the pane. */
export interface Foreground {
  readonly name: string | null;
  readonly interpreter: string | null;
  readonly pid: number;
  /** False: it is a shell or a wrapper in which nothing else runs, so what it starts next is the program. */
  readonly settled: boolean;
}

/** What a script calls in passing: the script itself is then the program. */
const ERRANDS = new Set(
  `sleep cat tee tail head grep sed awk gawk mawk date ls ps sort uniq tr cut wc find xargs mktemp mkfifo touch rm mv cp
   mkdir dirname basename readlink stat id hostname uname printf echo test expr seq inotifywait`.split(/\s+/),
);

/** Wrappers within wrappers: deeper than anything that is meant. */
const MAX_DEPTH = 8;

/**
 * Finds the foreground program of a pane among processes, as tmux's own `pane_current_command` does not: it looks through
 * interpreters, shells and wrappers. `table` must hold the pane's process and everything on its terminals. Null when the
 * pane's process is not in it or has ended.
 */
export function foregroundOf(panePid: number, table: readonly ProcessRecord[]): Foreground | null {
  const living = withoutBeats(
    table.filter(({ state }) => state !== "Z" && state !== "X" && state !== "x"),
    panePid,
  );
  const pane = living.find(({ pid }) => pid === panePid);
  if (pane === undefined) return null;
  // A terminal may have no foreground group for a moment; the pane's own process is there all the same.
  const group = groupOf(living, pane.tpgid, pane.ttyNr);
  return resolve(leaderOf(group, pane.tpgid) ?? pane, group.length > 0 ? group : [pane], living, 0);
}

/** What beats for an agent stands beside it and is never what it runs, nor is anything that its launcher starts in passing. */
function withoutBeats(living: readonly ProcessRecord[], panePid: number): readonly ProcessRecord[] {
  const beats = new Set(living.filter((one) => one.pid !== panePid && isOwnBeat(one)).map(({ pid }) => pid));
  return beats.size === 0 ? living : living.filter(({ pid, ppid }) => !beats.has(pid) && !beats.has(ppid));
}

function groupOf(living: readonly ProcessRecord[], pgrp: number, ttyNr: number): ProcessRecord[] {
  if (pgrp <= 0) return [];
  const members = living.filter((one) => one.pgrp === pgrp && one.ttyNr === ttyNr);
  return members.sort((one, other) => one.startTicks - other.startTicks || one.pid - other.pid);
}

/** The first of a pipeline may have ended before the others; the oldest then stands for it. */
function leaderOf(group: readonly ProcessRecord[], pgrp: number): ProcessRecord | undefined {
  return group.find(({ pid }) => pid === pgrp) ?? group[0];
}

function resolve(
  record: ProcessRecord,
  group: readonly ProcessRecord[],
  living: readonly ProcessRecord[],
  depth: number,
): Foreground {
  const program = programOf(record);
  const itself = { name: program.name, interpreter: program.interpreter, pid: record.pid };
  if (program.kind === "program") return { ...itself, settled: true };
  const within = depth < MAX_DEPTH ? inside(record, program, group, living, depth) : null;
  return within ?? { ...itself, settled: false };
}

/** What a shell or wrapper has started and waits for; null when there is nothing that deserves to be named before it. */
function inside(
  record: ProcessRecord,
  program: Program,
  group: readonly ProcessRecord[],
  living: readonly ProcessRecord[],
  depth: number,
): Foreground | null {
  const others = group.filter((one) => one.pid !== record.pid && !isAncestor(one, record, living));
  const children = others.filter(({ ppid }) => ppid === record.pid);
  const found = (children.length > 0 ? children : others).map((one) =>
    resolve(one, group, living, depth + 1),
  );
  if (found.length === 0 && program.kind === "wrapper") found.push(...elsewhere(record, living, depth));
  const worthy = found.find((one) => one.settled && !ERRANDS.has(one.name ?? ""));
  if (worthy !== undefined) return worthy;
  // `sleep` within a script is an errand of the script; at a prompt, or under `timeout`, it is what runs.
  return program.isScript && program.kind === "shell" ? null : (found[0] ?? null);
}

/** script(1), sudo and the like give their child a terminal of its own: what is in the foreground there is what runs. */
function elsewhere(record: ProcessRecord, living: readonly ProcessRecord[], depth: number): Foreground[] {
  const children = living.filter(({ ppid, ttyNr }) => ppid === record.pid && ttyNr !== record.ttyNr);
  return children.flatMap((child) => {
    const group = groupOf(living, child.tpgid, child.ttyNr);
    const leader = leaderOf(group, child.tpgid) ?? child;
    return [resolve(leader, group.length > 0 ? group : [child], living, depth + 1)];
  });
}

function isAncestor(one: ProcessRecord, of: ProcessRecord, living: readonly ProcessRecord[]): boolean {
  let parent = of.ppid;
  for (let steps = 0; parent > 1 && steps < 32; steps += 1) {
    if (parent === one.pid) return true;
    parent = living.find(({ pid }) => pid === parent)?.ppid ?? 0;
  }
  return false;
}

import type { TmuxClientSeen, TmuxPaneSeen } from "../../store/events/snapshot.ts";
import { type BootClock, incarnationOf, isZombie, type ProcessStat, startedAtUs } from "../proc/stat.ts";
import { onePerPane, type RawClient, type RawPane } from "./look.ts";

/** A pane whose process has ended while tmux does not know how: it lost the SIGCHLD. */
export interface LostPane {
  readonly pane: string;
  readonly pid: number;
  readonly name: string;
  /** What tmux makes of it: dead without a status, or still alive. */
  readonly tmuxSays: "dead" | "alive";
}

export interface PanesSeen {
  readonly panes: readonly TmuxPaneSeen[];
  /** The process of each living pane, for the sweep between looks. */
  readonly processes: readonly { readonly pid: number; readonly startTicks: number }[];
  readonly lost: readonly LostPane[];
  /** Panes that tmux calls dead without saying how, whose process is already reaped: asked again, tmux will know. */
  readonly unsettled: readonly string[];
}

export interface ProcessView {
  readonly serverPid: number;
  readonly read: (pid: number) => ProcessStat | null;
  readonly bootId: string;
  readonly bootClock: BootClock;
  /**
   * Whether a zombie in a pane that tmux calls alive has been one for so long that tmux cannot just be about to notice.
   * Before that the pane is passed on as tmux tells it: every death is such a zombie for a moment.
   */
  readonly isLongDead: (pid: number) => boolean;
}

/** Puts what tmux tells of its panes beside what the kernel tells of their processes. */
export function seePanes(raw: readonly RawPane[], view: ProcessView): PanesSeen {
  const panes: TmuxPaneSeen[] = [];
  const processes: { pid: number; startTicks: number }[] = [];
  const lost: LostPane[] = [];
  const unsettled: string[] = [];
  for (const pane of onePerPane(raw)) {
    // tmux starts a pane's process itself, so a process of that pid with another parent is a later one.
    const found = pane.pid > 0 ? view.read(pane.pid) : null;
    const process = found !== null && found.ppid === view.serverPid ? found : null;
    const zombie = process !== null && isZombie(process);
    const told = pane.status !== null || pane.signal !== null;
    if (zombie && !told) {
      lost.push({ pane: pane.pane, pid: pane.pid, name: pane.name, tmuxSays: pane.dead ? "dead" : "alive" });
    }
    if (pane.dead && !told && process === null && pane.pid > 0) unsettled.push(`${pane.pane} ${pane.pid}`);
    if (process !== null) processes.push({ pid: pane.pid, startTicks: process.startTicks });

    const kernelTells = zombie && !told && (pane.dead || view.isLongDead(pane.pid));
    const end = kernelTells ? endOf(process.exitCode) : { status: pane.status, signal: pane.signal };
    panes.push({
      session: pane.session,
      window: pane.window,
      pane: pane.pane,
      name: pane.name,
      pid: pane.pid,
      start: process?.startTicks ?? null,
      startedAtUs: process === null ? null : startedAtUs(process.startTicks, view.bootClock),
      incarnation: process === null ? null : incarnationOf(view.bootId, pane.pid, process.startTicks),
      // tmux tells a status as soon as it has reaped the process, but calls the pane dead only once nobody holds its
      // terminal open: a child left in the background does.
      dead: pane.dead || told || kernelTells,
      ...end,
      diedAtUs: seconds(pane.diedAtSeconds),
      activityAtUs: seconds(pane.activitySeconds),
      sessionCreatedAtUs: seconds(pane.createdSeconds),
    });
  }
  return { panes, processes, lost, unsettled };
}

/** Clients with the names of their sessions; sessions are known by their panes. */
export function seeClients(clients: readonly RawClient[], panes: readonly RawPane[]): TmuxClientSeen[] {
  const names = new Map(panes.map((pane) => [pane.session, pane.name]));
  return clients.map((client) => ({ ...client, name: names.get(client.session) ?? "" }));
}

/** A wait status as wait(2) makes it: the low seven bits are the signal, the next byte the exit status. */
function endOf(waitStatus: number): { status: number | null; signal: number | null } {
  const signal = waitStatus & 0x7f;
  return signal === 0 ? { status: (waitStatus >> 8) & 0xff, signal: null } : { status: null, signal };
}

function seconds(value: number | null): number | null {
  return value === null || value === 0 ? null : value * 1_000_000;
}

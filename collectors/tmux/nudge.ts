import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { NewEvent } from "../../store/events/envelope.ts";
import type { Clock } from "../collector.ts";
import { readProcess } from "../proc/stat.ts";
import type { LostPane } from "./panes.ts";

/** A tmux that is about to notice a death does so within a few ms; one that calls the pane dead already has lost the signal. */
const NOTICE_MS = 100;
/** After the first nudge: when to try again, and then once more. */
const AGAIN_MS = [250, 1000];
/** By then every nudge had its chance, and the kernel's word stands for tmux's. */
const GIVE_UP_MS = NOTICE_MS + 500;

/** Follows panes whose end tmux missed (Debian's tmux loses SIGCHLD), and says when to tell the server once more. */
export interface Nudges {
  /** What a look found. Returns the panes whose server is to be nudged now, and in how many ms to look again (null: no need). */
  consider(lost: readonly LostPane[]): { due: readonly LostPane[]; lookAgainMs: number | null };
  isLongDead(pid: number): boolean;
}

export interface NudgeOptions {
  readonly clock: Pick<Clock, "monotonicUs">;
  /** Servers that carry no hooks of ours are left alone. */
  readonly mayNudge: boolean;
}

export function createNudges({ clock, mayNudge }: NudgeOptions): Nudges {
  let ailing = new Map<string, { pid: number; sinceMs: number; dueMs: number; nudges: number }>();
  const nowMs = (): number => clock.monotonicUs() / 1000;

  return {
    consider(lost) {
      const now = nowMs();
      const due: LostPane[] = [];
      const later: number[] = [];
      const still: typeof ailing = new Map();
      for (const pane of lost) {
        const key = `${pane.pane} ${pane.pid}`;
        const noticeMs = pane.tmuxSays === "dead" ? 0 : NOTICE_MS;
        const known = ailing.get(key) ?? { pid: pane.pid, sinceMs: now, dueMs: now + noticeMs, nudges: 0 };
        const tries = mayNudge ? AGAIN_MS.length + 1 : 0;
        if (known.nudges < tries && now >= known.dueMs) {
          due.push(pane);
          const waitMs = AGAIN_MS[known.nudges] ?? Number.POSITIVE_INFINITY;
          still.set(key, { ...known, nudges: known.nudges + 1, dueMs: now + waitMs });
        } else still.set(key, known);
        const next = still.get(key);
        if (next !== undefined && next.nudges < tries && next.dueMs < Number.POSITIVE_INFINITY)
          later.push(next.dueMs - now);
        const giveUpMs = known.sinceMs + GIVE_UP_MS - now;
        if (pane.tmuxSays === "alive" && giveUpMs > 0) later.push(giveUpMs);
      }
      ailing = still;
      // A nudged server has reaped its child within a few ms.
      if (due.length > 0) later.push(30);
      return { due, lookAgainMs: later.length === 0 ? null : Math.max(1, Math.min(...later)) };
    },
    isLongDead(pid) {
      const now = nowMs();
      return [...ailing.values()].some((known) => known.pid === pid && now - known.sinceMs >= GIVE_UP_MS);
    },
  };
}

/** Sends SIGCHLD, whose default is to do nothing, to a server that is still the one that was looked at. */
export function nudgeServer(server: { pid: number; startTicks: number | null }, procRoot: string): boolean {
  const found = readProcess(server.pid, procRoot);
  if (found === null || server.startTicks === null || found.startTicks !== server.startTicks) return false;
  try {
    process.kill(server.pid, "SIGCHLD");
    return true;
  } catch {
    return false;
  }
}

export function nudgedEvent(
  socket: string,
  server: number,
  { pane, pid, name }: LostPane,
  nowUs: number,
): NewEvent<"tmux.server.nudged", PayloadOf<"tmux.server.nudged">> {
  return {
    type: "tmux.server.nudged",
    agent: name,
    source: "tmux",
    occurredAtUs: nowUs,
    precision: "us",
    payload: { socket, server, pane, pid },
  };
}

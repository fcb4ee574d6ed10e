import { existsSync } from "node:fs";
import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { Collector, CollectorContext } from "../collector.ts";
import type { ProcessStat } from "../proc/stat.ts";
import { createWake } from "../wake.ts";
import { type Foreground, foregroundOf } from "./foreground.ts";
import { childrenOf, commandLineOf, readProcessTable, statOf } from "./proc-table.ts";
import type { ProcessRecord } from "./program-of.ts";

/** A pane that is alive, as the tmux collector last saw it. */
export interface LivePane {
  readonly agent: string | null;
  readonly socket: string;
  readonly server: number;
  readonly pane: string;
  readonly panePid: number;
  readonly panePidStart: number | null;
}

export interface ProcessOptions {
  /** Asked at each look. */
  readonly panes: () => readonly LivePane[] | Promise<readonly LivePane[]>;
  readonly procRoot?: string;
  readonly everyMs?: number;
  /** Takes what to call when panes came, went or changed their process; returns how to stop that. */
  readonly onPanesChange?: (ring: () => void) => () => void;
}

/** A look that changed nothing is told as such; now and then all of it is told again. */
const WHOLE_EVERY_MS = 10_000;

/** A new pane first runs the launcher's shell and becomes the program a moment later: it is looked at this often, so many times. */
const EAGER_MS = 250;
const EAGER_LOOKS = 4;

/** The real foreground program of each live pane, read from /proc: what drift is judged by. */
export function createProcessCollector({
  panes,
  procRoot = "/proc",
  everyMs = 2000,
  onPanesChange = () => () => {},
}: ProcessOptions): Collector {
  return {
    source: "process",
    async sample(context) {
      await createLook(panes, procRoot)(context);
    },
    async watch(context) {
      const wake = createWake(context.signal);
      const look = createLook(panes, procRoot);
      let eager = EAGER_LOOKS;
      const unsubscribe = onPanesChange(() => {
        eager = EAGER_LOOKS;
        wake.ring();
      });
      try {
        while (!context.signal.aborted) {
          await look(context);
          await wake.wait(eager > 0 ? Math.min(EAGER_MS, everyMs) : everyMs);
          eager -= 1;
        }
      } finally {
        unsubscribe();
      }
    },
  };
}

type Process = PayloadOf<"process.changed">;

interface Resolved {
  readonly foreground: Foreground | null;
  /** Changes whenever another answer is possible; null = this kernel does not let us tell without looking again. */
  readonly fingerprint: string | null;
  /**
   * The fingerprint was the same before and after the table was read. Taken after only, it may already be that of
   * something which the table does not show yet.
   */
  readonly isProven: boolean;
}

function createLook(
  panes: ProcessOptions["panes"],
  procRoot: string,
): (context: CollectorContext) => Promise<void> {
  let resolved = new Map<string, Resolved>();
  let told = "";
  let wholeAtMs = 0;
  let again = false;
  const lines = createCommandLines(procRoot);
  return async ({ clock, emit, report }) => {
    const listed = await panes();
    const begunAtUs = clock.nowUs();
    if (!existsSync(`${procRoot}/self/stat`) && !existsSync(`${procRoot}/uptime`)) {
      report("", {
        state: "unavailable",
        reason: `${procRoot} is not there: what runs in a pane cannot be told`,
      });
      return;
    }
    if (clock.monotonicUs() / 1000 - wholeAtMs >= WHOLE_EVERY_MS) lines.forget();
    // Read at most once in a look, and only when some pane has changed.
    let table: ProcessRecord[] | null = null;
    const next = new Map<string, Resolved>();
    const seen: { agent: string | null; process: Process }[] = [];
    for (const pane of listed) {
      const stat = statOf(pane.panePid, procRoot);
      // Another process has the pid by now, or none: tmux is the one to say what became of the pane.
      if (stat === null || stat.state === "Z") continue;
      if (pane.panePidStart !== null && stat.startTicks !== pane.panePidStart) continue;
      const key = `${pane.socket}\n${pane.pane}\n${pane.panePid}`;
      let one = resolved.get(key);
      const before = one && fingerprintOf(stat, one.foreground, procRoot, lines);
      if (one === undefined || !one.isProven || before === null || before !== one.fingerprint) {
        table ??= readProcessTable(procRoot);
        const foreground = foregroundOf(pane.panePid, table);
        const after = fingerprintOf(stat, foreground, procRoot, lines);
        one = { foreground, fingerprint: after, isProven: after !== null && after === one?.fingerprint };
      }
      next.set(key, one);
      seen.push({ agent: pane.agent, process: processOf(pane, one.foreground) });
    }
    resolved = next;
    const words = JSON.stringify(seen);
    const nowMs = clock.monotonicUs() / 1000;
    const changed = words !== told;
    // What changed is told twice: the log drops a look that began before it last heard of the pane.
    if (changed || again || nowMs - wholeAtMs >= WHOLE_EVERY_MS) {
      const look = { source: "process", scope: "", begunAtUs, endedAtUs: clock.nowUs() } as const;
      emit({ source: "process", snapshot: { ...look, panes: seen } });
      told = words;
      wholeAtMs = nowMs;
      again = changed;
    } else {
      emit({ source: "process", observed: { scope: "", atUs: begunAtUs } });
    }
    report("", { state: "observed" });
  };
}

function processOf(pane: LivePane, foreground: Foreground | null): Process {
  const { socket, server, panePid } = pane;
  const { name = null, interpreter = null, pid = null } = foreground ?? {};
  return { socket, server, pane: pane.pane, panePid, name, interpreter, pid };
}

/**
 * One to four reads that tell whether the whole table must be read: which group is in front, what its leader and the
 * program found in it are now, and, where that is a shell or wrapper, whether it has started something else.
 */
function fingerprintOf(
  pane: ProcessStat,
  foreground: Foreground | null,
  procRoot: string,
  lines: CommandLines,
): string | null {
  const leader = pane.tpgid > 0 ? pane.tpgid : pane.pid;
  const parts = [String(pane.tpgid), lifeOf(leader === pane.pid ? pane : statOf(leader, procRoot), lines)];
  if (foreground === null) return parts.join("\n");
  const parents = foreground.settled ? [] : [foreground.pid];
  if (foreground.pid !== leader) {
    parts.push(lifeOf(statOf(foreground.pid, procRoot), lines));
    parents.push(leader);
  }
  for (const parent of parents) {
    const children = childrenOf(parent, procRoot);
    if (children === null) return null;
    parts.push(children);
  }
  return parts.join("\n");
}

function lifeOf(stat: ProcessStat | null, lines: CommandLines): string {
  if (stat === null) return "gone";
  const { startTicks, tpgid, state } = stat;
  return `${startTicks} ${tpgid} ${state === "Z" ? "ended" : ""} ${lines.of(stat)}`;
}

interface CommandLines {
  of(stat: ProcessStat): string | null;
  forget(): void;
}

/** Command lines are read again when another program has begun, and now and then all of them: a program may write over its own. */
function createCommandLines(procRoot: string): CommandLines {
  const known = new Map<string, string | null>();
  return {
    of(stat) {
      const { pid, startTicks, comm, image } = stat;
      if (image === null) return commandLineOf(pid, procRoot);
      const key = `${pid} ${startTicks} ${image} ${comm}`;
      if (!known.has(key)) known.set(key, commandLineOf(pid, procRoot));
      return known.get(key) ?? null;
    },
    forget: () => known.clear(),
  };
}

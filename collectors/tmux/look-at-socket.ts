import { setTimeout as sleep } from "node:timers/promises";
import type { TmuxSnapshot } from "../../store/events/snapshot.ts";
import type { Clock } from "../collector.ts";
import { readBootClock, readProcess } from "../proc/stat.ts";
import { askTmux, type TmuxAccess } from "./ask.ts";
import { isListenedOn } from "./listening.ts";
import { LOOK_COMMANDS, type Look, parseLook } from "./look.ts";
import { type PanesSeen, seeClients, seePanes } from "./panes.ts";

/** What one look at one socket came to. */
export type Sight =
  | {
      readonly state: "seen";
      readonly snapshot: TmuxSnapshot;
      readonly server: { readonly pid: number; readonly startTicks: number | null };
      readonly marks: Pick<Look, "hooked" | "owner">;
      readonly processes: PanesSeen["processes"];
      readonly lost: PanesSeen["lost"];
    }
  | { readonly state: "gone"; readonly snapshot: TmuxSnapshot }
  | {
      readonly state: "unavailable";
      readonly reason: string;
      /** It answered, but not in a shape that we know: the line that was not understood. */
      readonly line: string | null;
      readonly timedOut: boolean;
    };

export interface Sighting {
  readonly access: TmuxAccess;
  readonly socketPath: string;
  readonly procRoot: string;
  readonly bootId: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly isLongDead: (pid: number) => boolean;
  /** Panes (`%3 4711`) that stay dead without a status however often tmux is asked: added to, and not asked about again. */
  readonly settled: Set<string>;
}

/** Its panes live on: they are not known any longer, and not dead. */
const FILE_REMOVED =
  "the socket file was removed while its server still runs; SIGUSR1 to that tmux server makes it anew";
const SETTLE_MS = 25;
const SETTLE_ATTEMPTS = 4;
/** Every death is a zombie for a moment; one that is still there after this long is one that tmux missed. */
const ZOMBIE_MS = 150;

/** Looks once; asks again within the same look while the answer is about to change by itself. */
export async function lookAtSocket(sighting: Sighting): Promise<Sight> {
  for (let attempt = 1; ; attempt++) {
    const { sight, unsettled } = await lookOnce(sighting);
    const last = attempt === SETTLE_ATTEMPTS;
    if (last) for (const pane of unsettled) sighting.settled.add(pane);
    const open = unsettled.filter((pane) => !sighting.settled.has(pane));
    // A server that ends under a client's hands says so; one that ends removes its file first. The next look finds it gone.
    const ending =
      sight.state === "unavailable" &&
      (sight.reason === FILE_REMOVED || /server exited|lost server/.test(sight.reason));
    if (last || sighting.signal.aborted || (open.length === 0 && !ending)) return sight;
    await sleep(SETTLE_MS, undefined, { signal: sighting.signal }).catch(() => {});
  }
}

/**
 * A look before which nobody has looked for long: what tmux calls alive and is a zombie had died at any time before it. It is asked about once more
 * after a moment, and told as dead if it is one still.
 */
export async function lookTwiceAtZombies(sighting: Omit<Sighting, "isLongDead">): Promise<Sight> {
  const sight = await lookAtSocket({ ...sighting, isLongDead: () => false });
  const zombies = sight.state === "seen" ? sight.lost.filter(({ tmuxSays }) => tmuxSays === "alive") : [];
  if (zombies.length === 0) return sight;
  await sleep(ZOMBIE_MS, undefined, { signal: sighting.signal }).catch(() => {});
  return lookAtSocket({ ...sighting, isLongDead: (pid) => zombies.some((zombie) => zombie.pid === pid) });
}

async function lookOnce(sighting: Sighting): Promise<{ sight: Sight; unsettled: readonly string[] }> {
  const { access, socketPath, procRoot, bootId, clock, signal, isLongDead } = sighting;
  const begunAtUs = clock.nowUs();
  const answer = await askTmux(access, socketPath, LOOK_COMMANDS, signal);
  const base = { source: "tmux", scope: socketPath, begunAtUs } as const;
  if (answer.state === "gone" && answer.reason === "no-socket" && isListenedOn(socketPath, procRoot))
    return unavailable(FILE_REMOVED);
  if (answer.state === "gone") {
    const snapshot = {
      ...base,
      endedAtUs: clock.nowUs(),
      server: null,
      goneReason: answer.reason,
      panes: [],
      clients: [],
    };
    return { sight: { state: "gone", snapshot }, unsettled: [] };
  }
  if (answer.state === "unavailable") return unavailable(answer.reason);

  const look = parseLook(answer.stdout);
  // A server without sessions tells about itself and then refuses to list.
  const empty = look.ok && look.sessions === 0;
  if (answer.state === "refused" && !empty) return unavailable(answer.complaint);
  if (!look.ok) return unavailable(look.reason, look.line);

  const serverProcess = readProcess(look.server.pid, procRoot);
  const seen = seePanes(look.panes, {
    serverPid: look.server.pid,
    read: (pid) => readProcess(pid, procRoot),
    bootId,
    bootClock: readBootClock(clock.nowUs(), procRoot),
    isLongDead,
  });
  const startTicks = serverProcess?.startTicks ?? null;
  const snapshot: TmuxSnapshot = {
    ...base,
    endedAtUs: clock.nowUs(),
    server: { ...look.server, start: startTicks },
    goneReason: null,
    panes: seen.panes,
    clients: seeClients(look.clients, look.panes),
  };
  const { hooked, owner } = look;
  const sight: Sight = {
    state: "seen",
    snapshot,
    server: { pid: look.server.pid, startTicks },
    marks: { hooked, owner },
    processes: seen.processes,
    lost: seen.lost,
  };
  return { sight, unsettled: seen.unsettled };
}

function unavailable(
  reason: string,
  line: string | null = null,
): { sight: Sight; unsettled: readonly string[] } {
  const timedOut = /did not answer within/.test(reason);
  return { sight: { state: "unavailable", reason, line, timedOut }, unsettled: [] };
}

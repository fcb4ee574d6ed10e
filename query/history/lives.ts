import type { AgentPane } from "../planes/documents.ts";
import type { History } from "./history.ts";
import type { Window } from "./sweep.ts";
import type { OwnPaneTold } from "./told.ts";

/** One life of an agent, by its first moment. */
export interface Life {
  readonly fromUs: number;
  readonly incarnation: string | null;
  /** Why this is its first moment, where its process did not tell. */
  readonly reason: string | null;
  /** The event that tells of it. */
  readonly seq: number;
}

/** The lives that began in a window. */
export function livesWithin(history: History, agent: string, window: Window): Life[] {
  const starts = new Map<number, Life>();
  const sockets = history.told.sockets(agent);
  const hooked = sockets.map((socket) => hookedLives(history, agent, socket));
  for (const [at, socket] of sockets.entries()) {
    let last = "";
    for (const [piece, told] of history.told.ownPane(agent, socket).values.entries()) {
      if (told === null) continue;
      const { pane, begun } = told;
      const life = `${pane.server} ${pane.pane} ${pane.pid} ${pane.start}`;
      if (life === last) continue;
      last = life;
      const toldBefore = hooked[at]?.get(`${pane.server} ${pane.session}`);
      if (toldBefore !== undefined && isSameAs(toldBefore, pane)) continue;
      // By the first rule of time: a start that a clock which was ahead has dated after its own word had happened by then.
      const toldUs = history.told.ownPane(agent, socket).fromUs[piece] as number;
      const fromUs = Math.min(pane.startedAtUs ?? toldUs, toldUs);
      if (fromUs < window.fromUs || fromUs >= window.toUs) continue;
      starts.set(fromUs, {
        fromUs,
        incarnation: pane.incarnation ?? null,
        reason: reasonOf(told),
        // It came under this name by the look that found it there; else what tells of its beginning is the first word of it, not its end.
        seq: begun === "look" && pane.namedAtUs !== undefined ? pane.seq : pane.bornSeq,
      });
    }
  }
  for (const { life } of hooked.flatMap((lives) => [...lives.values()]))
    if (life.fromUs >= window.fromUs && life.fromUs < window.toUs && !starts.has(life.fromUs))
      starts.set(life.fromUs, life);
  return [...starts.values()].sort((a, b) => a.fromUs - b.fromUs);
}

/** Of one that was found dead already, and whose process was gone, only its end is dated: that is no moment at which it began. */
function reasonOf({ pane }: OwnPaneTold): string | null {
  if (pane.startedAtUs !== null) return null;
  return pane.state === "alive" ? "first seen then" : "by then: it was found dead";
}

/** A life that no look had seen, told by hooks, and whether it was told to have ended. */
interface Hooked {
  readonly life: Life;
  readonly ended: boolean;
}

/** What hooks told of a session is the beginning of the process that a look found in it later, where that process does not tell its own: unless it lived when the first one had ended. */
function isSameAs({ ended }: Hooked, { startedAtUs, state }: AgentPane): boolean {
  return startedAtUs === null && !(ended && state === "alive");
}

/** Lives that came between two looks, told by hooks alone, by their server and session. */
function hookedLives(history: History, agent: string, socket: string): Map<string, Hooked> {
  const lives = new Map<string, Hooked>();
  for (const told of history.pane(agent, socket).own.values) {
    if (told?.pane.byHooks === undefined) continue;
    const { server, session, byHooks, bornSeq } = told.pane;
    const id = `${server} ${session}`;
    const known = lives.get(id);
    // Of the second that the hook told of its end: by then it had begun, whatever ended before it in that second.
    const reason = "told by a hook";
    const life = known?.life ?? { fromUs: byHooks.begunByUs, incarnation: null, reason, seq: bornSeq };
    lives.set(id, { life, ended: byHooks.ended || known?.ended === true });
  }
  return lives;
}

import type { History } from "./history.ts";
import type { Window } from "./sweep.ts";

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
  for (const socket of history.told.sockets(agent)) {
    let last = "";
    for (const [piece, told] of history.told.ownPane(agent, socket).values.entries()) {
      if (told === null) continue;
      const { pane, begun } = told;
      const life = `${pane.server} ${pane.pane} ${pane.pid} ${pane.start}`;
      if (life === last) continue;
      last = life;
      // By the first rule of time: a start that a clock which was ahead has dated after its own word had happened by then.
      const toldUs = history.told.ownPane(agent, socket).fromUs[piece] as number;
      const fromUs = Math.min(pane.startedAtUs ?? toldUs, toldUs);
      if (fromUs < window.fromUs || fromUs >= window.toUs) continue;
      const reason = begun === "own-time" || pane.startedAtUs !== null ? null : "first seen then";
      starts.set(fromUs, { fromUs, incarnation: pane.incarnation ?? null, reason, seq: pane.seq });
    }
  }
  for (const socket of history.told.sockets(agent))
    for (const life of unseenLives(history, agent, socket))
      if (life.fromUs >= window.fromUs && life.fromUs < window.toUs && !starts.has(life.fromUs))
        starts.set(life.fromUs, life);
  return [...starts.values()].sort((a, b) => a.fromUs - b.fromUs);
}

/** Lives that came and went between two looks, told by hooks alone. */
function unseenLives(history: History, agent: string, socket: string): Life[] {
  const lives = new Map<string, Life>();
  for (const told of history.pane(agent, socket).own.values) {
    if (told?.pane.byHooks === undefined) continue;
    const { server, session, byHooks, seq } = told.pane;
    const id = `${server} ${session}`;
    // Of the second that the hook told of its end: by then it had begun, whatever ended before it in that second.
    const reason = "told by a hook";
    if (!lives.has(id)) lives.set(id, { fromUs: byHooks.begunByUs, incarnation: null, reason, seq });
  }
  return [...lives.values()];
}

import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { FoldEvent } from "../../store/projection.ts";
import { WITHIN_US } from "../planes/within.ts";
import type { Chronology } from "./chronology.ts";

/** A line that one of tmux's own hooks wrote down when a client came to a session, or left its server. */
export interface ClientLine {
  readonly seq: number;
  readonly atUs: number;
  /** It happened within this much after `atUs`: hooks write whole seconds. */
  readonly withinUs: number;
  /** The server's own count of its lines: the order within a second. */
  readonly n: number;
  readonly socket: string;
  readonly server: number;
  readonly client: string;
  /** The session that it is on from now on; null: it left. */
  readonly session: string | null;
  readonly agent: string | null;
}

/** An attach fires both; a client that switches to another session the second one. */
const COMES: readonly string[] = ["client-attached", "client-session-changed"];

/** What a hook line says of a client, or null. */
export function clientLineOf(event: FoldEvent, atUs: number): ClientLine | null {
  if (event.type !== "tmux.hook.fired" || event.schemaVersion > 1) return null;
  const { hook, socket, server, n, client, session } = event.payload as PayloadOf<"tmux.hook.fired">;
  const leaves = hook === "client-detached";
  if (client === null || (!leaves && (!COMES.includes(hook) || session === null))) return null;
  const what = { seq: event.seq, atUs, withinUs: WITHIN_US[event.precision], n, socket, server, client };
  return leaves ? { ...what, session: null, agent: null } : { ...what, session, agent: event.agent };
}

export function clientLinesOf(events: Iterable<FoldEvent>, chronology: Chronology): ClientLine[] {
  const lines: ClientLine[] = [];
  for (const event of events) {
    const line = clientLineOf(event, chronology.effectUs(event));
    if (line !== null) lines.push(line);
  }
  return inServerOrder(lines);
}

/** In order of time, whatever order they arrived in; within a second as their server counted them. */
export function inServerOrder(lines: readonly ClientLine[]): ClientLine[] {
  return [...lines].sort((a, b) => a.atUs - b.atUs || a.n - b.n || a.seq - b.seq);
}

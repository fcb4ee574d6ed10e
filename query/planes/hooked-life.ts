import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { FoldEvent } from "../../store/projection.ts";
import type { AgentPane, HookedLife, ServerDocument } from "./documents.ts";
import { happenedByUs, WITHIN_US } from "./within.ts";

/** What a line of tmux's hooks tells of a session of an agent's name: that it was made, that its process ended, that it closed. */
export interface HookedLine {
  readonly agent: string;
  readonly life: HookedLife;
}

export function hookedLineOf(event: FoldEvent): HookedLine | null {
  const { type, agent, seq, recordedAtUs, occurredAtUs: atUs } = event;
  if (type !== "tmux.hook.fired" || agent === null || event.schemaVersion > 1) return null;
  const { hook, socket, server, session, status, signal } = event.payload as PayloadOf<"tmux.hook.fired">;
  if (session === null) return null;
  const life = { socket, server, session, created: null, died: null, closed: null, seq, recordedAtUs };
  const withinUs = WITHIN_US[event.precision];
  const byUs = happenedByUs(event);
  if (hook === "session-created") return { agent, life: { ...life, created: { atUs, withinUs, seq } } };
  if (hook === "pane-died") return { agent, life: { ...life, died: { atUs, status, signal, byUs, seq } } };
  return hook === "session-closed" ? { agent, life: { ...life, closed: { atUs, byUs, seq } } } : null;
}

/** The newest life that hooks told of, after one more line, whatever order the lines arrive in; the same value where an older line says nothing new. */
export function withHookedLine(known: HookedLife | undefined, line: HookedLife): HookedLife {
  if (known === undefined) return line;
  if (known.server === line.server && known.session === line.session) return joined(known, line);
  return follows(line, known) ? line : known;
}

function joined(known: HookedLife, line: HookedLife): HookedLife {
  const created = earlier(known.created, line.created);
  const died = earlier(known.died, line.died);
  const closed = earlier(known.closed, line.closed);
  if (created === known.created && died === known.died && closed === known.closed) return known;
  const { seq, recordedAtUs } = line.seq > known.seq ? line : known;
  return { ...known, created, died, closed, seq, recordedAtUs };
}

/** Each is told once; of two panes of one session the first that died, and then the first that was told. */
function earlier<T extends { readonly atUs: number; readonly seq: number }>(
  known: T | null,
  told: T | null,
): T | null {
  if (known === null || told === null) return known ?? told;
  return told.atUs < known.atUs || (told.atUs === known.atUs && told.seq < known.seq) ? told : known;
}

/** Within a server its own numbering says which session is the later one. */
function follows(a: HookedLife, b: HookedLife): boolean {
  if (a.server === b.server) return numberOf(a.session) > numberOf(b.session);
  const [aUs, bUs] = [firstWordUs(a), firstWordUs(b)];
  return aUs === bUs ? a.server > b.server : aUs > bUs;
}

function firstWordUs({ created, died, closed }: HookedLife): number {
  return created?.atUs ?? died?.atUs ?? closed?.atUs ?? 0;
}

function numberOf(session: string): number {
  return Number(session.slice(1));
}

/**
 * The agent's last own pane: where nothing of the life that looks told of is there any longer, a later one that only hooks told of, which came
 * and went while nobody looked. A line is of a whole second, so it counts from that second's end on: until then a look may tell of that life itself.
 */
export function lastLife(
  own: AgentPane | undefined,
  hooked: HookedLife | undefined,
  server: ServerDocument | undefined,
  atUs: number,
): AgentPane | undefined {
  const begun = hooked?.created ?? null;
  if (hooked === undefined || begun === null || atUs < begun.atUs + begun.withinUs) return own;
  if (own === undefined) return byHooks(hooked, begun);
  const isThere = own.state !== "closed" && server?.state === "up" && server.pid === own.server;
  return !isThere && isAfter(hooked, begun, own) ? byHooks(hooked, begun) : own;
}

type Begun = NonNullable<HookedLife["created"]>;

function isAfter(hooked: HookedLife, { atUs, withinUs }: Begun, own: AgentPane): boolean {
  // One that had this name before the own pane took it over was there before it, whatever its number.
  if (atUs < (own.namedAtUs ?? -Infinity)) return false;
  if (hooked.server === own.server) return numberOf(hooked.session) > numberOf(own.session);
  return atUs + withinUs > (own.startedAtUs ?? own.diedAtUs ?? own.atUs);
}

function byHooks(hooked: HookedLife, { atUs: begunUs, withinUs, seq: bornSeq }: Begun): AgentPane {
  const { socket, server, session, died, closed, seq, recordedAtUs } = hooked;
  const last = closed ?? died;
  return {
    ...{
      socket,
      server,
      session,
      pane: null,
      pid: null,
      start: null,
      startedAtUs: begunUs,
      incarnation: null,
      bornSeq,
    },
    ...{ state: "closed", status: died?.status ?? null, signal: died?.signal ?? null },
    atUs: Math.max(begunUs, last?.atUs ?? begunUs),
    ...(died === null ? {} : { diedAtUs: Math.max(begunUs, died.atUs) }),
    ...(last === null ? {} : { endedByUs: (died ?? last).byUs }),
    byHooks: { begunByUs: begunUs + withinUs - 1, ended: last !== null },
    ...{ seq: last?.seq ?? seq, recordedAtUs },
  };
}

import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { FoldEvent } from "../../store/projection.ts";
import type { AgentPane, HookedLife, ServerDocument } from "./documents.ts";
import { earlierThan } from "./own-panes.ts";
import { happenedByUs, WITHIN_US } from "./within.ts";

/**
 * What a line of tmux's hooks tells of a session of an agent's name: that it was made, that its process ended, that it closed; and that somebody
 * made another pane in it.
 */
export interface HookedLine {
  readonly agent: string;
  readonly life: HookedLife;
}

export function hookedLineOf(event: FoldEvent): HookedLine | null {
  const { type, agent, seq, recordedAtUs, occurredAtUs: atUs } = event;
  if (type !== "tmux.hook.fired" || agent === null || event.schemaVersion > 1) return null;
  const { hook, socket, server, session, pane, status, signal, nudged } =
    event.payload as PayloadOf<"tmux.hook.fired">;
  if (session === null || nudged) return null;
  const ofSession = { socket, server, session, seq, recordedAtUs };
  const life: HookedLife = { ...ofSession, created: null, died: null, closed: null, beside: null };
  // What was written down had begun by then.
  const withinUs = Math.max(1, Math.min(WITHIN_US[event.precision], recordedAtUs - atUs + 1));
  const byUs = happenedByUs(event);
  if (hook === "session-created") return { agent, life: { ...life, created: { atUs, withinUs, seq } } };
  if (hook === "pane-died")
    return { agent, life: { ...life, died: { atUs, status, signal, byUs, pane, seq } } };
  if (MAKES_ANOTHER.has(hook) && pane !== null) return { agent, life: { ...life, beside: { pane, atUs } } };
  return hook === "session-closed" ? { agent, life: { ...life, closed: { atUs, byUs, seq } } } : null;
}

/** Their pane is the new one. A session's first comes with `session-created`, which names none. */
const MAKES_ANOTHER = new Set(["after-split-window", "after-new-window"]);

/** The newest life that hooks told of, after one more line, whatever order the lines arrive in; the same value where an older line says nothing new. */
export function withHookedLine(known: HookedLife | undefined, line: HookedLife): HookedLife {
  if (known === undefined) return line;
  if (known.server === line.server && known.session === line.session) return joined(known, line);
  return follows(line, known) ? line : known;
}

function joined(known: HookedLife, line: HookedLife): HookedLife {
  const created = earlier(known.created, line.created);
  const closed = earlier(known.closed, line.closed);
  const beside = lower(known.beside, line.beside);
  const died = ofOwnPane(firstDeath(known.died, line.died), beside);
  const isKnown = created === known.created && died === known.died && closed === known.closed;
  if (isKnown && beside === known.beside) return known;
  const { seq, recordedAtUs } = line.seq > known.seq ? line : known;
  return { ...known, created, died, closed, beside, seq, recordedAtUs };
}

type Death = NonNullable<HookedLife["died"]>;
type Beside = NonNullable<HookedLife["beside"]>;

/** A server numbers its panes as it makes them: of a session's own the first is the agent's, and all from the first that was made beside it on are not. */
function ofOwnPane(died: Death | null, beside: Beside | null): Death | null {
  return died !== null && beside !== null && paneNumber(died) >= paneNumber(beside) ? null : died;
}

function firstDeath(known: Death | null, told: Death | null): Death | null {
  if (known === null || told === null) return known ?? told;
  const [a, b] = [paneNumber(known), paneNumber(told)];
  return a === b ? earlier(known, told) : a < b ? known : told;
}

function lower(known: Beside | null, told: Beside | null): Beside | null {
  if (known === null || told === null) return known ?? told;
  return paneNumber(told) < paneNumber(known) ? told : known;
}

function paneNumber({ pane }: { readonly pane: string | null }): number {
  return pane === null ? 0 : numberOf(pane);
}

/** Each is told once; of two the first that happened, and then the first that was told. */
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

function firstWordUs({ created, died, closed, beside }: HookedLife): number {
  return created?.atUs ?? died?.atUs ?? closed?.atUs ?? beside?.atUs ?? 0;
}

/** Of a session (`$3`) or a pane (`%3`). */
function numberOf(id: string): number {
  return Number(id.slice(1));
}

/**
 * The agent's last own pane: where nothing of the life that looks told of is there any longer, a later one that only hooks told of, which came
 * and went while nobody looked. A line is of a whole second, so it counts from that second's end on: until then a look may tell of that life itself.
 * One of which no line tells that it ended has come; that it has gone again is known from the first look on that could have found it.
 */
export function lastLife(
  own: AgentPane | undefined,
  hooked: HookedLife | undefined,
  server: ServerDocument | undefined,
  { nowUs, watchedFromUs }: { readonly nowUs: number; readonly watchedFromUs: number | undefined },
): AgentPane | undefined {
  const begun = hooked?.created ?? null;
  if (hooked === undefined || begun === null || nowUs < begun.atUs + begun.withinUs) return own;
  if (nowUs < missedFromUs(hooked, begun, watchedFromUs)) return own;
  if (own === undefined) return byHooks(hooked, begun, undefined);
  // That it was gone by then follows from the next life alone, which no line tells of either.
  if (own.replaced) return own;
  const isThere = own.state !== "closed" && server?.state === "up" && server.pid === own.server;
  return !isThere && isAfter(hooked, begun, own) ? byHooks(hooked, begun, own) : own;
}

type Begun = NonNullable<HookedLife["created"]>;

/** A session is looked for as soon as a hook tells of it; a busy machine takes its time, and for all of it nobody says that it is not there. */
const LOOK_TAKES_US = 10_000_000;

/** When a look would have found it that was taken while its socket was being watched. */
export function lookedForUs({ atUs }: Begun): number {
  return atUs + LOOK_TAKES_US;
}

/** From when on one whose end nobody told is known to be gone. Whoever began to watch after it had come found nothing then. */
function missedFromUs({ died, closed }: HookedLife, begun: Begun, watchedFromUs: number | undefined): number {
  const isTold = died !== null || closed !== null;
  if (isTold || watchedFromUs === undefined || watchedFromUs >= begun.atUs + begun.withinUs)
    return begun.atUs;
  return lookedForUs(begun);
}

function isAfter(hooked: HookedLife, { atUs, withinUs }: Begun, own: AgentPane): boolean {
  // One that had this name before the own pane took it over was there before it, whatever its number.
  if (atUs < (own.namedAtUs ?? -Infinity)) return false;
  if (hooked.server === own.server) return numberOf(hooked.session) > numberOf(own.session);
  return atUs + withinUs > (own.startedAtUs ?? own.diedAtUs ?? own.atUs);
}

function byHooks(
  hooked: HookedLife,
  { atUs: begunUs, withinUs, seq: bornSeq }: Begun,
  before: AgentPane | undefined,
): AgentPane {
  const { socket, server, session, died, closed, seq, recordedAtUs } = hooked;
  const last = closed ?? died;
  const earlier = earlierThan({ pid: null, start: null }, before);
  return {
    ...(earlier.length === 0 ? {} : { earlier }),
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

import type { ClientDocument } from "../planes/documents.ts";
import { within } from "../planes/documents.ts";
import type { ClientLine } from "./client-lines.ts";
import type { History } from "./history.ts";
import { isServerGone } from "./hooked-lives.ts";
import type { Occurrence } from "./occurrence.ts";
import type { EndPoint } from "./pane-points.ts";
import type { Span, Spans } from "./span.ts";
import { gapsBetween } from "./span.ts";
import type { Window } from "./sweep.ts";
import type { Timeline } from "./timeline.ts";
import { valueAt } from "./timeline.ts";

/** One client on one session, as one source told of it. */
interface Stay {
  readonly agent: string | null;
  readonly server: number;
  readonly session: string;
  readonly readOnly: boolean;
  /** A hook line told of it, so that its beginning is in a second; null: a look did. */
  readonly withinUs: number | null;
  readonly seq: number;
  readonly fromUs: number;
  readonly toUs: number;
  /** It is the one before it, of which another source tells now. */
  readonly goesOn: boolean;
  /** Nobody told of its end: it is known until `toUs`. */
  readonly endUnseen: boolean;
  /** The hook line that told of its end. */
  readonly endSeq: number | null;
}

/**
 * Each time that a client was attached to an agent's session. Where tmux was watched its looks tell. Of time in which nobody watched the lines of
 * hooks do, each of its own moment: one that they tell of, and that the look which ends the gap still finds, went on throughout; of whose end
 * nothing was told, it is known up to the last word of it and no further.
 */
export function attachmentsOf(history: History, agent: string, window: Window): Occurrence[] {
  const found: Occurrence[] = [];
  for (const [socket, clients] of clientsBySocket(history)) {
    const gaps = gapsBetween(history.coverage.spans("tmux", socket)).filter(
      ({ fromUs, toUs }) => fromUs <= window.toUs && toUs >= window.fromUs,
    );
    const lines = gaps.length === 0 ? [] : history.clientLines(socket);
    for (const client of clients) {
      const looks = history.told.of("client", within(socket, client)) as Looks;
      const own = lines.filter((line) => line.client === client);
      const isOfAgent =
        own.some((line) => line.agent === agent) ||
        looks.values.some((value) => value?.payload.name === agent);
      if (!isOfAgent) continue;
      const stays = staysOf({ history, socket, looks, gaps, lines: own });
      found.push(...occurrencesOf(stays, agent, window));
    }
  }
  return found.sort((a, b) => a.fromUs - b.fromUs || (a.why[0] ?? 0) - (b.why[0] ?? 0));
}

type Looks = Timeline<ClientDocument | undefined>;

/** All that looks or hooks ever told of. */
function clientsBySocket(history: History): Map<string, Set<string>> {
  const clients = new Map<string, Set<string>>();
  const on = (socket: string): Set<string> => {
    const known = clients.get(socket) ?? new Set<string>();
    clients.set(socket, known);
    return known;
  };
  for (const id of history.told.ids("client")) {
    const at = id.indexOf("\n");
    on(id.slice(0, at)).add(id.slice(at + 1));
  }
  for (const socket of history.coverage.scopes("tmux"))
    for (const { client } of history.clientLines(socket)) on(socket).add(client);
  return clients;
}

interface Told {
  readonly history: History;
  readonly socket: string;
  readonly looks: Looks;
  readonly gaps: Spans;
  /** Of this client. */
  readonly lines: readonly ClientLine[];
}

interface Step {
  readonly atUs: number;
  /** Of what is told of one moment a look goes first, and lines last. */
  readonly rank: number;
  readonly take: () => void;
}

function staysOf({ history, socket, looks, gaps, lines }: Told): Stay[] {
  const stays: Stay[] = [];
  const server = history.server(socket);
  let open: Omit<Stay, "toUs" | "endUnseen" | "endSeq"> | null = null;
  /** Until when the open one is known, in time that nobody watches; null: it is watched. */
  let heldUs: number | null = null;

  const end = (toUs: number, endUnseen: boolean, endSeq: number | null): void => {
    if (open !== null) stays.push({ ...open, toUs, endUnseen, endSeq });
    open = null;
  };
  const lose = (): void => end(heldUs ?? Infinity, heldUs !== null, null);
  const begin = (stay: NonNullable<typeof open>): void => {
    open = stay;
    if (heldUs !== null) heldUs = stay.fromUs;
  };
  const isSame = (session: string, pid: number): boolean => open?.session === session && open.server === pid;
  const loseWithServer = (atUs: number): void => {
    if (
      open !== null &&
      heldUs !== null &&
      isServerGone(open.server, { server, boots: history.boots }, heldUs, atUs)
    )
      lose();
  };
  const byLook = ({ payload, seq }: ClientDocument, fromUs: number, goesOn: boolean): void =>
    begin({
      ...{
        agent: payload.name,
        server: payload.server,
        session: payload.session,
        readOnly: payload.readOnly,
      },
      ...{ withinUs: null, seq, fromUs, goesOn },
    });
  const isSeen = ({ payload }: ClientDocument): boolean =>
    isSame(payload.session, payload.server) && open?.agent === payload.name;

  const look = (atUs: number, told: ClientDocument | undefined): void => {
    if (heldUs === null) end(atUs, false, null);
    else {
      loseWithServer(atUs);
      if (open !== null && told !== undefined && open.seq === told.seq) {
        heldUs = atUs;
        return;
      }
      const goesOn: boolean = open !== null && open.withinUs !== null && told !== undefined && isSeen(told);
      if (goesOn) end(atUs, false, null);
      else lose();
      if (told !== undefined) byLook(told, atUs, goesOn);
      return;
    }
    if (told !== undefined) byLook(told, atUs, false);
  };
  const line = (atUs: number, { session, server: pid, agent, seq, ...told }: ClientLine): void => {
    loseWithServer(atUs);
    if (session === null) {
      if (open?.server === pid) end(atUs, false, seq);
      return;
    }
    if (isSame(session, pid)) {
      heldUs = atUs;
      return;
    }
    if (open?.server === pid) end(atUs, false, seq);
    else lose();
    const withinUs = told.atUs + told.withinUs - atUs;
    begin({ agent, server: pid, session, readOnly: false, withinUs, seq, fromUs: atUs, goesOn: false });
  };
  const close = (atUs: number, { session, server: pid, seq }: EndPoint): void => {
    loseWithServer(atUs);
    if (session !== null && isSame(session, pid)) end(atUs, false, seq);
  };

  const steps: Step[] = [];
  for (const [piece, told] of looks.values.entries()) {
    const atUs = looks.fromUs[piece] as number;
    if (piece > 0 || told !== undefined) steps.push({ atUs, rank: 0, take: () => look(atUs, told) });
  }
  for (const gap of gaps) {
    const unwatched = (): void => {
      heldUs = gap.fromUs;
    };
    const ended = (): void => {
      look(gap.toUs, valueAt(looks, gap.toUs));
      heldUs = null;
    };
    if (gap.toUs < Infinity) steps.push({ atUs: gap.toUs, rank: 1, take: ended });
    steps.push({ atUs: gap.fromUs, rank: 2, take: unwatched });
    const inGap = (told: ClientLine | EndPoint, take: (atUs: number) => void): void => {
      const atUs = Math.max(told.atUs, gap.fromUs);
      if (atUs < Math.min(told.atUs + told.withinUs, gap.toUs))
        steps.push({ atUs, rank: 3, take: () => take(atUs) });
    };
    for (const told of lines) if (!isToldByLook(told, looks, gap)) inGap(told, (atUs) => line(atUs, told));
    for (const point of history.points(socket))
      if (point.state === "closed") inGap(point, (atUs) => close(atUs, point));
  }
  for (const { take } of steps.sort((a, b) => a.atUs - b.atUs || a.rank - b.rank)) take();
  lose();
  return stays;
}

/** A line's second may lie partly in watched time: what a look saw happen in that part is what the line tells of. */
function isToldByLook(line: ClientLine, looks: Looks, gap: Span): boolean {
  const endsUs = line.atUs + line.withinUs;
  if (line.atUs >= gap.fromUs && endsUs <= gap.toUs) return false;
  return looks.values.some((told, piece) => {
    const atUs = looks.fromUs[piece] as number;
    if (atUs < line.atUs || atUs >= endsUs || (atUs > gap.fromUs && atUs <= gap.toUs)) return false;
    const before = looks.values[piece - 1];
    return line.session === null
      ? before?.payload.server === line.server
      : told?.payload.server === line.server && told.payload.session === line.session;
  });
}

function occurrencesOf(stays: readonly Stay[], agent: string, window: Window): Occurrence[] {
  const groups: Stay[][] = [];
  let before = null as Stay | null;
  for (const stay of stays) {
    const { fromUs, toUs } = stay;
    const isWithin =
      fromUs < window.toUs && (toUs > window.fromUs || (fromUs === toUs && fromUs >= window.fromUs));
    const group = groups.at(-1);
    if (!isWithin || stay.agent !== agent) before = null;
    else {
      if (stay.goesOn && before !== null && group !== undefined) group.push(stay);
      else groups.push([stay]);
      before = stay;
    }
  }
  return groups.map((group) => occurrenceOf(group, window));
}

function occurrenceOf(group: readonly Stay[], window: Window): Occurrence {
  const [first, last] = [group[0] as Stay, group.at(-1) as Stay];
  const beganBefore = first.fromUs < window.fromUs || first.goesOn;
  const toUs = last.toUs >= window.toUs ? null : last.toUs;
  const ends = toUs === null || last.endSeq === null ? [] : [last.endSeq];
  return {
    fromUs: Math.max(first.fromUs, window.fromUs),
    toUs,
    beganBefore,
    ...{ found: 1, unseenUs: 0, endUnseen: toUs !== null && last.endUnseen },
    ...(beganBefore || first.withinUs === null ? {} : { withinUs: first.withinUs }),
    reason: group.some(({ readOnly }) => readOnly) ? "read-only" : null,
    why: [...new Set([...group.map(({ seq }) => seq), ...ends])],
  };
}

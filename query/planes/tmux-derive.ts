import type { FleetEvent } from "../../store/events/catalogue.ts";
import type { TmuxPaneSeen, TmuxSnapshot } from "../../store/events/snapshot.ts";
import type { DeriveContext, ReadonlyDocuments } from "../../store/projection.ts";
import type { PaneDocument, ServerDocument } from "./documents.ts";
import { documentOf, documentsOf, within } from "./documents.ts";
import { lastBeatUs, ownExitUs } from "./own-exit.ts";

/** Activity becomes an event when it has moved by this much, or has come to rest for as long: history needs no more. */
const ACTIVITY_STEP_US = 60_000_000;

/** The transitions that a look at one tmux socket means. */
export function deriveTmux(
  documents: ReadonlyDocuments,
  snapshot: TmuxSnapshot,
  { begunUs }: DeriveContext,
): FleetEvent[] {
  const socket = snapshot.scope;
  const known = documentOf(documents, "server", socket);
  const prefix = within(socket, "");
  const panes = new Map<string, PaneDocument>();
  for (const [id, pane] of documentsOf(documents, "pane"))
    if (id.startsWith(prefix)) panes.set(pane.pane, pane);
  const newest = Math.max(known?.recordedAtUs ?? 0, ...[...panes.values()].map((pane) => pane.recordedAtUs));
  if (newest > begunUs) return [];

  const events: FleetEvent[] = [];
  const seenAtUs = snapshot.endedAtUs;
  const tell = tellOf(events, seenAtUs);
  const { server } = snapshot;
  const replaced = known?.state === "up" && server !== null && !isSameServer(known, server);
  if (known?.state === "up" && (server === null || replaced)) {
    const reason = server === null ? (snapshot.goneReason ?? "refused") : "replaced";
    tell("tmux.server.vanished", null, { socket, server: known.pid, reason });
    panes.clear();
  }
  if (server === null) return events;
  if (known?.state !== "up" || replaced) {
    const { start, version } = server;
    tell("tmux.server.appeared", null, { socket, server: server.pid, start, version });
  }
  derivePanes({ socket, server: server.pid, snapshot, panes, documents, tell });
  deriveClients({ socket, server: server.pid, snapshot, documents, fresh: replaced, tell });
  return events;
}

/** After a reboot pids are small and come again: only with its start time does a pid name a server. */
function isSameServer(known: ServerDocument, server: NonNullable<TmuxSnapshot["server"]>): boolean {
  const sameStart = known.start === null || server.start === null || known.start === server.start;
  return known.pid === server.pid && sameStart;
}

type Tell = <T extends FleetEvent["type"]>(
  type: T,
  agent: string | null,
  payload: Extract<FleetEvent, { type: T }>["payload"],
  at?: { us: number; precision: "s" | "ms" | "us" },
) => void;

function tellOf(events: FleetEvent[], seenAtUs: number): Tell {
  return (type, agent, payload, at = { us: seenAtUs, precision: "us" }) => {
    const event = { type, agent, source: "tmux", occurredAtUs: at.us, precision: at.precision, payload };
    events.push(event as FleetEvent);
  };
}

interface PaneLook {
  readonly socket: string;
  readonly server: number;
  readonly snapshot: TmuxSnapshot;
  readonly panes: ReadonlyMap<string, PaneDocument>;
  readonly documents: ReadonlyDocuments;
  readonly tell: Tell;
}

function derivePanes({ socket, server, snapshot, panes, documents, tell }: PaneLook): void {
  const sessionsBefore = new Map([...panes.values()].map((pane) => [pane.session, pane.name]));
  const sessionsNow = new Map(snapshot.panes.map((pane) => [pane.session, pane.name]));
  const seen = new Set(snapshot.panes.map((pane) => pane.pane));
  // Closed before created: a session closed and made anew under the same name is two lives, in this order.
  for (const pane of panes.values()) {
    if (seen.has(pane.pane)) continue;
    const { session, pid, incarnation } = pane;
    const exitUs = pane.dead ? null : ownExitUs(documents, pane, snapshot.endedAtUs);
    const at = exitUs === null ? undefined : ({ us: exitUs, precision: "us" } as const);
    tell("tmux.pane.closed", pane.name, { socket, server, session, pane: pane.pane, pid, incarnation }, at);
  }
  for (const [session, name] of sessionsBefore) {
    const nameNow = sessionsNow.get(session);
    if (nameNow === undefined) tell("tmux.session.closed", name, { socket, server, session, name });
    else if (nameNow !== name) {
      const members = [...panes.values()].filter((pane) => pane.session === session).map((pane) => pane.pane);
      const payload = { socket, server, session, from: name, to: nameNow, panes: members };
      tell("tmux.session.renamed", nameNow, payload);
    }
  }
  for (const pane of snapshot.panes) {
    if (!sessionsBefore.has(pane.session) && sessionsNow.delete(pane.session)) {
      const at = pane.sessionCreatedAtUs;
      const payload = { socket, server, session: pane.session, name: pane.name };
      tell("tmux.session.created", pane.name, payload, at === null ? undefined : { us: at, precision: "s" });
    }
    derivePane({ socket, server, snapshot, panes, documents, tell }, pane);
  }
}

function derivePane(
  { socket, server, snapshot, panes, documents, tell }: PaneLook,
  pane: TmuxPaneSeen,
): void {
  const known = panes.get(pane.pane);
  const { session, window, name, pid, start, startedAtUs, incarnation } = pane;
  const born = {
    socket,
    server,
    session,
    window,
    pane: pane.pane,
    name,
    pid,
    start,
    startedAtUs,
    incarnation,
  };
  // A process's start time is when its pane came to life, however late the first look was.
  const bornAt =
    startedAtUs !== null && startedAtUs <= snapshot.endedAtUs
      ? { us: startedAtUs, precision: "ms" as const }
      : undefined;
  const lives = known !== undefined && isSameLife(known, pane);
  if (!known) tell("tmux.pane.created", name, born, bornAt);
  else if (!lives) tell("tmux.pane.respawned", name, { ...born, previousPid: known.pid }, bornAt);
  else if (known.session !== session) {
    tell("tmux.pane.moved", name, { socket, server, pane: pane.pane, session, window, name });
  }

  const told = pane.status !== null || pane.signal !== null;
  const learnt = told && (known?.status !== pane.status || known?.signal !== pane.signal);
  if (pane.dead && (!lives || !known.dead || learnt)) {
    const { status, signal } = pane;
    const payload = {
      socket,
      server,
      pane: pane.pane,
      pid,
      incarnation: known?.incarnation ?? incarnation,
      status,
      signal,
    };
    const its = { name, pid, start: known?.start ?? start };
    const toldAt = diedAt(pane, snapshot, lastBeatUs(documents, its));
    const exitUs = ownExitUs(documents, its, toldAt?.us ?? snapshot.endedAtUs);
    const at = exitUs === null ? toldAt : ({ us: exitUs, precision: "us" } as const);
    tell("tmux.pane.died", name, payload, at);
  }

  const active = pane.activityAtUs;
  if (active === null || active > snapshot.endedAtUs) return;
  const before =
    (lives ? known.activityAtUs : null) ?? (lives ? known.createdAtUs : (startedAtUs ?? snapshot.endedAtUs));
  const rested = active > before && snapshot.endedAtUs - active >= ACTIVITY_STEP_US;
  if (active - before >= ACTIVITY_STEP_US || rested) {
    tell("tmux.pane.active", name, { socket, server, pane: pane.pane }, { us: active, precision: "s" });
  }
}

/** A pid may come again within one pane id: the start time tells the two apart, and what was dead does not live again. */
function isSameLife(known: PaneDocument, pane: TmuxPaneSeen): boolean {
  const sameStart = known.start === null || pane.start === null || known.start === pane.start;
  return known.pid === pane.pid && sameStart && (pane.dead || !known.dead);
}

/**
 * `pane_dead_time` is in whole seconds, in one of which the process may have started (see `died-at.ts`); where it lies before that, the look's time
 * is nearer. It beat until it died: of that second only what follows its last beat is left.
 */
function diedAt(
  pane: TmuxPaneSeen,
  snapshot: TmuxSnapshot,
  beatUs: number,
): { us: number; precision: "s" } | undefined {
  const us = pane.diedAtUs;
  if (us === null || us > snapshot.endedAtUs || us + SECOND_US <= (pane.startedAtUs ?? 0)) return undefined;
  const isWithin = beatUs > us && beatUs < us + SECOND_US && beatUs <= snapshot.endedAtUs;
  return { us: isWithin ? beatUs : us, precision: "s" };
}

const SECOND_US = 1_000_000;

function deriveClients(look: {
  socket: string;
  server: number;
  snapshot: TmuxSnapshot;
  documents: ReadonlyDocuments;
  fresh: boolean;
  tell: Tell;
}): void {
  const { socket, server, snapshot, documents, fresh, tell } = look;
  const prefix = within(socket, "");
  const seen = new Map(snapshot.clients.map((client) => [client.client, client]));
  for (const [id, { payload }] of documentsOf(documents, "client")) {
    if (fresh || !id.startsWith(prefix)) continue;
    const now = seen.get(payload.client);
    if (now && now.pid === payload.pid && now.session === payload.session) seen.delete(payload.client);
    else tell("tmux.client.detached", payload.name, { ...payload, socket, server });
  }
  for (const client of seen.values())
    tell("tmux.client.attached", client.name, { socket, server, ...client });
}

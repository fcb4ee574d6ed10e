import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { Documents, FoldEvent } from "../../store/projection.ts";
import { diedAtUs } from "./died-at.ts";
import type { AgentPane, PaneDocument } from "./documents.ts";
import { documentOf, documentsOf, within } from "./documents.ts";
import { hookedLineOf, withHookedLine } from "./hooked-life.ts";
import {
  adopt,
  awayPanes,
  changedBy,
  closed,
  closeOwnPane,
  goneFurther,
  inherit,
  ownPane,
  ownPaneFrom,
  setOwnPane,
} from "./own-panes.ts";
import { NO_PURPOSE } from "./purpose.ts";
import { unseenFrom } from "./unseen-from.ts";
import { happenedByUs } from "./within.ts";

/** Folds what `list-panes` and `list-clients` told. Hook lines are points in time for history; of the present they tell lives that no look saw. */
export function foldTmux(documents: Documents, event: FoldEvent): void {
  switch (event.type) {
    case "tmux.hook.fired":
      return hookFired(documents, event);
    case "tmux.server.appeared":
      return serverAppeared(documents, event, event.payload as PayloadOf<"tmux.server.appeared">);
    case "tmux.server.vanished":
      return serverVanished(documents, event, event.payload as PayloadOf<"tmux.server.vanished">);
    case "tmux.session.renamed":
      return sessionRenamed(documents, event, event.payload as PayloadOf<"tmux.session.renamed">);
    case "tmux.pane.created":
    case "tmux.pane.respawned":
      return paneStarted(documents, event, event.payload as PayloadOf<"tmux.pane.created">);
    case "tmux.pane.died":
      return paneDied(documents, event, event.payload as PayloadOf<"tmux.pane.died">);
    case "tmux.pane.closed":
      return paneClosed(documents, event, event.payload as PayloadOf<"tmux.pane.closed">);
    case "tmux.pane.moved":
      return paneMoved(documents, event, event.payload as PayloadOf<"tmux.pane.moved">);
    case "tmux.pane.active": {
      const { socket, pane } = event.payload as PayloadOf<"tmux.pane.active">;
      const known = documentOf(documents, "pane", within(socket, pane));
      if (known) documents.set("pane", within(socket, pane), { ...known, activityAtUs: event.occurredAtUs });
      return;
    }
    case "tmux.client.attached": {
      const payload = event.payload as PayloadOf<"tmux.client.attached">;
      documents.set("client", within(payload.socket, payload.client), {
        payload,
        atUs: event.occurredAtUs,
        ...changedBy(event),
      });
      return;
    }
    case "tmux.client.detached": {
      const payload = event.payload as PayloadOf<"tmux.client.detached">;
      documents.delete("client", within(payload.socket, payload.client));
      return;
    }
  }
  // Sessions need no document of their own: a session without a pane does not exist in tmux.
}

function hookFired(documents: Documents, event: FoldEvent): void {
  const line = hookedLineOf(event);
  if (line === null) return;
  const { socket } = line.life;
  const known = documentOf(documents, "agent", line.agent);
  const before = known?.hooked?.[socket];
  const life = withHookedLine(before, line.life);
  if (life === before) return;
  const hooked = { ...known?.hooked, [socket]: life };
  documents.set("agent", line.agent, { panes: {}, purpose: NO_PURPOSE, ...known, hooked });
}

function serverAppeared(
  documents: Documents,
  event: FoldEvent,
  payload: PayloadOf<"tmux.server.appeared">,
): void {
  documents.set("server", payload.socket, {
    state: "up",
    pid: payload.server,
    start: payload.start,
    version: payload.version,
    reason: null,
    sinceUs: event.occurredAtUs,
    ...changedBy(event),
  });
}

function serverVanished(
  documents: Documents,
  event: FoldEvent,
  payload: PayloadOf<"tmux.server.vanished">,
): void {
  const known = documentOf(documents, "server", payload.socket);
  documents.set("server", payload.socket, {
    state: "gone",
    pid: payload.server,
    start: known?.start ?? null,
    version: known?.version ?? "",
    reason: payload.reason,
    sinceUs: event.occurredAtUs,
    ...changedBy(event),
  });
  // One event turns every row: the panes of a server that is gone are gone with it, and agents' own panes are
  // read together with their server's state.
  for (const family of ["pane", "client", "process"] as const) {
    const prefix = within(payload.socket, "");
    for (const [id] of [...documents.list(family)]) if (id.startsWith(prefix)) documents.delete(family, id);
  }
  // A later server may have the same pid (after a reboot pids are small), so a pane must not be left to it.
  for (const [name, { panes }] of [...documentsOf(documents, "agent")]) {
    const own = panes[payload.socket];
    if (!own || (own.state === "closed" && !own.away) || own.server !== payload.server) continue;
    setOwnPane(documents, name, { ...closed(documents, own, event), lostServer: true });
  }
}

function paneStarted(documents: Documents, event: FoldEvent, payload: PayloadOf<"tmux.pane.created">): void {
  const id = within(payload.socket, payload.pane);
  const pane: PaneDocument = {
    socket: payload.socket,
    server: payload.server,
    session: payload.session,
    window: payload.window,
    pane: payload.pane,
    name: payload.name,
    pid: payload.pid,
    start: payload.start,
    startedAtUs: payload.startedAtUs,
    incarnation: payload.incarnation,
    createdAtUs: event.occurredAtUs,
    bornSeq: event.seq,
    dead: false,
    status: null,
    signal: null,
    activityAtUs: null,
    ...changedBy(event),
  };
  documents.set("pane", id, pane);
  documents.delete("process", id);
  const own = ownPane(documents, payload.name, payload.socket);
  const free = !own || own.state === "closed" || own.server !== payload.server;
  if (free || own.pane === payload.pane) setOwnPane(documents, payload.name, ownPaneFrom(pane, event));
}

function paneDied(documents: Documents, event: FoldEvent, payload: PayloadOf<"tmux.pane.died">): void {
  const id = within(payload.socket, payload.pane);
  const known = documentOf(documents, "pane", id);
  if (!known || known.pid !== payload.pid) return;
  const { status, signal } = payload;
  const atUs = known.diedAtUs ?? diedAtUs(documents, event, known);
  documents.set("pane", id, { ...known, dead: true, diedAtUs: atUs, status, signal, ...changedBy(event) });
  for (const [name, away] of awayPanes(documents, payload.socket, known)) {
    const died = away.diedAtUs === undefined ? { diedAtUs: atUs, ...endedBy(event) } : {};
    setOwnPane(documents, name, { ...away, ...died, status, signal, ...changedBy(event) });
  }
  const own = ownPane(documents, known.name, payload.socket);
  if (own?.pane !== payload.pane) return;
  const unseen = event.precision === "us" ? unseenFrom(documents, own) : {};
  const since = "unseenFromUs" in unseen ? { diedUnseenFromUs: unseen.unseenFromUs } : {};
  const died = own.state === "dead" ? {} : { atUs, ...endedBy(event), ...since };
  setOwnPane(documents, known.name, { ...own, state: "dead", status, signal, ...died, ...changedBy(event) });
}

function endedBy(event: FoldEvent): Pick<AgentPane, "endedByUs"> {
  return event.precision === "us" ? {} : { endedByUs: happenedByUs(event) };
}

function paneClosed(documents: Documents, event: FoldEvent, payload: PayloadOf<"tmux.pane.closed">): void {
  const id = within(payload.socket, payload.pane);
  const known = documentOf(documents, "pane", id);
  documents.delete("pane", id);
  documents.delete("process", id);
  touchServer(documents, payload.socket, event);
  if (known)
    for (const [away, own] of awayPanes(documents, payload.socket, known))
      setOwnPane(documents, away, closed(documents, own, event));
  const name = known?.name ?? event.agent;
  if (name !== null) closeOwnPane(documents, name, payload.socket, payload.pane, event);
}

function paneMoved(documents: Documents, event: FoldEvent, payload: PayloadOf<"tmux.pane.moved">): void {
  const id = within(payload.socket, payload.pane);
  const known = documentOf(documents, "pane", id);
  if (!known) return;
  const { session, window, name } = payload;
  const movedAtUs = event.occurredAtUs;
  const moved: PaneDocument = { ...known, session, window, name, movedAtUs, ...changedBy(event) };
  documents.set("pane", id, moved);
  if (known.name === name) return;
  const away = { how: "moved", to: name } as const;
  goneFurther(documents, known, away, event);
  closeOwnPane(documents, known.name, payload.socket, payload.pane, event, away);
  adopt(documents, name, moved, event);
  inherit(documents, known.name, moved.socket, event);
}

function sessionRenamed(
  documents: Documents,
  event: FoldEvent,
  payload: PayloadOf<"tmux.session.renamed">,
): void {
  const before = ownPane(documents, payload.from, payload.socket);
  const away = { how: "renamed", to: payload.to } as const;
  for (const pane of payload.panes) {
    const id = within(payload.socket, pane);
    const known = documentOf(documents, "pane", id);
    if (!known) continue;
    documents.set("pane", id, { ...known, name: payload.to, ...changedBy(event) });
    goneFurther(documents, known, away, event);
  }
  if (!before || before.session !== payload.session || before.state === "closed") return;
  closeOwnPane(documents, payload.from, payload.socket, before.pane, event, away);
  const own = ownPane(documents, payload.to, payload.socket);
  if (!own || own.state === "closed" || own.server !== before.server) {
    const namedAtUs = event.occurredAtUs;
    setOwnPane(documents, payload.to, { ...before, atUs: namedAtUs, namedAtUs, ...changedBy(event) });
  }
  inherit(documents, payload.from, payload.socket, event);
}

/** A closed pane leaves no document, so the socket's own one remembers that it was looked at then. */
function touchServer(documents: Documents, socket: string, event: FoldEvent): void {
  const known = documentOf(documents, "server", socket);
  if (known) documents.set("server", socket, { ...known, recordedAtUs: event.recordedAtUs });
}

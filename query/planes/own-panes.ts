import type { Documents, FoldEvent } from "../../store/projection.ts";
import type { Away } from "./away.ts";
import type { AgentPane, PaneDocument } from "./documents.ts";
import { documentOf, documentsOf, within } from "./documents.ts";
import { NO_PURPOSE } from "./purpose.ts";
import { unseenFrom } from "./unseen-from.ts";

export function adopt(documents: Documents, name: string, pane: PaneDocument, event: FoldEvent): void {
  const own = ownPane(documents, name, pane.socket);
  if (own && own.state !== "closed" && own.server === pane.server) return;
  setOwnPane(documents, name, { ...ownPaneFrom(pane, event), namedAtUs: event.occurredAtUs });
}

/**
 * A look tells what was renamed and moved one by one, so another pane may have come under the name before the own one is told to leave it: tmux
 * has each name once, so a session that is called so now is the agent's. A pane that was beside the own one in its session is none. Of several
 * the one that was somebody's own, or else the first.
 */
export function inherit(documents: Documents, name: string, socket: string, event: FoldEvent): void {
  const lost = ownPane(documents, name, socket);
  if (lost?.away === undefined || lost.seq !== event.seq) return;
  const heirs = panesOf(documents, socket).filter(
    (pane) =>
      pane.name === name &&
      pane.server === lost.server &&
      (pane.session !== lost.session || pane.movedAtUs === event.occurredAtUs),
  );
  const rank = (pane: PaneDocument) => (awayPanes(documents, socket, pane).length > 0 ? 0 : 1);
  const [heir] = heirs.sort((a, b) => rank(a) - rank(b) || a.bornSeq - b.bornSeq);
  if (heir !== undefined) adopt(documents, name, heir, event);
}

export function ownPaneFrom(pane: PaneDocument, event: FoldEvent): AgentPane {
  const { socket, server, session, pid, start, startedAtUs, incarnation, bornSeq, status, signal } = pane;
  return {
    socket,
    server,
    session,
    pane: pane.pane,
    pid,
    start,
    startedAtUs,
    incarnation,
    bornSeq,
    state: pane.dead ? "dead" : "alive",
    status,
    signal,
    atUs: event.occurredAtUs,
    ...changedBy(event),
  };
}

export function ownPane(documents: Documents, name: string, socket: string): AgentPane | undefined {
  return documentOf(documents, "agent", name)?.panes[socket];
}

export function setOwnPane(documents: Documents, name: string, pane: AgentPane): void {
  const known = documentOf(documents, "agent", name);
  const earlier = earlierThan(pane, known?.panes[pane.socket]);
  const own = earlier.length === 0 ? pane : { ...pane, earlier };
  documents.set("agent", name, {
    purpose: NO_PURPOSE,
    ...known,
    panes: { ...known?.panes, [pane.socket]: own },
  });
}

/** So many are remembered: of a loop of crashes none outlives its pane for long, and each costs a log 0.6 bytes an event. */
const MOST_REMEMBERED = 3;

/**
 * Whose processes may go on to write the agent's heartbeat, though another life has its name now. Of two that swapped their names neither answers for
 * the name that it has now: there nobody else could, and none is named.
 */
export function earlierThan(
  pane: Pick<AgentPane, "pid" | "start" | "namedAtUs">,
  before: AgentPane | undefined,
): NonNullable<AgentPane["earlier"]> {
  if (before === undefined || pane.namedAtUs !== undefined) return [];
  const { earlier = [], pid, start } = before;
  const isSame = pid === pane.pid && start === pane.start;
  const all = isSame || pid === null || start === null ? earlier : [...earlier, { pid, start }];
  return all.filter((one) => one.pid !== pane.pid || one.start !== pane.start).slice(-MOST_REMEMBERED);
}

export function closeOwnPane(
  documents: Documents,
  name: string,
  socket: string,
  pane: string | null,
  event: FoldEvent,
  away?: Away,
): void {
  const own = ownPane(documents, name, socket);
  if (own?.pane !== pane || own.state === "closed") return;
  setOwnPane(documents, name, { ...closed(documents, own, event), ...(away ? { away } : {}) });
}

/** Whose pane was away already is told where it is now. */
export function goneFurther(documents: Documents, pane: PaneDocument, away: Away, event: FoldEvent): void {
  for (const [name, own] of awayPanes(documents, pane.socket, pane))
    setOwnPane(documents, name, { ...own, away, ...changedBy(event) });
}

/** Whose own this pane was, until its session got another name. */
export function awayPanes(
  documents: Documents,
  socket: string,
  { server, pane, pid }: Pick<AgentPane, "server" | "pane" | "pid">,
): [string, AgentPane][] {
  const found: [string, AgentPane][] = [];
  for (const [name, { panes }] of documentsOf(documents, "agent")) {
    const own = panes[socket];
    if (own?.away && own.server === server && own.pane === pane && own.pid === pid) found.push([name, own]);
  }
  return found;
}

/** How its process had ended before is the cause of all that follows: it stays what is known of this life. */
export function closed(documents: Documents, { away: _, ...own }: AgentPane, event: FoldEvent): AgentPane {
  const died = own.state === "dead" ? { diedAtUs: own.atUs } : {};
  const unseen = unseenFrom(documents, own);
  return { ...own, state: "closed", atUs: event.occurredAtUs, ...died, ...unseen, ...changedBy(event) };
}

function panesOf(documents: Documents, socket: string): PaneDocument[] {
  const prefix = within(socket, "");
  return [...documentsOf(documents, "pane")].filter(([id]) => id.startsWith(prefix)).map(([, pane]) => pane);
}

export function changedBy(event: FoldEvent): { seq: number; recordedAtUs: number } {
  return { seq: event.seq, recordedAtUs: event.recordedAtUs };
}

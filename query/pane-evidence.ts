import type { ReadonlyDocuments } from "../store/projection.ts";
import type { Coverage, Watch } from "./coverage.ts";
import type { AgentDocument, AgentPane, HookedLife, ServerDocument } from "./planes/documents.ts";
import { documentOf } from "./planes/documents.ts";
import { lastLife } from "./planes/hooked-life.ts";
import { WITHIN_US } from "./planes/within.ts";
import type { Evidence, UnseenEnd } from "./weighed.ts";

/** By socket, and where a socket is watched with the life that came and went before anybody looked. */
export function ownPanes(
  documents: ReadonlyDocuments,
  agent: AgentDocument | undefined,
  coverage: Coverage,
  nowUs: number,
): AgentPane[] {
  const { panes = {}, hooked } = agent ?? {};
  if (hooked === undefined) return Object.values(panes);
  return [...new Set([...Object.keys(panes), ...Object.keys(hooked)])].flatMap((socket) => {
    const own = panes[socket];
    const watch = coverage.of("tmux", socket);
    if (watch.state !== "fresh") return own ?? [];
    const server = documentOf(documents, "server", socket);
    return lastLife(own, hooked[socket], server, { nowUs, watchedFromUs: watch.sinceUs }) ?? [];
  });
}

/**
 * When a pane had ended that a look found gone, and before which nobody had looked: by the lines that tmux's hooks wrote meanwhile about its
 * session, which are of whole seconds; where its whole server went, by the boot of the machine.
 */
export function unseenEndOf(
  own: AgentPane | undefined,
  hooked: HookedLife | undefined,
  bootedAtUs: number | undefined,
): UnseenEnd | undefined {
  if (own === undefined || own.state === "alive" || own.away) return undefined;
  const { unseenFromUs, diedUnseenFromUs, startedAtUs } = own;
  const dated = (
    toldUs: number | undefined,
    withinUs: number,
    fromUs: number,
    byUs: number,
  ): number | null => {
    const beganUs = Math.max(fromUs, startedAtUs ?? fromUs);
    if (toldUs === undefined || toldUs + withinUs <= beganUs) return null;
    const atUs = Math.max(toldUs, beganUs);
    return atUs < byUs ? atUs : null;
  };
  const its = hooked?.server === own.server && hooked.session === own.session ? hooked : undefined;
  const gone = own.state === "closed" ? unseenFromUs : undefined;
  // What tmux itself dated is known better.
  const diedFromUs = own.diedAtUs === undefined && own.state === "closed" ? gone : diedUnseenFromUs;
  if (gone === undefined && diedFromUs === undefined) return undefined;
  // Of another pane of its session the end is not its own.
  const died = its?.died && (its.died.pane ?? own.pane) === own.pane ? its.died.atUs : undefined;
  const boot = own.lostServer ? bootedAtUs : undefined;
  return {
    diedAtUs:
      diedFromUs === undefined ? null : dated(died, WITHIN_US.s, diedFromUs, own.diedAtUs ?? own.atUs),
    wentAtUs:
      gone === undefined
        ? null
        : (dated(its?.closed?.atUs, WITHIN_US.s, gone, own.atUs) ?? dated(boot, 0, gone, own.atUs)),
  };
}

/** Own panes live on the roster's socket, or by accident on another: a live one elsewhere is shown before a dead one at home. */
export function chooseOwnPane(
  documents: ReadonlyDocuments,
  panes: AgentPane[],
  socketName: string | undefined,
): AgentPane | undefined {
  const rank = (own: AgentPane): number => {
    const gone = isNowhere(own, documentOf(documents, "server", own.socket));
    // Of those that are gone the one that came last is what was there last, wherever that was.
    return gone ? 0 : (own.state === "alive" ? 4 : 2) + (basename(own.socket) === socketName ? 1 : 0);
  };
  if (panes.length < 2) return panes[0];
  return panes.sort((a, b) => rank(b) - rank(a) || b.atUs - a.atUs)[0];
}

export function paneEvidence(
  own: AgentPane | undefined,
  server: ServerDocument | undefined,
  watch: Watch,
  unseenEnd: UnseenEnd | undefined,
): Evidence["pane"] {
  if (watch.state !== "fresh") return { known: false };
  const told = paneAsTold(own, server);
  return unseenEnd === undefined ? told : { ...told, unseenEnd };
}

/** The pane as the looks at tmux told of it, taken together with its server's own state. */
export function paneAsTold(
  own: AgentPane | undefined,
  server: ServerDocument | undefined,
): Extract<Evidence["pane"], { known: true }> {
  if (!own) return missing(undefined, null, false);
  // Of one that hooks saw begin and nobody saw end it is known that it ended, and not when.
  const closedAtUs = own.byHooks?.ended === false ? null : own.atUs;
  if (own.state === "closed") return missing(own, closedAtUs, own.lostServer === true);
  // Also where another server has come since: its own is gone.
  if (isServerGone(own, server)) return missing(own, server?.sinceUs ?? null, server !== undefined);
  const { state, atUs, startedAtUs, status, signal } = own;
  const diedAtUs = state === "dead" ? atUs : null;
  const told = { known: true, state, atUs, startedAtUs, status, signal, diedAtUs } as const;
  const { namedAtUs } = own;
  return namedAtUs === undefined
    ? { ...told, away: null, serverGone: false }
    : { ...told, namedAtUs, away: null, serverGone: false };
}

/** Of one that no look saw its server need not have been seen either: that it went is told of the pane. */
export function isServerGone(
  { byHooks, server: pid }: AgentPane,
  server: ServerDocument | undefined,
): boolean {
  return byHooks === undefined && (server?.state !== "up" || server.pid !== pid);
}

/** Nothing of it was there any longer when it was last told of. */
export function isNowhere(own: AgentPane | undefined, server: ServerDocument | undefined): boolean {
  return own === undefined || own.state === "closed" || isServerGone(own, server);
}

/** When a life was told to have ended; undefined: it was not, or nobody knows when. */
export function endOf(own: AgentPane | undefined): number | undefined {
  if (own === undefined || own.state === "alive" || own.away || own.byHooks?.ended === false)
    return undefined;
  return own.diedAtUs ?? own.atUs;
}

/** A pane that is gone, with how its process had ended before it went: whatever took the pane then was not its death. */
function missing(
  own: AgentPane | undefined,
  atUs: number | null,
  serverGone: boolean,
): Extract<Evidence["pane"], { known: true }> {
  const startedAtUs = own?.startedAtUs ?? null;
  const diedAtUs = (own?.state === "dead" ? own.atUs : own?.diedAtUs) ?? null;
  const [status, signal] = own && diedAtUs !== null ? [own.status, own.signal] : [null, null];
  const away = own?.away ?? null;
  const replaced = own?.replaced ? { replaced: true as const } : {};
  const life = { startedAtUs, status, signal, diedAtUs };
  return { known: true, state: "missing", atUs, ...life, away, serverGone, ...replaced };
}

export function basename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

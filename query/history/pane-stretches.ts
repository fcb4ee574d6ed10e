import { paneAsTold } from "../pane-evidence.ts";
import type { AgentPane } from "../planes/documents.ts";
import type { ServerTold } from "./server-timeline.ts";
import type { Timeline } from "./timeline.ts";
import { valueAt } from "./timeline.ts";
import type { Begun, OwnPaneTold } from "./told.ts";

/** A stretch of time in which one life of the agent's pane on one socket is in one state, as it was told. */
export interface Stretch {
  readonly fromUs: number;
  readonly toUs: number;
  readonly state: "alive" | "dead" | "missing";
  readonly begun: Begun;
  /** It is its server that is gone, by the server's own words. */
  readonly byServer: boolean;
  readonly pane: AgentPane | null;
}

/** The death that ends a stretch, as a look told of it; hooks may have seen it a little earlier. */
export function deathAfter(stretches: readonly Stretch[], index: number): Stretch | undefined {
  let next = stretches[index + 1];
  if (next?.state === "dead" && next.begun === "point") next = stretches[index + 2];
  return next?.state === "dead" ? next : undefined;
}

export function isSameLife(a: AgentPane | null, b: AgentPane | null): boolean {
  return (
    a !== null &&
    b !== null &&
    a.server === b.server &&
    a.pane === b.pane &&
    a.pid === b.pid &&
    a.start === b.start &&
    isOfOneSession(a, b)
  );
}

/** Hooks name no process: of the lives that they alone told of each has a session of its own. */
export function isOfOneSession(a: AgentPane, b: AgentPane): boolean {
  return a.byHooks === undefined || b.byHooks === undefined || a.session === b.session;
}

/** Of a life that only hooks told of, what is known of the one before or after it says nothing. */
function isOther(a: AgentPane | null | undefined, b: AgentPane | null): boolean {
  return a !== b && (a?.byHooks ?? b?.byHooks) !== undefined;
}

export function stretchesOf(own: Timeline<OwnPaneTold | null>, server: Timeline<ServerTold>): Stretch[] {
  const moments = [...new Set([...own.fromUs, ...server.fromUs])].sort((a, b) => a - b);
  const stretches: Stretch[] = [];
  for (const [index, fromUs] of moments.entries()) {
    const told = valueAt(own, fromUs);
    const serving = valueAt(server, fromUs);
    const { state } = paneAsTold(told?.pane, serving.server);
    const byServer = state === "missing" && told !== null && told.pane.state !== "closed";
    // Where another server has come up on its socket, or the machine has booted, its own is gone, whoever looked.
    const proven = serving.byBoot || serving.server?.state === "up";
    const begun = byServer ? (proven ? "point" : "look") : (told?.begun ?? "look");
    const pane = told?.pane ?? null;
    const toUs = moments[index + 1] ?? Infinity;
    const last = stretches.at(-1);
    // A server's word about itself, or a status told late, does not end what goes on; but that it was gone is known from a point on, also
    // where nothing of the life that it ended remains (a clock that was set back has put both at one instant).
    const proves = begun === "point" && last?.begun !== "point";
    const goesOn = state === "missing" ? !proves && !isOther(last?.pane, pane) : last?.pane === pane;
    if (last && last.state === state && goesOn) stretches[stretches.length - 1] = { ...last, toUs };
    else stretches.push({ fromUs, toUs, state, begun, byServer, pane });
  }
  return stretches;
}

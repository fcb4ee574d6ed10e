import type { ReadonlyDocuments } from "../store/projection.ts";
import type { Coverage, Watch } from "./coverage.ts";
import { isServerGone } from "./pane-evidence.ts";
import type { AgentPane } from "./planes/documents.ts";
import { documentOf } from "./planes/documents.ts";

/** Another live session of an agent's name than the one that its row is of, and how its socket was watched. */
export interface LivingNamesake {
  readonly pane: AgentPane;
  readonly watch: Watch;
}

const NOBODY: readonly LivingNamesake[] = [];

/**
 * Within a socket tmux has each name once; on another one a second session of it may live, which no verdict weighs. Only one that is known to live
 * is told of: where nobody watches its socket, nothing is.
 */
export function namesakesOf(
  documents: ReadonlyDocuments,
  panes: readonly AgentPane[],
  own: AgentPane | undefined,
  coverage: Coverage,
): readonly LivingNamesake[] {
  if (panes.length < 2) return NOBODY;
  return panes.flatMap((pane) => {
    if (pane === own || pane.state !== "alive") return [];
    if (isServerGone(pane, documentOf(documents, "server", pane.socket))) return [];
    const watch = coverage.of("tmux", pane.socket);
    return watch.state === "fresh" ? [{ pane, watch }] : [];
  });
}

/** Since when the session has been what its row, or a remark on it, says: the start of its process, or when it came by its name. */
export function livesSinceUs({ namedAtUs, startedAtUs, atUs }: AgentPane): number {
  return namedAtUs ?? startedAtUs ?? atUs;
}

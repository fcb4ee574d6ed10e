import type { ChronicleView } from "../../store/chronicle-view.ts";
import { basename } from "../pane-evidence.ts";
import type { RosterDocument } from "../planes/documents.ts";
import { coverageId } from "../planes/recorder.ts";

/**
 * From when on anything is told of a tmux socket: watched it was never before, so that its first gap has no other end. Before that nothing of it is known,
 * and so nothing that is found on it later can tell of what was then: a socket that somebody makes today is no reason to judge years anew.
 * -Infinity: it may matter for as long as the log is, being one that the roster names, or that was looked at by hand.
 */
export function firstToldUs(view: ChronicleView, socket: string): number {
  const id = coverageId("tmux", socket);
  if (view.lines("scope", -Infinity).some((line) => line.id === id)) return -Infinity;
  if (view.lines("roster", -Infinity).some((line) => isNamedBy(view, line.id, socket))) return -Infinity;
  const isOf = (line: string): boolean => line.startsWith(`${socket}\n`) || line.endsWith(`\n${socket}`);
  const first = (family: string, line: string): number =>
    view.pieces(family, line, -Infinity, Infinity)[0]?.fromUs ?? Infinity;
  const ofLines = FAMILIES.flatMap((family) =>
    view
      .lines(family, -Infinity)
      .filter((line) => isOf(line.id))
      .map((line) => first(family, line.id)),
  );
  const happened = ["point", "client"].flatMap((kind) =>
    view.happened(kind, socket, -Infinity, Infinity).map(({ atUs }) => atUs),
  );
  return [first("coverage", id), first("server", socket), ...ofLines, ...happened].reduce(
    (least, us) => Math.min(least, us),
    Infinity,
  );
}

const FAMILIES = ["own", "hooked", "pane", "activity", "client", "process"];

function isNamedBy(view: ChronicleView, agent: string, socket: string): boolean {
  const name = basename(socket);
  return view
    .pieces("roster", agent, -Infinity, Infinity)
    .some(({ value }) => (value as RosterDocument | undefined)?.declaration.socketName === name);
}

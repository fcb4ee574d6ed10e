import type { ReadonlyDocuments } from "../store/projection.ts";
import type { AgentFacts } from "./evidence.ts";
import type { RosterDocument } from "./planes/documents.ts";
import { documentsOf } from "./planes/documents.ts";

/** The names on the roster, in its own order, the holder last. */
export function rosteredOf(documents: ReadonlyDocuments): string[] {
  const roster = [...documentsOf(documents, "roster")];
  const last = (document: RosterDocument) => (document.declaration.role === "holder" ? 1 : 0);
  roster.sort((a, b) => last(a[1]) - last(b[1]) || a[1].declaredSeq - b[1].declaredSeq);
  return roster.map((entry) => entry[0]);
}

/** Names that may have a row: the roster, and with `all`, or where there is no roster, whoever else had a session (see `isGone`). */
export function namesOf(
  documents: ReadonlyDocuments,
  { all, owners }: { readonly all: boolean; readonly owners: () => readonly string[] },
): string[] {
  const rostered = rosteredOf(documents);
  if (!all && rostered.length > 0) return rostered;
  const isOn = new Set(rostered);
  const others = owners().filter((name) => !isOn.has(name));
  return [...rostered, ...others.sort()];
}

/** Whoever had a session: one that was there once may be there again where nobody can tell. */
export function ownersIn(documents: ReadonlyDocuments): string[] {
  const found = new Set<string>();
  for (const [, { name }] of documentsOf(documents, "pane")) found.add(name);
  for (const [name, { panes, hooked }] of documentsOf(documents, "agent"))
    if (Object.keys(panes).length > 0 || hooked !== undefined) found.add(name);
  return [...found];
}

/**
 * Whether a session that no roster names is known not to be there: it is nobody's loss, and has neither a row nor a verdict, on any surface; nor has
 * one that only hooks told of, which is over. One of which nobody knows is `unobserved`.
 */
export function isGone({
  evidence: { pane },
  pane: { own },
}: Pick<AgentFacts, "evidence" | "pane">): boolean {
  return pane.known && (pane.state === "missing" || own?.byHooks !== undefined);
}

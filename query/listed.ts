import type { ReadonlyDocuments } from "../store/projection.ts";
import type { RosterDocument } from "./planes/documents.ts";
import { documentsOf } from "./planes/documents.ts";

/** Names to show: the roster in its own order, the holder last; and sessions that no roster names. */
export function namesOf(documents: ReadonlyDocuments): { rostered: string[]; unrostered: string[] } {
  const roster = [...documentsOf(documents, "roster")];
  const last = (document: RosterDocument) => (document.declaration.role === "holder" ? 1 : 0);
  roster.sort((a, b) => last(a[1]) - last(b[1]) || a[1].declaredSeq - b[1].declaredSeq);
  const rostered = roster.map((entry) => entry[0]);
  const known = new Set(rostered);
  const unrostered = new Set<string>();
  // A session that is gone and was on no roster is nobody's loss: only what exists is listed.
  for (const entry of documentsOf(documents, "pane"))
    if (!known.has(entry[1].name)) unrostered.add(entry[1].name);
  return { rostered, unrostered: [...unrostered].sort() };
}

import type { ReadonlyDocuments } from "../../store/projection.ts";
import type { AgentPane } from "./documents.ts";
import { documentOf } from "./documents.ts";
import { coverageId } from "./recorder.ts";

/** A look comes before the word that its socket is watched (again): what it finds changed may have changed at any time since the last one. */
export function unseenFrom(documents: ReadonlyDocuments, own: AgentPane): Pick<AgentPane, "unseenFromUs"> {
  const watch = documentOf(documents, "coverage", coverageId("tmux", own.socket));
  if (watch?.state === "observed") return {};
  return { unseenFromUs: Math.max(watch?.heardUntilUs ?? 0, own.recordedAtUs) };
}

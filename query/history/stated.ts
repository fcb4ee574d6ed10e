import type { FoldEvent } from "../../store/projection.ts";
import type { CoverageDocument, PaneDocument, RecorderDocument } from "../planes/documents.ts";
import { exitsKnownFromUs, type ManagerExitsDocument } from "../planes/manager-exits.ts";

/** From when on what an event has made of a document holds, where that is not the event's own moment. */
export function statedUs(family: string, document: unknown, event: FoldEvent): number | undefined {
  if (family === "managerexits") return exitsKnownFromUs(document as ManagerExitsDocument, event);
  // Who lapsed was last known alive at `lastAliveUs`: what was covered after that is taken back.
  if (event.type === "recorder.lapsed")
    return (document as CoverageDocument | RecorderDocument | undefined)?.sinceUs;
  // Of the second that tmux tells only what follows its beginning is left (see `died-at.ts`).
  if (event.type === "tmux.pane.died") return (document as PaneDocument | undefined)?.diedAtUs;
  return undefined;
}

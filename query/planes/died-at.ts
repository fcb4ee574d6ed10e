import type { FoldEvent, ReadonlyDocuments } from "../../store/projection.ts";
import { byClockOf, setBackIn } from "./clock.ts";
import type { PaneDocument } from "./documents.ts";
import { documentOf } from "./documents.ts";
import { happenedByUs } from "./within.ts";

/**
 * When a process ended at the earliest, by the word of its death. tmux tells the second of it, in which it may just have begun: one that starts and
 * dies within a second would be dead before it was born, and its life, and so its death, would vanish from all that is told. It died after its own
 * start, and after it was seen to live. What lies beyond its second was stated by another clock, and says nothing.
 */
export function diedAtUs(documents: ReadonlyDocuments, event: FoldEvent, pane: PaneDocument): number {
  const toldUs = event.occurredAtUs;
  if (event.precision === "us") return toldUs;
  const byUs = happenedByUs(event);
  const setBack = setBackIn(documents);
  const after = seenToLive(documents, pane)
    .map((stated) => byClockOf(setBack, stated, event.seq) + 1)
    .filter((us) => us < byUs);
  return Math.max(toldUs, ...after);
}

/** What is known of when it lived, but for its beats (see `tmux-derive.ts`). */
function seenToLive(
  documents: ReadonlyDocuments,
  { socket, server: pid, startedAtUs, bornSeq }: PaneDocument,
): readonly { readonly atUs: number; readonly seq: number }[] {
  // The process of a dead pane is gone from /proc: who was read there was seen to live.
  if (startedAtUs === null) return [];
  const began = { atUs: startedAtUs, seq: bornSeq };
  const server = documentOf(documents, "server", socket);
  if (server?.state !== "up" || server.pid !== pid) return [began];
  // The look that found its server found it as well, or came before it.
  return [began, { atUs: server.sinceUs, seq: server.seq }];
}

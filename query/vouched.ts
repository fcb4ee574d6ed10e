import type { ReadonlyDocuments } from "../store/projection.ts";
import { endedAtUs } from "./death.ts";
import type { HeartbeatDocument } from "./planes/documents.ts";
import { documentOf } from "./planes/documents.ts";
import { coverageId } from "./planes/recorder.ts";
import type { Evidence } from "./weighed.ts";

/**
 * Until when one whose pane had ended was not down after all: its newest beat was made after that, in time in which nobody watched its socket, so
 * another life was there, of which only its beats told. It is down again since the look that found nothing of it; where none but the look of now
 * has, since that beat vouches for it no longer. Null: there was no such life. What beats on while its pane is seen to be gone is none, nor is
 * one known of where no recorder ever watched.
 */
export function vouchedUntil(
  documents: ReadonlyDocuments,
  socket: string | null,
  pane: Evidence["pane"],
  heartbeat: HeartbeatDocument | undefined,
  { nowUs, freshUntilUs }: { readonly nowUs: number; readonly freshUntilUs: number | null },
): number | null {
  if (heartbeat === undefined || !pane.known || pane.state === "alive") return null;
  const endedUs = endedAtUs(pane) ?? Number.NEGATIVE_INFINITY;
  const { atUs, statusSinceUs, writerExitedAtUs } = heartbeat;
  const vouchesUs = Math.min(freshUntilUs ?? atUs, writerExitedAtUs ?? Infinity);
  if (atUs <= endedUs || vouchesUs <= endedUs) return null;
  // A look in between that found its end, and noted nothing else.
  const foundUs = (pane.state === "missing" && pane.unseenEnd ? pane.atUs : null) ?? Number.NEGATIVE_INFINITY;
  const mayHaveLived = (unheardFromUs: number, toUs: number): boolean => {
    const fromUs = Math.max(unheardFromUs, foundUs);
    return fromUs < toUs && endedUs <= fromUs && vouchesUs > fromUs && statusSinceUs < toUs;
  };
  const watch = documentOf(documents, "coverage", coverageId("tmux", socket ?? ""));
  if (watch === undefined) return null;
  const { state, heardUntilUs, unheardUs } = watch;
  if (state !== "observed" && heardUntilUs !== undefined && mayHaveLived(heardUntilUs, nowUs))
    return Math.min(vouchesUs, nowUs);
  return unheardUs?.find(([fromUs, toUs]) => mayHaveLived(fromUs, toUs))?.[1] ?? null;
}

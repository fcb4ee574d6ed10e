import type { TmuxPaneSeen } from "../../store/events/snapshot.ts";
import type { ReadonlyDocuments } from "../../store/projection.ts";
import { documentOf } from "./documents.ts";

type Its = Pick<TmuxPaneSeen, "name" | "pid" | "start">;

/** When it beat last. A process that is older than the pane's was not started in it, and may have outlived the life that it was of. */
export function lastBeatUs(documents: ReadonlyDocuments, { name, start }: Its): number {
  const heartbeat = documentOf(documents, "heartbeat", name);
  if (heartbeat === undefined) return 0;
  const { pidStart, evidence } = heartbeat.beat;
  const isOlder = evidence !== "sidecar" && pidStart !== null && start !== null && pidStart < start;
  return isOlder ? 0 : heartbeat.atUs;
}

/** tmux tells an end when it has learnt of it, and on a busy machine the look at that comes late. What lived on for longer is not what ended. */
const TOLD_WITHIN_US = 5_000_000;

/**
 * When the process that beat was seen to be gone, where that is the pane's own process, and tmux told of its end only after that: it had ended by then,
 * and the pane with it. Until tmux told of it there was a pane without its process, which is no stale agent but the end of one. Null: it was not.
 */
export function ownExitUs(
  documents: ReadonlyDocuments,
  { name, pid, start }: Its,
  toldUs: number,
): number | null {
  const heartbeat = documentOf(documents, "heartbeat", name);
  const exitUs = heartbeat?.writerExitedAtUs ?? null;
  if (heartbeat === undefined || exitUs === null || heartbeat.beat.pid !== pid) return null;
  const { pidStart } = heartbeat.beat;
  if (pidStart !== null && start !== null && pidStart !== start) return null;
  // One that was gone when its beat was read is dated by that beat.
  if (heartbeat.writerGoneByUs !== undefined) return null;
  return exitUs < toldUs && toldUs - exitUs <= TOLD_WITHIN_US ? exitUs : null;
}

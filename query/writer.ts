import type { Watch } from "./coverage.ts";
import type { LivingNamesake } from "./namesakes.ts";
import type { AgentPane, HeartbeatDocument } from "./planes/documents.ts";

/** Whose process wrote a beat: the pane's own, one that is older than it, the other session's of that name; null: nobody can tell. */
export type Writer = "own" | "older" | "namesake" | null;

/**
 * By the process itself, where /proc told of it, and not by the hour that it writes: whole seconds cannot tell two lives of one second apart, a clock
 * may be wrong, and what outlived the pane that it was started in (it ignored the hangup, its session was renamed) goes on to write the file of the
 * next life. A process that is older than the pane's was not started in it.
 */
export function writerOf(
  { atUs, beat }: HeartbeatDocument,
  own: AgentPane | undefined,
  { namesakes, watch }: { readonly namesakes: readonly LivingNamesake[]; readonly watch: Watch },
): Writer {
  if (namesakes.some(({ pane: { pid } }) => pid === beat.pid && pid !== own?.pid)) return "namesake";
  if (own?.state !== "alive") return null;
  if (own.pid === beat.pid && own.start === beat.pidStart) return "own";
  // The clock ticks of two boots cannot be compared: a beat of before the pane was last seen is of the pane's.
  const seenUs = watch.state === "fresh" ? Infinity : (watch.observedAtUs ?? Number.NEGATIVE_INFINITY);
  return atUs <= seenUs && isOlder(beat, own) ? "older" : null;
}

/** Of a beat of the pane's own boot: its process is older than the pane's. */
export function isOlder({ pidStart, evidence }: HeartbeatDocument["beat"], own: AgentPane): boolean {
  if (own.start === null || pidStart === null || evidence === "sidecar") return false;
  // One that came by its name later has the environment of another: nobody but its predecessor can answer for the name.
  return pidStart < own.start && own.namedAtUs === undefined;
}

/** The newest beat that may be the life's own: where another's process writes the file as well, it is not the last one that was written. */
export function beatOfLife(
  heartbeat: HeartbeatDocument | undefined,
  writer: (heartbeat: HeartbeatDocument) => Writer,
): HeartbeatDocument | undefined {
  if (heartbeat?.before === undefined) return heartbeat;
  const { before, removed } = heartbeat;
  const isOthers = (one: HeartbeatDocument): boolean => ["older", "namesake"].includes(writer(one) ?? "");
  return isOthers(heartbeat) && !isOthers(before) ? { ...before, removed } : heartbeat;
}

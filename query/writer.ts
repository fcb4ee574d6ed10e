import type { LivingNamesake } from "./namesakes.ts";
import type { AgentPane, HeartbeatDocument } from "./planes/documents.ts";

/** Whose process wrote a beat: the pane's own, that of a life before it, the other session's of that name; null: nobody can tell. */
export type Writer = "own" | "earlier" | "namesake" | null;

/**
 * By the process itself, where it is known, and not by the hour that it writes: whole seconds cannot tell two lives of one second apart, a clock may
 * be wrong, and what outlived its pane (it ignored the hangup, its session was renamed) goes on to write the file of the next life. Who is not
 * known is believed: many a runtime beats from another process than its pane's.
 */
export function writerOf(
  heartbeat: HeartbeatDocument,
  own: AgentPane | undefined,
  namesakes: readonly LivingNamesake[],
): Writer {
  const { beat } = heartbeat;
  if (namesakes.some(({ pane: { pid } }) => pid === beat.pid && pid !== own?.pid)) return "namesake";
  if (own === undefined) return null;
  if (own.pid === beat.pid && own.start === beat.pidStart) return "own";
  return isOfEarlier(heartbeat, own) ? "earlier" : null;
}

/** Its process was that of a pane which the agent had before, or beat in the very second in which this life began and is older. */
function isOfEarlier({ atUs, precision, beat }: HeartbeatDocument, own: AgentPane): boolean {
  const { pid, pidStart } = beat;
  if (own.earlier?.some((one) => one.pid === pid && one.start === pidStart)) return true;
  if (precision !== "s" || own.startedAtUs === null || own.start === null || pidStart === null) return false;
  return atUs <= own.startedAtUs && pidStart < own.start && own.namedAtUs === undefined;
}

/** The newest beat that may be the life's own: where another's process writes the file as well, it is not the last one that was written. */
export function beatOfLife(
  heartbeat: HeartbeatDocument | undefined,
  writer: (heartbeat: HeartbeatDocument) => Writer,
): HeartbeatDocument | undefined {
  if (heartbeat?.before === undefined) return heartbeat;
  const { before, removed } = heartbeat;
  const isOthers = (one: HeartbeatDocument): boolean => ["earlier", "namesake"].includes(writer(one) ?? "");
  return isOthers(heartbeat) && !isOthers(before) ? { ...before, removed } : heartbeat;
}

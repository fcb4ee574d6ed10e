import { isSince } from "../query/beat.ts";

/** A heartbeat as its file holds it, with the start of its process in clock ticks; null: that process is not there. */
export interface SeenBeat {
  readonly atUs: number;
  readonly precision: "s" | "ms" | "us";
  readonly pid: number;
  readonly writerStartTicks: number | null;
}

/** The process of the pane that was asked for; `formerPid` was that of the session before it was asked for. */
export interface NewLife {
  readonly bornAtUs: number;
  readonly startTicks: number;
  readonly formerPid: number | null;
}

/**
 * Whether a beat is an answer of the life that was just started: not of what ran before, which may write on, nor one that cannot be told by its hour. Of
 * the last second of the life before, in whole seconds, only the process decides: one that is older than the pane's was not started in it.
 */
export function isOfNewLife(beat: SeenBeat, life: NewLife): boolean {
  const { atUs, pid, writerStartTicks } = beat;
  if (pid === life.formerPid || !isSince(beat, life.bornAtUs)) return false;
  if (atUs > life.bornAtUs) return true;
  return writerStartTicks !== null && writerStartTicks >= life.startTicks;
}

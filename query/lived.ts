import { isSince } from "./beat.ts";
import { endOf } from "./pane-evidence.ts";
import { byClockOf, type SetBack } from "./planes/clock.ts";
import type { AgentPane, HeartbeatDocument, HookedLife, RosterDocument } from "./planes/documents.ts";
import type { EndedWriter, Life } from "./planes/purpose.ts";
import type { Evidence } from "./weighed.ts";
import type { Writer } from "./writer.ts";

/** The process that beat last, if it ended by its own plane's word, or went with the pane. */
export function writerGone(
  heartbeat: HeartbeatDocument | undefined,
  own: AgentPane | undefined,
  pane: Evidence["pane"],
): EndedWriter | null {
  if (heartbeat === undefined) return null;
  const { writerSinceUs: sinceUs, writerExitedAtUs, writerGoneByUs } = heartbeat;
  // Of a process that is known to have started sooner the end says nothing: it was not the one that a start has brought.
  const isOver = pane.known && pane.state !== "alive" && own?.startedAtUs === null;
  const paneEndedUs = isOver ? (endOf(own) ?? null) : null;
  const withPaneUs = paneEndedUs !== null && paneEndedUs >= sinceUs ? paneEndedUs : Infinity;
  const endedAtUs = Math.min(writerGoneByUs ?? writerExitedAtUs ?? Infinity, withPaneUs);
  const wasItself =
    heartbeat.beat.evidence === "runtime" && writerExitedAtUs !== null && writerExitedAtUs > heartbeat.atUs;
  return endedAtUs === Infinity ? null : { sinceUs, endedAtUs, wasItself };
}

/** By when one had begun whose process's own start is not known. */
export function bornBy(
  own: AgentPane | undefined,
  hooked: HookedLife | undefined,
): Pick<Life, "bornAtUs" | "bornByUs"> {
  if (own?.byHooks) return { bornAtUs: own.startedAtUs, bornByUs: own.byHooks.begunByUs };
  if (own === undefined || own.startedAtUs !== null) return { bornAtUs: own?.startedAtUs ?? null };
  const made = hooked?.server === own.server && hooked.session === own.session ? hooked.created : null;
  return made === null
    ? { bornAtUs: null }
    : { bornAtUs: made.atUs, bornByUs: made.atUs + made.withinUs - 1 };
}

/** Whose the newest beat is: `life`: of the life that was there last; `unknown`: of that one or of one before it, since nobody knows when it began. */
export type BeatOf = "life" | "earlier-life" | "other-session" | "unknown" | null;

/** `isOnlyTrace`: nothing but beats told of the life. */
export function beatOf(
  heartbeat: HeartbeatDocument | undefined,
  {
    own,
    hooked,
    writer,
    isOnlyTrace,
    byClock,
  }: {
    readonly own: AgentPane | undefined;
    readonly hooked: HookedLife | undefined;
    readonly writer: Writer;
    readonly isOnlyTrace: boolean;
    /** A moment that was told of the pane, by the clock of the beat. */
    readonly byClock: (atUs: number) => number;
  },
): BeatOf {
  if (heartbeat === undefined) return null;
  if (isOnlyTrace) return "life";
  if (writer !== null) return OF_WRITER[writer];
  const { bornAtUs, bornByUs } = bornBy(own, hooked);
  if (bornAtUs !== null && !isSince(heartbeat, byClock(bornAtUs))) return "earlier-life";
  if (own !== undefined && own.pid === heartbeat.beat.pid) return "life";
  if (bornAtUs === null) return "unknown";
  return bornByUs === undefined || heartbeat.atUs >= byClock(bornByUs) ? "life" : "unknown";
}

const OF_WRITER = { own: "life", earlier: "earlier-life", namesake: "other-session" } as const;

/** By when nothing of it ran any more; null: it runs, or nobody knows. */
export function downByUs(own: AgentPane | undefined, pane: Evidence["pane"]): number | null {
  if (!pane.known || pane.state === "alive") return null;
  return own === undefined ? Number.NEGATIVE_INFINITY : (own.endedByUs ?? pane.diedAtUs ?? pane.atUs);
}

/** A look, or its unit, has told that it ran since it was declared. */
export function everRan(
  roster: RosterDocument | undefined,
  own: AgentPane | undefined,
  unit: Evidence["unit"],
  { missedUs, setBack }: { readonly missedUs: number; readonly setBack: readonly SetBack[] },
): boolean {
  if (unit.known && unit.active === "failed") return true;
  // A unit that has just become active is told of before the pane that it makes.
  if (unit.known && unit.active === "active" && (own || missedUs > unit.atUs)) return true;
  if (!own) return false;
  if (own.state === "alive" || roster === undefined) return true;
  const declared = { atUs: roster.declaredAtUs, seq: roster.declaredSeq };
  // What ended in the second of its declaration may have run after it: nobody knows that it never did.
  return (own.endedByUs ?? own.diedAtUs ?? own.atUs) >= byClockOf(setBack, declared, own.seq);
}

/** It answered, where nobody saw more of it than that: not by a beat whose process was not there when it was read. */
export function hasBeaten(
  roster: RosterDocument | undefined,
  heartbeat: HeartbeatDocument | undefined,
  setBack: readonly SetBack[],
): boolean {
  if (roster === undefined || heartbeat === undefined) return false;
  const { atUs, writerExitedAtUs, seq } = heartbeat;
  if (writerExitedAtUs !== null && writerExitedAtUs <= atUs) return false;
  return atUs >= byClockOf(setBack, { atUs: roster.declaredAtUs, seq: roster.declaredSeq }, seq);
}

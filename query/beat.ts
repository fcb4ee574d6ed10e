import type { HeartbeatDocument } from "./planes/documents.ts";
import { REACH_IN_INTERVALS } from "./planes/reach.ts";
import { WITHIN_US } from "./planes/within.ts";
import type { Writer } from "./writer.ts";

export interface BeatQuestion {
  readonly nowUs: number;
  readonly intervalSeconds: number;
  readonly heartbeat: HeartbeatDocument | undefined;
  /** Whether the heartbeat files are being watched at `nowUs`, so that no beat can have been missed. */
  readonly watched: boolean;
  /** Until when that is certain; absent: until now. A recorder that is stopped or starved still holds its lease for a while. */
  readonly confirmedAtUs?: number | undefined;
  /** When the life in question began; null = not known, then every beat counts. */
  readonly bornAtUs: number | null;
  /** Whose process made it, as far as that is known: no other's beat is this life's answer. */
  readonly writer?: Writer | undefined;
  /** When that life was told to have ended, where nobody knows whether it has come back since; absent: it was not. What it beat before says nothing of now. */
  readonly endedAtUs?: number | undefined;
  /** The last suspend of the machine: beats are not judged until the first one after it, or until one could be due. */
  readonly resumedAtUs: number | null;
}

export interface BeatHealth {
  readonly health: "healthy" | "stale" | "unknown";
  /** Why it is not plainly the answer of the age: no-file, clock, pid-gone, previous-incarnation, namesake, resumed, unwatched, ended-unseen. */
  readonly reason: string | null;
  /** There is a beat of this incarnation. Null when nobody can tell. */
  readonly counts: boolean | null;
  /** Until when the newest beat proves health: `ts` + 3 x interval. */
  readonly freshUntilUs: number | null;
}

/** Of a beat that does not tell of health, by its reason, why not. */
export const UNJUDGED_BECAUSE: Readonly<Record<string, string>> = {
  unwatched: "nobody is reading its heartbeat",
  clock: "its last beat is dated in the future",
  resumed: "the machine was suspended, or its clock set forward, and no beat is due yet",
  "no-file": "it has no heartbeat file",
  "ended-unseen": "the life that made its last beat ended before anybody looked again",
  "previous-incarnation": "its last beat is of a life before this one",
  namesake: "its last beat is of the other session of its name",
};

/** Protocol v1: what a heartbeat file proves at a moment. A beat keeps its own promise for 3 x interval, watched or not. */
export function judgeBeat(question: BeatQuestion): BeatHealth {
  const { nowUs, heartbeat, watched, bornAtUs } = question;
  const intervalUs = question.intervalSeconds * 1e6;
  const reachUs = REACH_IN_INTERVALS * intervalUs;
  if (!heartbeat) {
    const [reason, counts] = watched ? (["no-file", false] as const) : (["unwatched", null] as const);
    return { health: "unknown", reason, counts, freshUntilUs: null };
  }
  const freshUntilUs = heartbeat.atUs + reachUs;
  const { writer = null } = question;
  const isOfLife = writer === null ? bornAtUs === null || isSince(heartbeat, bornAtUs) : writer === "own";
  const counts = isOfLife && heartbeat.atUs > (question.endedAtUs ?? Number.NEGATIVE_INFINITY);
  // Without its file nothing can be read any longer; that it has beaten in this life stays true.
  if (heartbeat.removed) {
    const reason = watched ? "no-file" : "unwatched";
    return { health: "unknown", reason, counts: counts || (watched ? false : null), freshUntilUs };
  }
  if (heartbeat.atUs > nowUs + intervalUs)
    return { health: "unknown", reason: "clock", counts, freshUntilUs };
  if (!counts) {
    return {
      health: "unknown",
      // Of one that has ended, and that nobody watches, newer beats may be there.
      reason:
        isOfLife && !watched ? "unwatched" : writer === "namesake" ? "namesake" : "previous-incarnation",
      counts: watched ? false : null,
      freshUntilUs,
    };
  }
  if (heartbeat.voidFromUs !== undefined && nowUs >= heartbeat.voidFromUs)
    return { health: "unknown", reason: "ended-unseen", counts, freshUntilUs };
  const silentSinceResume = question.resumedAtUs !== null && heartbeat.atUs < question.resumedAtUs;
  if (silentSinceResume && nowUs <= (question.resumedAtUs ?? 0) + reachUs) {
    return { health: "unknown", reason: "resumed", counts, freshUntilUs };
  }
  // That its process was gone when it was last read says nothing of a beat that another has written since.
  if (heartbeat.writerExitedAtUs !== null && !watched)
    return { health: "unknown", reason: "unwatched", counts, freshUntilUs };
  if (heartbeat.writerExitedAtUs !== null)
    return { health: "stale", reason: "pid-gone", counts, freshUntilUs };
  if (nowUs <= freshUntilUs) return { health: "healthy", reason: null, counts, freshUntilUs };
  // Nobody watched since: there may be newer beats that no one has read.
  if (!watched || isStarved(question, freshUntilUs)) {
    return { health: "unknown", reason: "unwatched", counts, freshUntilUs };
  }
  return { health: "stale", reason: null, counts, freshUntilUs };
}

/** A `ts` of whole seconds may be up to a second early, so a beat of the second in which a life began is of that life. */
export function isSince(
  { atUs, precision }: Pick<HeartbeatDocument, "atUs" | "precision">,
  bornAtUs: number,
): boolean {
  return atUs + WITHIN_US[precision] > bornAtUs;
}

/** A recorder proves itself once a second; one that has not, and not since the beat ran out, may have left a newer beat unread. */
const PROVEN_WITHIN_US = 1_500_000;

function isStarved({ nowUs, confirmedAtUs }: BeatQuestion, freshUntilUs: number): boolean {
  if (confirmedAtUs === undefined) return false;
  return nowUs - confirmedAtUs > PROVEN_WITHIN_US && confirmedAtUs < freshUntilUs;
}

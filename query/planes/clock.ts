import type { Documents, FoldEvent, ReadonlyDocuments } from "../../store/projection.ts";
import type { Changed } from "./documents.ts";
import { documentOf, documentsOf, ONLY } from "./documents.ts";

/** A word of the recorder before which something stands in the log that is dated later. */
export interface SetBack {
  readonly atUs: number;
  readonly seq: number;
}

/** How the clock was set back, as far as it matters to what stands. */
export interface ClockDocument extends Changed {
  readonly setBack: readonly SetBack[];
}

/** So many are remembered. An older one only matters to what has stood since before it. */
const REMEMBERED = 32;

/** Something that was stated to have been at a moment, at a place of the log. */
interface Stated {
  readonly atUs: number | null | undefined;
  readonly seq: number | undefined;
}

/**
 * What stands before a word of the recorder in the log had happened by then (`history/chronology.ts`). Where something is dated later than such
 * a word the clock was set back meanwhile; the times of before and of after it cannot be compared as they stand, so such words are remembered.
 */
export function foldClock(
  documents: Documents,
  { source, occurredAtUs: atUs, seq, recordedAtUs }: FoldEvent,
): void {
  if (source !== "recorder") return;
  const known = documentOf(documents, "clock", ONLY);
  const setBack = known?.setBack ?? [];
  for (const stated of statedIn(documents)) {
    if (byClockOf(setBack, stated, seq) <= atUs) continue;
    const words = [...setBack, { atUs, seq }].slice(-REMEMBERED);
    return documents.set("clock", ONLY, { setBack: words, seq, recordedAtUs });
  }
}

/** All that is compared with what comes later. */
function* statedIn(documents: ReadonlyDocuments): Generator<Stated> {
  for (const [, { declaredAtUs, declaredSeq }] of documentsOf(documents, "roster"))
    yield { atUs: declaredAtUs, seq: declaredSeq };
  for (const [, { panes, purpose }] of documentsOf(documents, "agent")) {
    for (const own of Object.values(panes)) {
      yield { atUs: own.startedAtUs, seq: own.bornSeq };
      yield { atUs: own.diedAtUs ?? own.atUs, seq: own.seq };
    }
    if (purpose.operator) yield purpose.operator;
    if (purpose.systemd) yield purpose.systemd;
    yield* Object.values(purpose.stopped ?? {});
  }
}

/** The words of the recorder by which the clock is known to have been set back. */
export function setBackIn(documents: ReadonlyDocuments): readonly SetBack[] {
  return documentOf(documents, "clock", ONLY)?.setBack ?? [];
}

/** A moment that was stated at one place of the log, by the clock of a later place: by then it was at the latest. Infinite where none was stated. */
export function byClockOf(
  setBack: readonly SetBack[],
  { atUs, seq = Infinity }: Stated,
  later: number,
): number {
  // Nearly always: each row of a table asks some times.
  if (setBack.length === 0) return atUs ?? -Infinity;
  const words = setBack.filter((word) => seq < word.seq && word.seq < later);
  return Math.min(atUs ?? -Infinity, ...words.map((word) => word.atUs));
}

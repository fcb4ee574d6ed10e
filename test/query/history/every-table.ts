import { pastAsRecorded } from "../../../query/history/past-as-recorded.ts";
import { pastOf } from "../../../query/history/past-in-memory.ts";
import { keptPast } from "../../../query/history/past-kept.ts";
import type { PsDocument } from "../../../query/row.ts";
import type { StoredEvent } from "../../../store/events/envelope.ts";
import { keepLog, SMALL } from "./kept-log.ts";

/** The table of a moment as each of those who tell of the past says it: folded in memory, kept, kept after a rebuild, and as it was recorded. */
export function everyTable(
  events: readonly StoredEvent[],
  atUs: number,
): Record<"past" | "kept" | "rebuilt" | "recorded", PsDocument> {
  const kept = keepLog();
  try {
    kept.write(events, events.length);
    const common = { tenantId: "t", host: "h", nowUs: atUs, lapsedAtUs: null };
    const keptTable = () =>
      keptPast({ ...common, view: kept.view(), verdicts: kept.verdicts(), lateUs: SMALL.lateUs }).table(
        atUs,
        true,
      );
    const before = keptTable();
    kept.log.rebuild();
    const never = () => {
      throw new Error("the whole log was read");
    };
    const recorded = pastAsRecorded({
      ...{ ...common, view: kept.view(), seq: events.length, names: never, whole: never },
    });
    return {
      past: pastOf({ ...common, events, logSeq: events.length }).table(atUs, true),
      kept: before,
      rebuilt: keptTable(),
      recorded: recorded.table(atUs, true),
    };
  } finally {
    kept.close();
  }
}

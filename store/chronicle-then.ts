import type { Database } from "better-sqlite3";
import type { VerdictReader } from "./chronicle.ts";
import { openAsideChronicle } from "./chronicle-aside.ts";
import { type ChronicleView, openChronicleView } from "./chronicle-view.ts";
import type { WantedEvents } from "./event-reader.ts";
import type { Partition } from "./identity.ts";
import { openForReading } from "./open.ts";
import { type Folds, startRefold } from "./refold.ts";

export interface ChronicleThen {
  readonly view: ChronicleView;
  readonly verdicts: VerdictReader;
  close(): void;
}

/**
 * The chronicle of a log as if an event were its last: folded again up to there, into tables that this process alone sees, in a file and not
 * in memory. It takes as long as a rebuild does. The connection, and the file with it, stays open until whoever asks closes it, or the process ends.
 */
export function openChronicleThen(
  path: string,
  partition: Partition,
  folded: Folds,
  seq: number,
): ChronicleThen {
  const database = openForReading(path);
  try {
    return chronicleThen(database, partition, folded, seq);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** For who asks again and again: one at a time stays open, and the next one closes it. */
export function oneThenAtATime(): typeof openChronicleThen {
  let last: ChronicleThen | null = null;
  return (path, partition, folded, seq) => {
    last?.close();
    last = null;
    last = openChronicleThen(path, partition, folded, seq);
    return last;
  };
}

function chronicleThen(database: Database, partition: Partition, folded: Folds, seq: number): ChronicleThen {
  // A temporary table stands before one of the same name in the log: whatever reads the chronicle here reads this one.
  const aside = openAsideChronicle({ database, name: (table) => `temp.${table}`, log: database });
  const refold = startRefold(database, folded, aside, { untilSeq: seq });
  while (refold.step());
  aside.finish();
  const partitionId = database
    .prepare("SELECT partition_id FROM partitions WHERE tenant_id = ? AND host = ?")
    .pluck()
    .get(partition.tenantId, partition.host) as number | undefined;
  return {
    view: until(seq, openChronicleView(database, partitionId ?? 0)),
    verdicts: NOTHING_SETTLED,
    close: () => void database.close(),
  };
}

const NOTHING_SETTLED: VerdictReader = {
  untilUs: () => -Infinity,
  *verdicts() {},
  notWell: () => [],
  unsettled: () => [],
};

/** Of the log itself nothing is read that was written later. */
function until(seq: number, view: ChronicleView): ChronicleView {
  const told = (wanted: WantedEvents): WantedEvents => ({
    ...wanted,
    beforeSeq: Math.min(wanted.beforeSeq ?? Infinity, seq + 1),
  });
  return {
    ...view,
    lastSeq: () => seq,
    seqAt: (us) => Math.min(seq, view.seqAt(us)),
    recordedAtUs: (at) => (at > seq ? null : view.recordedAtUs(at)),
    events: (wanted) => view.events(told(wanted)),
    fold: (wanted, take) => view.fold(told(wanted), take),
    eventsNamed: (seqs) => view.eventsNamed(seqs.filter((at) => at <= seq)),
  };
}

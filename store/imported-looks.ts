import type { Database } from "better-sqlite3";
import type { PayloadOf } from "./events/catalogue.ts";
import { openObservations } from "./observations.ts";

/** An event of a log that is imported, as far as it may tell of looks. */
export interface ImportedEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly payload: string;
  readonly occurredAtUs: number;
  readonly partitionId: number;
}

/**
 * When the sources of an imported log were last looked at, as far as its events tell: by the look of a one-shot command that nobody recorded after.
 * Where a recorder worked last, its own words say until when.
 */
export function importedLooks(database: Database): {
  take(event: ImportedEvent): void;
  keep(): void;
} {
  const last = new Map<number, ImportedEvent>();
  return {
    take(event) {
      if (!event.type.startsWith("recorder.")) return;
      if (event.type === "recorder.sample.taken") last.set(event.partitionId, event);
      else if (ENDS.some((words) => event.type.startsWith(words))) last.delete(event.partitionId);
    },
    keep() {
      for (const [partitionId, { schemaVersion, payload, occurredAtUs }] of last) {
        if (schemaVersion !== 1) continue;
        const looks = openObservations(database, partitionId);
        const { sources } = JSON.parse(payload) as PayloadOf<"recorder.sample.taken">;
        for (const { source, scope, state } of sources)
          if (state === "observed") looks.record({ source, scope, atUs: occurredAtUs, completeUs: null });
      }
    },
  };
}

const ENDS = ["recorder.source.", "recorder.started", "recorder.stopped", "recorder.lapsed"];

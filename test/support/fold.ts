import { derive, projections } from "../../query/planes/all.ts";
import type { NewEvent, StoredEvent } from "../../store/events/envelope.ts";
import type { Snapshot } from "../../store/events/snapshot.ts";
import type { Documents } from "../../store/projection.ts";

/** A log in memory: the same folds and derivation that the store runs, over plain maps, with a clock that the test moves. */
export interface FoldedLog {
  readonly documents: Documents;
  readonly events: StoredEvent[];
  nowUs: number;
  /** The log's own, which never goes back. */
  clockUs(): number;
  append(...events: NewEvent[]): void;
  look(snapshot: Snapshot): NewEvent[];
  dump(): unknown;
}

export function createFoldedLog(startUs = 1_800_000_000_000_000): FoldedLog {
  const families = new Map<string, Map<string, unknown>>();
  const family = (name: string) => {
    const found = families.get(name) ?? new Map<string, unknown>();
    families.set(name, found);
    return found;
  };
  const documents: Documents = {
    get: (name, id) => family(name).get(id),
    list: (name) => family(name),
    set: (name, id, document) => void family(name).set(id, document),
    delete: (name, id) => void family(name).delete(id),
  };
  const events: StoredEvent[] = [];
  let recordedUs = 0;
  const log: FoldedLog = {
    documents,
    events,
    nowUs: startUs,
    clockUs: () => Math.max(log.nowUs, recordedUs + 1),
    append(...added) {
      for (const event of added) {
        recordedUs = log.clockUs();
        const stored: StoredEvent = {
          ...event,
          seq: events.length + 1,
          tenantId: "t",
          host: "h",
          schemaVersion: event.schemaVersion ?? 1,
          recordedAtUs: recordedUs,
          originLog: "log",
          originSeq: events.length + 1,
        };
        events.push(stored);
        for (const projection of projections) projection.evolve(documents, stored);
      }
    },
    look(snapshot) {
      const found = derive(documents, snapshot, { nowUs: log.clockUs(), begunUs: snapshot.begunAtUs });
      log.append(...found);
      return found;
    },
    dump: () =>
      Object.fromEntries(
        [...families]
          .filter(([, members]) => members.size > 0)
          .map(([name, members]) => [
            name,
            Object.fromEntries([...members].sort(([a], [b]) => (a < b ? -1 : 1))),
          ]),
      ),
  };
  return log;
}

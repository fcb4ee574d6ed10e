import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import type { Cadence } from "../../../query/history/cadence.ts";
import { chronicleAt } from "../../../query/history/chronicler.ts";
import { derive, projections } from "../../../query/planes/all.ts";
import type { KeptVerdict, VerdictReader } from "../../../store/chronicle.ts";
import type { ChronicleView } from "../../../store/chronicle-view.ts";
import { openChronicleView } from "../../../store/chronicle-view.ts";
import type { StoredEvent } from "../../../store/events/envelope.ts";
import type { Log, LogOptions } from "../../../store/log.ts";
import { openLog } from "../../../store/log.ts";
import { openReader } from "../../../store/reader.ts";
import { openVerdictReader, openVerdictTable } from "../../../store/verdict-table.ts";

/** A log in a file into which a story is written as it was recorded, in batches that the test cuts. */
export interface KeptLog {
  readonly path: string;
  readonly log: Log;
  /** Appends the next events: those up to `throughSeq` that are not there yet, in one commit where their stamps allow it. */
  write(events: readonly StoredEvent[], throughSeq: number): void;
  view(): ChronicleView;
  verdicts(): VerdictReader;
  /** Has these be the verdicts of an agent, as if they had been settled. */
  settle(agent: string, verdicts: readonly KeptVerdict[]): void;
  events(): StoredEvent[];
  close(): void;
}

/** Checkpoints every few events and beats that are soon late, so that small stories meet both. */
export const SMALL: Cadence = {
  lateUs: 3000,
  beatsEvery: 7,
  wholeEvery: 3,
  documentsEvery: 11,
  lagUs: 4000,
  stepEvents: 9,
};

export function keepLog(cadence: Cadence = SMALL, rebuildThread?: LogOptions["rebuildThread"]): KeptLog {
  // Nothing here asks what a power cut leaves behind: in memory nobody waits for a disk.
  const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const directory = mkdtempSync(join(parent, "fleet-test-chronicle-"));
  const path = join(directory, "fleet.db");
  const clock = { us: 0, nowUs: () => clock.us };
  const identity = { tenantId: "t", host: "h", machineId: "m" };
  const chronicle = chronicleAt(cadence);
  const log = openLog({ path, identity, clock, projections, chronicle, derive, rebuildThread });
  const connection = new Sqlite(path, { readonly: true });
  let written = 0;
  return {
    path,
    log,
    write(events, throughSeq) {
      while (written < throughSeq) {
        const first = events[written] as StoredEvent;
        let end = written + 1;
        while (end < throughSeq && events[end]?.recordedAtUs === first.recordedAtUs + end - written) end++;
        clock.us = first.recordedAtUs;
        const batch = events.slice(written, end).map((event) => {
          const { type, agent, source, occurredAtUs, precision, payload } = event;
          return { type, agent, source, occurredAtUs, precision, payload } as never;
        });
        log.append({ source: "tmux", events: batch });
        written = end;
      }
    },
    view: () => openChronicleView(connection, 1),
    verdicts: () => openVerdictReader(connection, 1),
    settle(agent, verdicts) {
      const writing = new Sqlite(path);
      writing.transaction(() => {
        const table = openVerdictTable(writing, 1);
        table.cut(agent, -Infinity);
        table.extend(agent, verdicts);
        table.allSettled();
      })();
      writing.close();
    },
    events() {
      const reader = openReader(path);
      try {
        return [...reader.events({})];
      } finally {
        reader.close();
      }
    },
    close() {
      connection.close();
      log.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

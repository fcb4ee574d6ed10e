import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPlanner } from "../../../otel/mirror/planner.ts";
import { recordOf, type SpanRecord } from "../../../otel/mirror/span-record.ts";
import { CADENCE } from "../../../query/history/cadence.ts";
import { chronicleAt } from "../../../query/history/chronicler.ts";
import type { Past } from "../../../query/history/past.ts";
import { keptPast } from "../../../query/history/past-kept.ts";
import { RULES, type Rules } from "../../../query/history/rules.ts";
import { derive, projections } from "../../../query/planes/all.ts";
import { openChronicleView } from "../../../store/chronicle-view.ts";
import type { FleetEvent } from "../../../store/events/catalogue.ts";
import { microsOf } from "../../../store/exchange.ts";
import { type Log, openLog } from "../../../store/log.ts";
import { openMirrorBook } from "../../../store/mirror-book.ts";
import { openReader } from "../../../store/reader.ts";
import { openVerdictReader } from "../../../store/verdict-table.ts";

const EVENTS = new URL("../../fixtures/reference/events.ndjson", import.meta.url);
const HOUR_US = 3_600_000_000;

/** The recorded reference scenario, written again as it was written, with a mirror that plans when a test says so. */
export interface ReferenceLog {
  readonly log: Log;
  readonly size: number;
  /** Writes the next events, up to this many of all. */
  write(through: number): void;
  /** Writes one more event, an hour later. */
  tell(event: Omit<FleetEvent, "occurredAtUs" | "precision">): void;
  past(): Past;
  /** Plans, and says up to which moment all has been told. */
  plan(): Promise<number>;
  spans(): SpanRecord[];
  close(): void;
}

export function openReferenceLog(rules: readonly Rules[] = RULES): ReferenceLog {
  const events = readFileSync(EVENTS, "utf8").trim().split("\n").map(recorded);
  // Nothing here asks what a power cut leaves behind.
  const directory = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "fleet-reference-"));
  const path = join(directory, "fleet.db");
  let nowUs = 0;
  const log = openLog({
    path,
    identity: { tenantId: "alice", host: "factory", machineId: null },
    clock: { nowUs: () => nowUs },
    projections,
    chronicle: chronicleAt({ ...CADENCE, rules }),
    derive,
  });
  const reader = openReader(path);
  const book = openMirrorBook(path, "traces");
  const openPast = (atUs: number): Past =>
    keptPast({
      ...reader.identity(),
      view: reader.kept(reader.identity(), openChronicleView),
      verdicts: reader.kept(reader.identity(), openVerdictReader),
      lapsedAtUs: null,
      nowUs: atUs,
      rules,
    });
  const later = () => nowUs + HOUR_US;
  const planner = createPlanner({
    reader,
    book,
    identity: { tenantId: "alice", host: "factory", hostId: "machine", logId: "log", version: "1" },
    openPast,
    nowUs: later,
    recorderAliveAtUs: () => null,
    heartbeatSpans: false,
    sinceUs: null,
  });
  let written = 0;
  return {
    log,
    size: events.length,
    write(through) {
      for (; written < through; written++) {
        const { event, recordedAtUs } = events[written] as (typeof events)[number];
        nowUs = recordedAtUs;
        log.append({ source: event.source, events: [event] });
      }
    },
    tell(event) {
      nowUs += HOUR_US;
      log.append({
        source: event.source,
        events: [{ ...event, occurredAtUs: nowUs, precision: "us" } as FleetEvent],
      });
    },
    past: () => openPast(later()),
    async plan() {
      for await (const _ of planner.pass());
      return JSON.parse(book.state().plan ?? "{}").throughUs as number;
    },
    spans: () => book.after(0, 100_000).map(({ span }) => recordOf(span)),
    close() {
      book.close();
      reader.close();
      log.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function recorded(line: string): { event: FleetEvent; recordedAtUs: number } {
  const { agent, type, source, precision, payload, occurred_at, recorded_at } = JSON.parse(line);
  const occurredAtUs = microsOf(occurred_at) as number;
  const event = { agent, type, source, precision, payload, occurredAtUs } as FleetEvent;
  return { event, recordedAtUs: microsOf(recorded_at) as number };
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { createPlanner } from "../../../otel/mirror/planner.ts";
import { recordOf, type SpanRecord } from "../../../otel/mirror/span-record.ts";
import { chronicleAt } from "../../../query/history/chronicler.ts";
import { historyOf } from "../../../query/history/history.ts";
import { pastOf } from "../../../query/history/past-in-memory.ts";
import { keptPast } from "../../../query/history/past-kept.ts";
import { statusIntervals } from "../../../query/history/sweep.ts";
import { derive, projections } from "../../../query/planes/all.ts";
import { openChronicleView } from "../../../store/chronicle-view.ts";
import type { FleetEvent } from "../../../store/events/catalogue.ts";
import type { StoredEvent } from "../../../store/events/envelope.ts";
import { openLog } from "../../../store/log.ts";
import { type MirrorBook, openMirrorBook } from "../../../store/mirror-book.ts";
import { openReader } from "../../../store/reader.ts";
import { openVerdictReader } from "../../../store/verdict-table.ts";
import { SMALL } from "../../query/history/kept-log.ts";
import { AGENTS, anyStory } from "../../query/history/stories.ts";
import { play } from "../../query/history/world.ts";
import { believed } from "../support/believed.ts";

const MINUTE_US = 60_000_000;

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/**
 * A real log that gets a story's events one after the other, and a planner that is run in between; the past is folded from the whole
 * log, or read from what is kept beside it.
 */
function bench(of: "the whole log" | "what is kept") {
  const directory = mkdtempSync(join(tmpdir(), "fleet-planner-"));
  directories.push(directory);
  const path = join(directory, "fleet.db");
  let nowUs = 0;
  const identity = { tenantId: "t", host: "h", machineId: null };
  const clock = { nowUs: () => nowUs };
  const chronicle = chronicleAt(SMALL);
  const log = openLog({ path, identity, clock, projections, chronicle, derive });
  const reader = openReader(path);
  const book = openMirrorBook(path, "traces");
  const planner = createPlanner({
    reader,
    book,
    identity: { tenantId: "t", host: "h", hostId: null, logId: reader.logId, version: "1" },
    openPast: (atUs) => {
      const common = { ...reader.identity(), lapsedAtUs: null, nowUs: atUs };
      if (of === "the whole log")
        return pastOf({ ...common, logSeq: reader.lastSeq(), events: [...reader.events({})] });
      const view = reader.kept(reader.identity(), openChronicleView);
      const verdicts = reader.kept(reader.identity(), openVerdictReader);
      return keptPast({ ...common, view, verdicts, lateUs: SMALL.lateUs });
    },
    nowUs: () => nowUs + MINUTE_US,
    recorderAliveAtUs: (atUs) => atUs,
    heartbeatSpans: false,
    sinceUs: null,
  });
  return {
    book,
    append(event: StoredEvent) {
      nowUs = event.recordedAtUs;
      const { type, agent, source, occurredAtUs, precision } = event;
      // The world's roster file has no digest that the log would take.
      const payload =
        type === "roster.file.accepted" ? { ...(event.payload as object), digest: "d" } : event.payload;
      log.append({
        source: source as never,
        events: [{ type, agent, source, occurredAtUs, precision, payload } as FleetEvent],
      });
    },
    settle: () => log.settle(),
    async plan(laterUs = 0) {
      nowUs += laterUs;
      for await (const _ of planner.pass());
      return JSON.parse(book.state().plan ?? "{}").throughUs as number | undefined;
    },
    close() {
      book.close();
      reader.close();
      log.close();
    },
  };
}

const spansOf = (book: MirrorBook): (SpanRecord & { no: number })[] =>
  book.after(0, 100_000).map(({ no, span }) => ({ no, ...recordOf(span) }));

describe("what was planned, by its highest revisions", () => {
  test.each(["the whole log", "what is kept"] as const)(
    "equals the settled intervals of history, whenever it was planned from %s and whatever arrived late",
    {
      timeout: 300_000,
    },
    async (source) => {
      const runs = Number(process.env.PROPERTY_RUNS ?? 40);
      const cuts = fc.array(fc.nat({ max: 60 }), { maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(anyStory, cuts, async (story, places) => {
          const { events, endUs } = play(story);
          const bed = bench(source);
          try {
            for (const [index, event] of events.entries()) {
              bed.append(event);
              if (index % 11 === 10) bed.settle();
              if (places.includes(index)) await bed.plan();
            }
            const throughUs = (await bed.plan(Math.max(0, endUs - (events.at(-1)?.recordedAtUs ?? 0)))) ?? 0;
            const spans = spansOf(bed.book);
            const history = historyOf({ events });
            for (const agent of AGENTS) {
              const told = believed(spans, agent);
              const expected = statusIntervals(history, agent, { fromUs: -Infinity, toUs: Infinity }).flatMap(
                (interval) => {
                  const { fromUs, toUs, status, reason } = interval;
                  if (status === null) return [];
                  if (toUs !== null && toUs <= throughUs) return [{ fromUs, toUs, status, reason }];
                  // Of what goes on, the part up to where another life began may have been told.
                  const part = told.find((piece) => piece.fromUs === fromUs && piece.toUs <= throughUs);
                  return part === undefined ? [] : [{ fromUs, toUs: part.toUs, status, reason }];
                },
              );
              expect(told).toEqual(expected);
            }
            const ids = spans.map(({ traceId, spanId }) => `${traceId}/${spanId}`);
            expect(new Set(ids).size, "span ids are unique").toBe(ids.length);
            const roots = new Map<string, number>();
            for (const { traceId, spanId, parentSpanId, no } of spans) {
              if (parentSpanId === undefined) roots.set(`${traceId}/${spanId}`, no);
              else
                expect(roots.get(`${traceId}/${parentSpanId}`), "its root goes before it").toBeLessThan(no);
            }
          } finally {
            bed.close();
          }
        }),
        process.env.PROPERTY_RUNS ? { numRuns: runs } : { numRuns: runs, seed: 7 },
      );
    },
  );
});

import type { CollectorContext, Outcome } from "../../collectors/collector.ts";
import type { Appended, Batch } from "../../store/events/batch.ts";
import type { NewEvent } from "../../store/events/envelope.ts";
import type { Snapshot } from "../../store/events/snapshot.ts";

/** A context that keeps what a collector says. Cursors move by compare-and-set, as in the log. */
export interface RecordingContext {
  readonly context: CollectorContext;
  readonly batches: Batch[];
  readonly reports: { scope: string; outcome: Outcome }[];
  readonly cursors: Map<string, string>;
  events(type?: string): NewEvent[];
  snapshots(): Snapshot[];
  abort(): void;
}

export function recordingContext(options: { cursors?: Map<string, string> } = {}): RecordingContext {
  const controller = new AbortController();
  const batches: Batch[] = [];
  const reports: { scope: string; outcome: Outcome }[] = [];
  const cursors = options.cursors ?? new Map<string, string>();
  const emit = (batch: Batch): Appended => {
    if (batch.cursor !== undefined) {
      const actual = cursors.get(batch.cursor.name) ?? null;
      if (actual !== batch.cursor.expected) return { ok: false, reason: "cursor-moved", actual };
      cursors.set(batch.cursor.name, batch.cursor.next);
    }
    batches.push(batch);
    return { ok: true, count: batch.events?.length ?? 0, lastSeq: batches.length };
  };
  return {
    batches,
    reports,
    cursors,
    context: {
      clock: {
        nowUs: () => Math.round((performance.timeOrigin + performance.now()) * 1000),
        monotonicUs: () => Number(process.hrtime.bigint() / 1000n),
      },
      emit,
      cursor: (name) => cursors.get(name) ?? null,
      report: (scope, outcome) => reports.push({ scope, outcome }),
      signal: controller.signal,
    },
    events: (type) =>
      batches
        .flatMap((batch) => batch.events ?? [])
        .filter((event) => type === undefined || event.type === type),
    snapshots: () => batches.flatMap((batch) => (batch.snapshot === undefined ? [] : [batch.snapshot])),
    abort: () => controller.abort(),
  };
}

/** Waits for a condition, checking often; fails with what it waited for. */
export async function until(what: string, holds: () => boolean, deadlineMs = 30_000): Promise<void> {
  const endAt = performance.now() + deadlineMs;
  while (!holds()) {
    if (performance.now() > endAt) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

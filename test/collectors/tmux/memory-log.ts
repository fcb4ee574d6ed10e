import type { CollectorContext, Outcome } from "../../../collectors/collector.ts";
import type { Batch } from "../../../store/events/batch.ts";
import { eventCatalogue } from "../../../store/events/catalogue.ts";
import type { NewEvent } from "../../../store/events/envelope.ts";
import type { TmuxSnapshot } from "../../../store/events/snapshot.ts";
import { recordingContext } from "../../support/collecting.ts";

/** What the tmux collector hands over, kept in memory; every event is checked against the catalogue. */
export interface MemoryLog {
  readonly context: CollectorContext;
  readonly batches: readonly Batch[];
  readonly reports: readonly { readonly scope: string; readonly outcome: Outcome }[];
  readonly cursors: Map<string, string>;
  /** Ends what runs on this context. */
  end(): void;
  events(type?: string): NewEvent[];
  snapshots(scope: string): TmuxSnapshot[];
  /** The newest snapshot of a socket. */
  latest(scope: string): TmuxSnapshot | undefined;
  /** What the hooks told, as `hook name`. */
  hookLines(): string[];
  lastReport(scope: string): Outcome | undefined;
}

/** A second log on the same cursors stands for a recorder that was started again. */
export function createMemoryLog(cursors = new Map<string, string>()): MemoryLog {
  const recording = recordingContext({ cursors });
  const emit: CollectorContext["emit"] = (batch) => {
    for (const { type, payload } of batch.events ?? []) {
      eventCatalogue[type as keyof typeof eventCatalogue].parse(payload);
    }
    return recording.context.emit(batch);
  };
  const snapshots = (scope: string): TmuxSnapshot[] =>
    recording
      .snapshots()
      .filter((snapshot) => snapshot.source === "tmux")
      .filter((snapshot) => snapshot.scope === scope);
  return {
    context: { ...recording.context, emit },
    batches: recording.batches,
    reports: recording.reports,
    cursors,
    end: recording.abort,
    events: recording.events,
    snapshots,
    latest: (scope) => snapshots(scope).at(-1),
    hookLines: () =>
      recording.events("tmux.hook.fired").map(({ payload }) => {
        const { hook, name } = payload as { hook: string; name: string | null };
        return `${hook} ${name ?? ""}`.trim();
      }),
    lastReport: (scope) => recording.reports.findLast((report) => report.scope === scope)?.outcome,
  };
}

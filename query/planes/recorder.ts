import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { OpenWatch } from "../../store/lease.ts";
import type { Documents, FoldEvent, ReadonlyDocuments } from "../../store/projection.ts";
import { foldClock } from "./clock.ts";
import type { CoverageDocument, RecorderDocument } from "./documents.ts";
import { documentOf, documentsOf, ONLY } from "./documents.ts";

/** Who watched, and which sources answered: what lies outside is unobserved. */
export function foldRecorder(documents: Documents, event: FoldEvent): void {
  foldClock(documents, event);
  const changed = { seq: event.seq, recordedAtUs: event.recordedAtUs };
  const known = documentOf(documents, "recorder", ONLY);
  const setRecorder = (
    state: RecorderDocument["state"],
    told: Pick<RecorderDocument, "pid" | "sinceUs" | "silentSinceUs">,
  ) => {
    const suspended = known?.suspended ?? null;
    documents.set("recorder", ONLY, { state, ...told, suspended, ...changed });
  };
  switch (event.type) {
    case "recorder.started": {
      const { pid, silentSinceUs } = event.payload as PayloadOf<"recorder.started">;
      const silent = silentSinceUs === undefined ? {} : { silentSinceUs };
      return setRecorder("running", { pid, sinceUs: event.occurredAtUs, ...silent });
    }
    case "recorder.stopped": {
      const { pid } = event.payload as PayloadOf<"recorder.stopped">;
      stopCoverage(documents, event, event.occurredAtUs);
      return setRecorder("stopped", { pid, sinceUs: event.occurredAtUs });
    }
    case "recorder.lapsed": {
      const { pid, lastAliveUs } = event.payload as PayloadOf<"recorder.lapsed">;
      stopCoverage(documents, event, lastAliveUs);
      return setRecorder("lapsed", { pid, sinceUs: lastAliveUs });
    }
    case "recorder.suspended": {
      const { fromUs, toUs } = event.payload as PayloadOf<"recorder.suspended">;
      if (known) documents.set("recorder", ONLY, { ...known, suspended: { fromUs, toUs }, ...changed });
      return;
    }
    case "recorder.clock.stepped": {
      const fromUs = skippedFromUs(event);
      if (known && fromUs !== null)
        documents.set("recorder", ONLY, {
          ...known,
          suspended: { fromUs, toUs: event.occurredAtUs },
          ...changed,
        });
      return;
    }
    case "recorder.boot.promised": {
      const { bootId, agents } = event.payload as PayloadOf<"recorder.boot.promised">;
      return documents.set("bootpromise", ONLY, { bootId, agents, ...changed });
    }
    case "recorder.boot.compared": {
      const compared = event.payload as PayloadOf<"recorder.boot.compared">;
      return documents.set("bootcompared", ONLY, { atUs: event.occurredAtUs, compared, ...changed });
    }
    case "recorder.source.started":
    case "recorder.source.recovered": {
      const { source, scope } = event.payload as PayloadOf<"recorder.source.started">;
      return setCoverage(documents, event, { source, scope, state: "observed", reason: null });
    }
    case "recorder.source.unavailable": {
      const { source, scope, reason } = event.payload as PayloadOf<"recorder.source.unavailable">;
      return setCoverage(documents, event, { source, scope, state: "unavailable", reason });
    }
    case "recorder.source.stopped": {
      const { source, scope } = event.payload as PayloadOf<"recorder.source.stopped">;
      return setCoverage(documents, event, { source, scope, state: "stopped", reason: null });
    }
  }
}

/**
 * A clock that is set forward skips wall time that nobody lived: no beat can be dated in it, so to every beat it is what a
 * suspend is. Null for a clock that was set back. Microseconds since the epoch.
 */
export function skippedFromUs(event: FoldEvent): number | null {
  const { byMs } = event.payload as PayloadOf<"recorder.clock.stepped">;
  return byMs > 0 ? event.occurredAtUs - byMs * 1000 : null;
}

function setCoverage(
  documents: Documents,
  event: FoldEvent,
  now: Pick<CoverageDocument, "source" | "scope" | "state" | "reason">,
): void {
  const id = coverageId(now.source, now.scope);
  const before = documentOf(documents, "coverage", id);
  documents.set("coverage", id, {
    ...now,
    ...heardUntil(before, event.occurredAtUs),
    ...unheard(before, now, event.occurredAtUs),
    sinceUs: event.occurredAtUs,
    seq: event.seq,
    recordedAtUs: event.recordedAtUs,
  } satisfies CoverageDocument);
}

/** A source that is observed is heard until the next word on it; that one which did not answer is no longer asked is no answer. */
function heardUntil(
  before: CoverageDocument | undefined,
  atUs: number,
): Pick<CoverageDocument, "heardUntilUs"> {
  if (before?.state === "observed") return { heardUntilUs: atUs };
  return before?.heardUntilUs === undefined ? {} : { heardUntilUs: before.heardUntilUs };
}

/** So many are kept: more restarts of a recorder than one agent stays down. */
const KEPT_UNHEARD = 8;

function unheard(
  before: CoverageDocument | undefined,
  { source, state }: Pick<CoverageDocument, "source" | "state">,
  atUs: number,
): Pick<CoverageDocument, "unheardUs"> {
  const known = before?.unheardUs ?? [];
  const hasBegun = source === "tmux" && state === "observed" && before?.state !== "observed";
  if (!hasBegun || before?.heardUntilUs === undefined) return known.length === 0 ? {} : { unheardUs: known };
  const last = [before.heardUntilUs, atUs] as const;
  return { unheardUs: [last, ...known].slice(0, KEPT_UNHEARD) };
}

/** With the recorder every source stops being watched, whether or not each still found the time to say so. */
function stopCoverage(documents: Documents, event: FoldEvent, atUs: number): void {
  for (const [id, coverage] of [...documentsOf(documents, "coverage")]) {
    if (coverage.state === "stopped") continue;
    documents.set("coverage", id, {
      ...coverage,
      ...heardUntil(coverage, atUs),
      state: "stopped",
      reason: null,
      sinceUs: atUs,
      seq: event.seq,
      recordedAtUs: event.recordedAtUs,
    });
  }
}

export function coverageId(source: string, scope: string): string {
  return `${source} ${scope}`;
}

/**
 * The watch that a log tells of and of whose end it does not: a recorder that started, or in a part of a log, which may hold neither its start nor
 * its end, a source that was found to answer.
 */
export function openWatch(documents: ReadonlyDocuments): OpenWatch | null {
  const recorder = documentOf(documents, "recorder", ONLY);
  if (recorder?.state === "running") {
    const { pid, sinceUs, seq, recordedAtUs } = recorder;
    return { pid, sinceUs, seq, recordedAtUs };
  }
  for (const [, { state, seq, recordedAtUs }] of documentsOf(documents, "coverage"))
    if (state === "observed") return { pid: recorder?.pid ?? null, sinceUs: null, seq, recordedAtUs };
  return null;
}

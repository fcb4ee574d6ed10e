import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { Documents, FoldEvent } from "../../store/projection.ts";
import type { CoverageDocument, RecorderDocument } from "./documents.ts";
import { documentOf, documentsOf, ONLY } from "./documents.ts";

/** Who watched, and which sources answered: what lies outside is unobserved. */
export function foldRecorder(documents: Documents, event: FoldEvent): void {
  const changed = { seq: event.seq, recordedAtUs: event.recordedAtUs };
  const known = documentOf(documents, "recorder", ONLY);
  const setRecorder = (state: RecorderDocument["state"], pid: number, sinceUs: number) => {
    const suspended = known?.suspended ?? null;
    documents.set("recorder", ONLY, { state, pid, sinceUs, suspended, ...changed });
  };
  switch (event.type) {
    case "recorder.started": {
      const { pid } = event.payload as PayloadOf<"recorder.started">;
      return setRecorder("running", pid, event.occurredAtUs);
    }
    case "recorder.stopped": {
      const { pid } = event.payload as PayloadOf<"recorder.stopped">;
      stopCoverage(documents, event, event.occurredAtUs);
      return setRecorder("stopped", pid, event.occurredAtUs);
    }
    case "recorder.lapsed": {
      const { pid, lastAliveUs } = event.payload as PayloadOf<"recorder.lapsed">;
      stopCoverage(documents, event, lastAliveUs);
      return setRecorder("lapsed", pid, lastAliveUs);
    }
    case "recorder.suspended": {
      const { fromUs, toUs } = event.payload as PayloadOf<"recorder.suspended">;
      if (known) documents.set("recorder", ONLY, { ...known, suspended: { fromUs, toUs }, ...changed });
      return;
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

function setCoverage(
  documents: Documents,
  event: FoldEvent,
  now: Pick<CoverageDocument, "source" | "scope" | "state" | "reason">,
): void {
  documents.set("coverage", coverageId(now.source, now.scope), {
    ...now,
    sinceUs: event.occurredAtUs,
    seq: event.seq,
    recordedAtUs: event.recordedAtUs,
  } satisfies CoverageDocument);
}

/** With the recorder every source stops being watched, whether or not each still found the time to say so. */
function stopCoverage(documents: Documents, event: FoldEvent, atUs: number): void {
  for (const [id, coverage] of [...documentsOf(documents, "coverage")]) {
    if (coverage.state === "stopped") continue;
    documents.set("coverage", id, {
      ...coverage,
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

import type { Coverage, Watch } from "../coverage.ts";
import type { Changed } from "../planes/documents.ts";
import type { TableInput } from "../ps.ts";
import { tableDocument } from "../ps.ts";
import type { PsDocument } from "../row.ts";
import { NO_ROSTER_YET } from "./before-the-log.ts";
import { coverageFor, documentsAt } from "./evidence-at.ts";
import type { History } from "./history.ts";
import { lastMoment, spanAt } from "./span.ts";
import { valueAt } from "./timeline.ts";

/**
 * `fleet ps --at T`: the table as it was then, by all the evidence known now, built by the very builder of the present. A cell's
 * `observed_at` never lies after T: what was learnt of T later is knowledge of T all the same.
 */
export function asOf(history: History, input: AsOfInput): PsDocument {
  return tableDocument(tableAt(history, input));
}

export interface AsOfInput {
  readonly tenantId: string;
  readonly host: string;
  readonly logSeq: number;
  readonly atUs: number;
  readonly all: boolean;
  /** When the log begins: of moments before it nothing is told, not even that nobody knows. */
  readonly beginsUs?: number;
  /** See `rosterKnownFrom`. Absent: who is on no roster then is on none. */
  readonly rosterKnownFromUs?: number;
  /** Until when the recorder had proved to be at work, where it was believed to be but had fallen silent; null: no such doubt. */
  readonly provenAtUs?: number | null;
}

/** What the table of a past moment is made of. */
export function tableAt(
  history: History,
  { atUs, beginsUs = -Infinity, rosterKnownFromUs = -Infinity, provenAtUs = null, ...rest }: AsOfInput,
): TableInput {
  const documents = documentsAt(history, atUs);
  return {
    ...rest,
    nowUs: atUs,
    documents: {
      get: (family, id) => learntBy(documents.get(family, id), atUs),
      *list(family) {
        for (const [id, document] of documents.list(family)) yield [id, learntBy(document, atUs)] as const;
      },
    },
    // Volatile readings are of the present only.
    gauges: null,
    observer: observerAt(history, atUs),
    coverage: coverageAt(history, atUs),
    coverageOf: (agent) => provenBy(coverageFor(history, agent, atUs), provenAtUs, atUs),
    owners: () => (atUs < beginsUs ? [] : history.told.owners),
    unread: atUs < rosterKnownFromUs ? NO_ROSTER_YET : null,
  };
}

/** What a recorder that had fallen silent may not have read is missed by nobody, as in the table of the present. */
function provenBy(coverage: Coverage, provenAtUs: number | null, atUs: number): Coverage {
  return provenAtUs === null || provenAtUs > atUs ? coverage : { ...coverage, confirmedAtUs: provenAtUs };
}

function learntBy(document: unknown, atUs: number): unknown {
  const changed = document as Partial<Changed> | undefined;
  if (changed?.recordedAtUs === undefined || changed.recordedAtUs <= atUs) return document;
  return { ...changed, recordedAtUs: atUs };
}

function observerAt(
  history: History,
  atUs: number,
): { state: PsDocument["observer"]["state"]; sinceUs: number | null } {
  const recorder = valueAt(history.recorder(), atUs);
  const lapsed = history.lapsedAtUs !== null && atUs >= history.lapsedAtUs;
  if (recorder?.state === "running" && !lapsed) return { state: "recording", sinceUs: recorder.sinceUs };
  if (history.coverage.samplesUs.includes(atUs)) return { state: "one-shot", sinceUs: atUs };
  return { state: "absent", sinceUs: null };
}

/** How each source was watched at that moment. */
function coverageAt(history: History, atUs: number): Coverage {
  const of = (source: string, scope: string): Watch => {
    const spans = history.coverage.spans(source, scope);
    const observedAtUs = lastMoment(spans, atUs);
    if (spanAt(spans, atUs)) return { state: "fresh", observedAtUs, reason: null };
    const told = history.coverage.toldAt(source, scope, atUs);
    if (told?.state === "unavailable") return { state: "unavailable", observedAtUs, reason: told.reason };
    return { state: "absent", observedAtUs, reason: "nobody was watching" };
  };
  return { of, scopes: (source) => history.coverage.scopes(source) };
}

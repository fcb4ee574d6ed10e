import { documentOf, documentsOf } from "../../query/planes/documents.ts";
import type { AgentRow, AgentStatus, PsDocument, SourceFreshness } from "../../query/row.ts";
import type { ReadonlyDocuments } from "../../store/projection.ts";
import { type Instrument, instruments } from "./catalogue.ts";

export interface Measurement {
  readonly value: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** One instrument and what it measures at this moment. */
export interface Measured {
  readonly instrument: Instrument;
  readonly measurements: readonly Measurement[];
}

export interface MetricsInput {
  /** The table of now: the numbers and the table come from one verdict. */
  readonly table: PsDocument;
  readonly nowUs: number;
  readonly documents: ReadonlyDocuments;
  /** How long ago the recorder last renewed its lease; null where none is live. */
  readonly recorderLagSeconds: number | null;
  readonly logBytes: number | null;
  readonly version: string;
  /** How far the mirror is; null: none has run here. */
  readonly mirror: MirrorNumbers | null;
}

export interface MirrorNumbers {
  readonly lagEvents: number;
  readonly lagSeconds: number;
  readonly sent: number;
  readonly rejected: number;
  readonly dead: number;
}

const STATUSES: readonly AgentStatus[] = [
  "healthy",
  "busy",
  "waiting",
  "starting",
  "running",
  "silent",
  "stale",
  "dead",
  "failed",
  "absent",
  "stopped",
  "finished",
  "unobserved",
];

/** Everything that can be measured now, as values. Pure. What is unknown is left out, never told as zero. */
export function metricsOf(input: MetricsInput): Measured[] {
  const { table, nowUs } = input;
  const place = { tenant_id: table.tenant_id, host: table.host };
  const alone = (value: number | null, attributes: Record<string, string> = {}): Measurement[] =>
    value === null ? [] : [{ value, attributes: { ...place, ...attributes } }];
  const each = (measure: (row: AgentRow) => number | null): Measurement[] =>
    table.agents.flatMap((row) => alone(measure(row), attributesOf(row)));
  const sources = sourcesOf(table);
  return [
    measured(instruments.build, alone(1, { version: input.version })),
    measured(
      instruments.status,
      table.agents.flatMap((row) =>
        STATUSES.flatMap((status) => alone(row.status === status ? 1 : 0, { ...attributesOf(row), status })),
      ),
    ),
    measured(
      instruments.statusSince,
      each(({ since }) => (since === null ? null : Date.parse(since) / 1000)),
    ),
    measured(
      instruments.beatAge,
      each(({ heartbeat }) => heartbeat.age_seconds),
    ),
    measured(
      instruments.beatInterval,
      each(({ heartbeat }) => (heartbeat.expected ? heartbeat.interval_seconds : null)),
    ),
    measured(
      instruments.idle,
      each(({ idle }) => idle.seconds),
    ),
    measured(
      instruments.drift,
      each(({ drift }) => yesOrNo(drift.state)),
    ),
    measured(
      instruments.bootGap,
      each(({ boot }) => yesOrNo(boot.state)),
    ),
    measured(
      instruments.restarts,
      each(({ name }) => documentOf(input.documents, "tally", name)?.restarts ?? 0),
    ),
    measured(
      instruments.messages,
      [...documentsOf(input.documents, "verdicts")].flatMap(([agent, counts]) =>
        Object.entries(counts).flatMap(([verdict, count]) => alone(count, { agent, verdict })),
      ),
    ),
    measured(instruments.mirrorLagEvents, alone(input.mirror?.lagEvents ?? null)),
    measured(instruments.mirrorLag, alone(input.mirror?.lagSeconds ?? null)),
    measured(instruments.mirrorSent, alone(input.mirror?.sent ?? null)),
    measured(instruments.mirrorRejected, alone(input.mirror?.rejected ?? null)),
    measured(instruments.mirrorDead, alone(input.mirror?.dead ?? null)),
    measured(instruments.recorderUp, alone(table.observer.state === "recording" ? 1 : 0)),
    measured(instruments.recorderLag, alone(input.recorderLagSeconds)),
    measured(
      instruments.sourceUp,
      sources.flatMap(({ source, scope, state }) => alone(state === "fresh" ? 1 : 0, { source, scope })),
    ),
    measured(
      instruments.sourceAge,
      sources.flatMap(({ source, scope, observed_at }) =>
        alone(observed_at === null ? null : ageSeconds(observed_at, nowUs), { source, scope }),
      ),
    ),
    measured(instruments.logEvents, alone(table.log_seq)),
    measured(instruments.logSize, alone(input.logBytes)),
  ];
}

function measured(instrument: Instrument, measurements: readonly Measurement[]): Measured {
  return { instrument, measurements };
}

function attributesOf({ name, class: ofClass, runtime }: AgentRow): Record<string, string> {
  return { agent: name, class: ofClass, runtime: runtime ?? "" };
}

function yesOrNo(state: "yes" | "no" | "unknown"): number | null {
  return state === "unknown" ? null : state === "yes" ? 1 : 0;
}

function ageSeconds(observedAt: string, nowUs: number): number {
  return Math.max(0, nowUs / 1e6 - Date.parse(observedAt) / 1000);
}

/** A source that watches several scopes is told by scope; one that looks at everything at once has the empty scope. */
function sourcesOf(
  table: PsDocument,
): (Omit<SourceFreshness, "scopes"> & { source: string; scope: string })[] {
  return Object.entries(table.observer.sources).flatMap(([source, freshness]) => {
    const scopes = Object.entries(freshness.scopes ?? {});
    if (scopes.length === 0) return [{ ...freshness, source, scope: "" }];
    return scopes.map(([scope, own]) => ({ ...own, source, scope }));
  });
}

import { hash } from "node:crypto";

/**
 * What the chain is computed over: the events as they are meant, not as they are stored, so that dictionary numbers and the
 * sharing of payloads do not enter it. One line for each event, its fields separated by single spaces:
 *
 *     [origin] step lag series payload
 *
 * `origin` (`@<log id>:<seq>`) stands only before an event that was first written in another log. `step` is the number of us
 * since the event before was recorded. `series` is written out where the batch meets it first, as JSON:
 * ["tenant","host",agent,"type",schema_version,"source","precision"]; the batch's first series is `0` from then
 * on, its second `1`, and so on. Neither JSON text nor a number holds a line break.
 */
export function canonicalSeries(series: {
  readonly tenantId: string;
  readonly host: string;
  readonly agent: string | null;
  readonly type: string;
  readonly schemaVersion: number;
  readonly source: string;
  readonly precision: string;
}): string {
  const { tenantId, host, agent, type, schemaVersion, source, precision } = series;
  return JSON.stringify([tenantId, host, agent, type, schemaVersion, source, precision]);
}

/** A series as the batches of a chain name it. */
export interface NamedSeries {
  readonly canonical: string;
  /** The last batch that met it, and its number in that one. */
  batch: number;
  number: number;
}

/** What stands for a series in the line of its next event: its JSON where the batch meets it first, which counts those it has met. */
export function nameIn(
  batch: { readonly number: number; series: number },
  series: NamedSeries,
): string | number {
  if (series.batch === batch.number) return series.number;
  series.batch = batch.number;
  series.number = batch.series++;
  return series.canonical;
}

/** The line of an event first written here. `series`: its JSON, or its number in this batch. */
export function canonicalLine(step: number, lag: number, series: string | number, payload: string): string {
  return `${step} ${lag} ${series} ${payload}\n`;
}

/**
 * The digest of a batch: sha256 over a line with the digest before it (hex; for the first batch, the log's first id), its
 * first seq and when the event before that one was recorded (0 for the first event), and over its events' lines.
 */
export function batchDigest(
  batch: { readonly previous: string; readonly firstSeq: number; readonly afterUs: number },
  lines: string,
): Buffer {
  return hash("sha256", `${batch.previous} ${batch.firstSeq} ${batch.afterUs}\n${lines}`, "buffer");
}

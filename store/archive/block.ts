import { canonicalSeries } from "../chain.ts";
import type { EventRow } from "../find-events.ts";
import type { openNames } from "../names.ts";

type Names = ReturnType<typeof openNames>;

/**
 * Some thousand events as columns, and as one line of JSON. What hardly changes from one event to the next is written as a difference
 * or as a place in a list, which leaves the compressor little to do. A block is whole: it names its series, its origins and its texts.
 */
export interface Block {
  readonly first_seq: number;
  readonly events: number;
  /** When the event before the first was recorded, us since 1970; 0 for the first of all. */
  readonly after_us: number;
  /** How many events each commit appended, as [size, how often in a row]. */
  readonly commits: readonly (readonly [size: number, times: number])[];
  /** id in the log's own dictionary, tenant, host, agent, type, schema version, source, precision. */
  readonly series: readonly SeriesEntry[];
  /** For each event, a place in `series`. */
  readonly of: readonly number[];
  /** us since the event before was recorded. */
  readonly step_us: readonly number[];
  /** recorded_at - occurred_at in units of the precision, both rounded down to it; null: see `odd`. */
  readonly ago: readonly (number | null)[];
  /** [place of the event, recorded_at - occurred_at in us], where occurred_at is finer than its precision says. */
  readonly odd: readonly (readonly [place: number, lagUs: number])[];
  /** Payloads: 0 = as the event before of the same series, n = `texts[n - 1]`. */
  readonly payload: readonly number[];
  readonly texts: readonly string[];
  /** Other logs that events were first written in: id in the log's own dictionary, log id. */
  readonly origins: readonly (readonly [id: number, logId: string])[];
  /** [place of the event, place in `origins`, seq there], for events that were first written elsewhere. */
  readonly from: readonly (readonly [place: number, origin: number, seq: number])[];
}

type SeriesEntry = readonly [
  id: number,
  tenantId: string,
  host: string,
  agent: string | null,
  type: string,
  schemaVersion: number,
  source: string,
  precision: string,
];

const UNIT_US: Readonly<Record<string, number>> = { s: 1_000_000, ms: 1000, us: 1 };

/** `commits`: the sizes of the commits that the rows are, in their order. */
export function encodeBlock(
  rows: readonly EventRow[],
  {
    afterUs,
    commits,
    names,
  }: { readonly afterUs: number; readonly commits: readonly number[]; readonly names: Names },
): Block {
  const series: SeriesEntry[] = [];
  const placeOf = new Map<number, { place: number; unit: number; last: string | null }>();
  const texts: string[] = [];
  const textAt = new Map<string, number>();
  const origins: [number, string][] = [];
  const originAt = new Map<number, number>();
  const of: number[] = [];
  const steps: number[] = [];
  const ago: (number | null)[] = [];
  const odd: [number, number][] = [];
  const payloads: number[] = [];
  const from: [number, number, number][] = [];
  let previousUs = afterUs;

  for (const [place, row] of rows.entries()) {
    const [, seriesId, recordedAtUs, lag, payload, originId, originSeq] = row;
    let its = placeOf.get(seriesId);
    if (its === undefined) {
      const { tenantId, host, agent, type, schemaVersion, source, precision } = names.seriesOf(seriesId);
      its = { place: series.length, unit: UNIT_US[precision] ?? 1, last: null };
      series.push([seriesId, tenantId, host, agent, type, schemaVersion, source, precision]);
      placeOf.set(seriesId, its);
    }
    of.push(its.place);
    steps.push(recordedAtUs - previousUs);
    previousUs = recordedAtUs;
    const occurredAtUs = recordedAtUs - lag;
    if (occurredAtUs % its.unit === 0)
      ago.push(Math.floor(recordedAtUs / its.unit) - occurredAtUs / its.unit);
    else {
      ago.push(null);
      odd.push([place, lag]);
    }
    const text = names.textOf(payload);
    if (text === its.last) payloads.push(0);
    else {
      let at = textAt.get(text);
      if (at === undefined) {
        at = texts.push(text);
        textAt.set(text, at);
      }
      payloads.push(at);
      its.last = text;
    }
    if (originId !== null) {
      let at = originAt.get(originId);
      if (at === undefined) {
        at = origins.push([originId, names.originOf(originId)]) - 1;
        originAt.set(originId, at);
      }
      from.push([place, at, originSeq ?? 0]);
    }
  }
  return {
    first_seq: rows[0]?.[0] ?? 0,
    events: rows.length,
    after_us: afterUs,
    commits: runsOf(commits),
    series,
    of,
    step_us: steps,
    ago,
    odd,
    payload: payloads,
    texts,
    origins,
    from,
  };
}

/** The rows as they were in the table, their payloads as text. */
export function decodeBlock(block: Block): EventRow[] {
  const units = block.series.map((entry) => UNIT_US[entry[7]] ?? 1);
  const ids = block.series.map(([id]) => id);
  const last: (string | undefined)[] = [];
  const odd = new Map(block.odd);
  const from = new Map(block.from.map(([place, origin, seq]) => [place, [origin, seq] as const]));
  const rows: EventRow[] = [];
  let recordedAtUs = block.after_us;
  for (let place = 0; place < block.events; place += 1) {
    const its = block.of[place] as number;
    recordedAtUs += block.step_us[place] as number;
    const unit = units[its] as number;
    const units_ago = block.ago[place] as number | null;
    const lag =
      units_ago === null
        ? (odd.get(place) as number)
        : recordedAtUs - (Math.floor(recordedAtUs / unit) - units_ago) * unit;
    const at = block.payload[place] as number;
    const text = at === 0 ? last[its] : block.texts[at - 1];
    last[its] = text;
    const origin = from.size === 0 ? undefined : from.get(place);
    rows.push([
      block.first_seq + place,
      ids[its] as number,
      recordedAtUs,
      lag,
      text as string,
      origin === undefined ? null : (block.origins[origin[0]] as readonly [number, string])[0],
      origin === undefined ? null : origin[1],
    ]);
  }
  return rows;
}

/** The sizes of the commits, one by one. */
export function* commitsOf({ commits }: Pick<Block, "commits">): Generator<number> {
  for (const [size, times] of commits) for (let n = 0; n < times; n += 1) yield size;
}

/** A name in the block that the log's own dictionary has another for; null when they agree. */
export function misnamed(block: Block, names: Names): string | null {
  for (const [id, tenantId, host, agent, type, schemaVersion, source, precision] of block.series) {
    const own = canonicalSeries(names.seriesOf(id));
    const its = JSON.stringify([tenantId, host, agent, type, schemaVersion, source, precision]);
    if (own !== its) return `series ${id} is ${its} in the archive and ${own} in the log`;
  }
  for (const [id, logId] of block.origins)
    if (names.originOf(id) !== logId) return `origin ${id} is ${logId} in the archive only`;
  return null;
}

function runsOf(sizes: readonly number[]): [size: number, times: number][] {
  const runs: [number, number][] = [];
  for (const size of sizes) {
    const run = runs.at(-1);
    if (run?.[0] === size) run[1] += 1;
    else runs.push([size, 1]);
  }
  return runs;
}

import type { Database } from "better-sqlite3";
import { type Archive, openArchive } from "./archive/archive.ts";
import { openNames } from "./names.ts";
import { prepared } from "./prepared.ts";
import type { FoldEvent, Repetition } from "./projection.ts";
import { inSnapshot } from "./transaction.ts";

/** What is read of a row of `events`, in the table or in the archive. */
type ReadRow = readonly [
  seq: number,
  seriesId: number,
  recordedAtUs: number,
  lag: number,
  payload: string | number,
  ...unknown[],
];

type SeriesRow = readonly [seriesId: number, agent: string | null, type: string];

const EVER = Number.MAX_SAFE_INTEGER;
const PAGE = 4096;

export interface WantedEvents {
  /** What the types begin with. */
  readonly types: readonly string[];
  /** Absent: of all. */
  readonly agents?: readonly string[] | undefined;
  readonly afterSeq: number;
  readonly beforeSeq?: number | undefined;
  /** Only those that occurred, or were recorded, at this moment or before; absent: whenever. */
  readonly byUs?: number | undefined;
}

/** Reads events of one partition, in the order of the log. */
export function openEventReader(
  database: Database,
  partitionId: number,
  archive: Archive = openArchive(database),
) {
  const names = openNames(database);
  const named = prepared(
    database,
    `SELECT seq, series_id, recorded_at, lag, payload FROM events
     WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq`,
    "raw",
  );
  const between = (from: string, where: string) =>
    prepared(
      database,
      `SELECT seq, series_id, recorded_at, lag, payload FROM events ${from}
       WHERE seq > ? AND seq < ? AND recorded_at - max(lag, 0) <= ? ${where} ORDER BY seq LIMIT ${PAGE}`,
      "raw",
    );
  const anyBetween = between("NOT INDEXED", "");
  const ofSeries = "AND series_id IN (SELECT value FROM json_each(?))";
  const someBetween = between("NOT INDEXED", ofSeries);
  /** As the partial index has it: one event of ten. */
  const transitionsBetween = between("INDEXED BY events_transitions", `AND series_id > 0 ${ofSeries}`);
  const seriesMade = prepared(
    database,
    "SELECT (SELECT min(series_id) FROM series) || ' ' || (SELECT max(series_id) FROM series)",
    "pluck",
  );
  const ofPartition = prepared(
    database,
    `SELECT series_id, agent, type FROM series JOIN subjects s USING (subject_id) JOIN kinds USING (kind_id)
     WHERE s.partition_id = ?`,
    "raw",
  );
  const eventOf = ([seq, seriesId, recordedAtUs, lag, payload]: ReadRow): FoldEvent => {
    const { agent, type, schemaVersion, source, precision } = names.seriesOf(seriesId);
    const occurredAtUs = recordedAtUs - lag;
    const value = names.valueOf(payload);
    // In one go: a window is thousands of these.
    return {
      seq,
      agent,
      type,
      schemaVersion,
      source,
      occurredAtUs,
      precision,
      recordedAtUs,
      payload: value,
    };
  };
  let lastMade: { readonly made: string; readonly series: readonly SeriesRow[] } | null = null;
  /** New series get ids beyond all others, and none is ever removed: while the first and the last are the same, so are all. */
  const seriesOfPartition = (): readonly SeriesRow[] => {
    const made = seriesMade().get() as string;
    if (lastMade?.made !== made) lastMade = { made, series: ofPartition().all(partitionId) as SeriesRow[] };
    return lastMade.series;
  };
  /** Never all at once: of a long log that would be most of the memory of this machine. */
  function* pagesOf(wanted: WantedEvents): Generator<readonly ReadRow[]> {
    const { types, agents, afterSeq, beforeSeq = EVER, byUs = EVER } = wanted;
    const series = seriesOfPartition()
      .filter(([, agent, type]) => {
        if (agents !== undefined && (agent === null || !agents.includes(agent))) return false;
        return types.some((wanted) => type.startsWith(wanted));
      })
      .map(([seriesId]) => seriesId);
    if (series.length === 0) return;
    const floor = archive.floor();
    if (afterSeq < floor) {
      const archived = { fromSeq: afterSeq + 1, toSeq: Math.min(floor, beforeSeq - 1), series };
      let page: ReadRow[] = [];
      for (const row of archive.rows({ ...archived, sinceUs: null, untilUs: null })) {
        if (row[2] - Math.max(row[3], 0) > byUs) continue;
        page.push(row);
        if (page.length < PAGE) continue;
        yield page;
        page = [];
      }
      yield page;
    }
    const read = series.every((id) => id > 0) ? transitionsBetween : someBetween;
    // Beats of everybody are nearly all that there is: to ask of each row whether it is wanted costs half as much as to read it.
    const isMost = agents === undefined && read === someBetween;
    const isWanted = new Set(series);
    for (let after = Math.max(afterSeq, floor); ; ) {
      const rows = (
        isMost
          ? anyBetween().all(after, beforeSeq, byUs)
          : read().all(after, beforeSeq, byUs, JSON.stringify(series))
      ) as ReadRow[];
      yield isMost ? rows.filter((row) => isWanted.has(row[1])) : rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) return;
      after = last[0];
    }
  }
  // As of one commit: an archive that is made between two pages would give its events twice, or not at all.
  return {
    events: (wanted: WantedEvents): FoldEvent[] =>
      inSnapshot(database, () => [...pagesOf(wanted)].flatMap((rows) => rows.map(eventOf))),
    /** The same one after another, to a fold that may know how to take the repetitions of one. */
    fold(wanted: WantedEvents, take: (event: FoldEvent) => Repetition | null): void {
      const lasts = new Map<number, { readonly payload: string | number; readonly again: Repetition }>();
      const one = (row: ReadRow): void => {
        const [seq, seriesId, recordedAtUs, lag, payload] = row;
        const last = lasts.get(seriesId);
        if (last?.payload === payload && last.again(seq, recordedAtUs - lag, recordedAtUs)) return;
        const again = take(eventOf(row));
        if (again === null) lasts.delete(seriesId);
        else lasts.set(seriesId, { payload, again });
      };
      inSnapshot(database, () => {
        for (const rows of pagesOf(wanted)) rows.forEach(one);
      });
    },
    /** By their places. */
    eventsNamed(seqs: readonly number[]): FoldEvent[] {
      if (seqs.length === 0) return [];
      return inSnapshot(database, () => {
        const floor = archive.floor();
        const archived = [...new Set(seqs)].filter((seq) => seq <= floor).sort((a, b) => a - b);
        const rows = archived.map((seq) => archive.row(seq)).filter((row) => row !== undefined);
        return [...rows, ...(named().all(JSON.stringify(seqs)) as ReadRow[])].map(eventOf);
      });
    },
  };
}

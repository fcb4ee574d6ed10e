import { dirname, join } from "node:path";
import type { Database } from "better-sqlite3";
import type { EventRow } from "../find-events.ts";
import { prepared } from "../prepared.ts";
import type { TakeBytes } from "./file-hash.ts";
import { tellingWhatIsLost, unlessLost } from "./lost.ts";
import { damaged } from "./seekable.ts";
import type { BlockEntry, Segment } from "./segment.ts";
import { openSegment } from "./segment.ts";

/** Segments of which the list and a block are remembered: a search goes from one to the next, `why` comes back to the newest. */
const REMEMBERED_SEGMENTS = 4;

/** A row of `segments`. */
export interface SegmentRow {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly firstRecordedAtUs: number;
  readonly lastRecordedAtUs: number;
  readonly firstOccurredAtUs: number;
  readonly lastOccurredAtUs: number;
  readonly commits: number;
  readonly digest: Buffer;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: Buffer;
  readonly archivedAtUs: number;
}

const COLUMNS = `first_seq AS firstSeq, last_seq AS lastSeq, first_recorded_at AS firstRecordedAtUs,
  last_recorded_at AS lastRecordedAtUs, first_occurred_at AS firstOccurredAtUs, last_occurred_at AS lastOccurredAtUs,
  commits, digest, file, bytes, sha256, archived_at AS archivedAtUs`;

/** Which archived rows; what is null does not restrict. */
export interface ArchiveSearch {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly series: readonly number[] | null;
  readonly sinceUs: number | null;
  readonly untilUs: number | null;
}

/** The part of the log that has moved into files: everything up to `floor`. */
export interface Archive {
  /** The last seq that was archived, 0 when none was. */
  floor(): number;
  segments(): SegmentRow[];
  /** Throws `FleetError` where the file is not the one that was recorded. */
  open(segment: SegmentRow): Segment;
  /** The same, read from the file for whoever takes its bytes. */
  openAnew(segment: SegmentRow, take: TakeBytes): Segment;
  pathOf(segment: SegmentRow): string;
  rows(search: ArchiveSearch, newestFirst?: boolean): Generator<EventRow>;
  /** One of them; undefined for an event that was not archived. */
  row(seq: number): EventRow | undefined;
  /** The last archived event that was recorded at this moment or before; 0 when none was. */
  lastSeqBy(us: number): number;
  /** When the first event of the log was recorded; null when nothing was archived. No file is asked. */
  beginsUs(): number | null;
  /** When an archived event was recorded; where its file is lost, when the last of that file was. */
  recordedAtUs(seq: number): number | undefined;
  /** When the first of these series was recorded; from a file that is lost on it may have been. Undefined: none of them was archived. */
  firstRecordedAtUs(series: readonly number[]): number | undefined;
}

/** Where the files of the log at this path are. Not by `join`, as this is on the way of every start: see cli/README.md. */
export function archiveDirectory(databasePath: string): string {
  return `${dirname(databasePath)}/archive`;
}

export function openArchive(database: Database): Archive {
  const directory = archiveDirectory(database.name);
  const floor = prepared(database, "SELECT last_seq FROM segments ORDER BY first_seq DESC LIMIT 1", "pluck");
  const listed = prepared(database, `SELECT ${COLUMNS} FROM segments ORDER BY first_seq`);
  const within = prepared(
    database,
    `SELECT ${COLUMNS} FROM segments WHERE first_seq <= ? AND last_seq >= ? ORDER BY first_seq`,
  );
  const by = prepared(
    database,
    `SELECT ${COLUMNS} FROM segments WHERE first_recorded_at <= ? ORDER BY first_seq DESC LIMIT 1`,
  );
  const beginsUs = prepared(
    database,
    "SELECT first_recorded_at FROM segments ORDER BY first_seq LIMIT 1",
    "pluck",
  );
  const opened = new Map<string, Segment>();

  const open = (row: SegmentRow): Segment => {
    const { file } = row;
    const segment = opened.get(file) ?? openRecorded(join(directory, file), row);
    // Taken out and put in again: the first of the map is the one not asked for the longest.
    opened.delete(file);
    opened.set(file, segment);
    const [oldest] = opened.keys();
    if (opened.size > REMEMBERED_SEGMENTS && oldest !== undefined) opened.delete(oldest);
    return segment;
  };

  function* rows(search: ArchiveSearch, newestFirst = false): Generator<EventRow> {
    const segments = within().all(search.toSeq, search.fromSeq) as SegmentRow[];
    const wanted = search.series === null ? null : new Set(search.series);
    for (const segment of ordered(segments, newestFirst)) yield* rowsIn(segment, search, wanted, newestFirst);
  }

  function* rowsIn(
    segment: SegmentRow,
    search: ArchiveSearch,
    wanted: ReadonlySet<number> | null,
    newestFirst: boolean,
  ): Generator<EventRow> {
    if (!reaches(search, segment.firstOccurredAtUs, segment.lastOccurredAtUs)) return;
    const { blocks } = tellingWhatIsLost(segment, () => open(segment).manifest);
    for (const at of ordered([...blocks.keys()], newestFirst)) {
      if (!mayHold(blocks[at] as BlockEntry, search, wanted)) continue;
      // Opened again, since whoever takes the rows may have read elsewhere meanwhile.
      for (const row of ordered(
        tellingWhatIsLost(segment, () => open(segment).rows(at)),
        newestFirst,
      ))
        if (isIn(row, search, wanted)) yield row;
    }
  }

  const row = (seq: number): EventRow | undefined => {
    const only = { fromSeq: seq, toSeq: seq, series: null, sinceUs: null, untilUs: null };
    return rows(only).next().value as EventRow | undefined;
  };

  return {
    row,
    lastSeqBy(us) {
      const segment = by().get(us) as SegmentRow | undefined;
      if (segment === undefined) return 0;
      if (segment.lastRecordedAtUs <= us) return segment.lastSeq;
      return tellingWhatIsLost(segment, () => {
        const { manifest, rows: rowsAt } = open(segment);
        const at = manifest.blocks.findLastIndex((block) => block.first_recorded_at <= us);
        return rowsAt(at).findLast((row) => row[2] <= us)?.[0] ?? 0;
      });
    },
    beginsUs: () => (beginsUs().get() as number | undefined) ?? null,
    recordedAtUs(seq) {
      const [segment] = within().all(seq, seq) as SegmentRow[];
      return segment && unlessLost(() => row(seq)?.[2], segment.lastRecordedAtUs);
    },
    firstRecordedAtUs(series) {
      const search = { fromSeq: 1, toSeq: Number.MAX_SAFE_INTEGER, series, sinceUs: null, untilUs: null };
      for (const segment of listed().all() as SegmentRow[]) {
        const first = () =>
          rowsIn(segment, search, new Set(series), false).next().value as EventRow | undefined;
        const foundUs = unlessLost(() => first()?.[2], segment.firstRecordedAtUs);
        if (foundUs !== undefined) return foundUs;
      }
      return undefined;
    },
    floor: () => (floor().get() as number | undefined) ?? 0,
    segments: () => listed().all() as SegmentRow[],
    open,
    openAnew: (row, take) => openRecorded(join(directory, row.file), row, take),
    pathOf: ({ file }) => join(directory, file),
    rows,
  };
}

/** A whole file of another log, or of other months, would answer as readily: only the row tells that it is not the one. */
function openRecorded(path: string, row: SegmentRow, take?: TakeBytes): Segment {
  const segment = openSegment(path, take);
  const { first_seq, last_seq, digest } = segment.manifest;
  if (first_seq !== row.firstSeq || last_seq !== row.lastSeq)
    throw damaged(path, `it holds #${first_seq} to #${last_seq}, not #${row.firstSeq} to #${row.lastSeq}`);
  if (digest !== row.digest.toString("hex")) throw damaged(path, "it holds the events of another log");
  return segment;
}

function ordered<T>(values: readonly T[], newestFirst: boolean): readonly T[] {
  return newestFirst ? values.toReversed() : values;
}

function reaches({ sinceUs, untilUs }: ArchiveSearch, first: number, last: number): boolean {
  return (sinceUs === null || last >= sinceUs) && (untilUs === null || first <= untilUs);
}

function mayHold(block: BlockEntry, search: ArchiveSearch, wanted: ReadonlySet<number> | null): boolean {
  return (
    block.first_seq <= search.toSeq &&
    block.last_seq >= search.fromSeq &&
    reaches(search, block.first_occurred_at, block.last_occurred_at) &&
    (wanted === null || block.series.some((id) => wanted.has(id)))
  );
}

function isIn(row: EventRow, search: ArchiveSearch, wanted: ReadonlySet<number> | null): boolean {
  const occurredAtUs = row[2] - row[3];
  return (
    row[0] >= search.fromSeq &&
    row[0] <= search.toSeq &&
    (wanted === null || wanted.has(row[1])) &&
    (search.sinceUs === null || occurredAtUs >= search.sinceUs) &&
    (search.untilUs === null || occurredAtUs <= search.untilUs)
  );
}

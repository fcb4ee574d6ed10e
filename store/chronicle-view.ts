import type { Database } from "better-sqlite3";
import { openArchive } from "./archive/archive.ts";
import { openCheckpoints } from "./checkpoint.ts";
import type { Checkpoint, Happened, Piece } from "./chronicle.ts";
import { type PieceRow, pieceOf } from "./chronicle-tables.ts";
import { openEventReader, type WantedEvents } from "./event-reader.ts";
import { prepared } from "./prepared.ts";
import type { FoldEvent, Repetition } from "./projection.ts";
import { openSeqBy } from "./recorded-by.ts";

export interface ChronicleLine {
  readonly id: string;
  /** Since when there has been nothing; null: there is something. */
  readonly goneUs: number | null;
}

export interface Held {
  /** The piece of a line; undefined where it holds nothing. */
  piece(family: string, id: string): Piece | undefined;
  /** Lines of a family that hold something, in no order. */
  ids(family: string): readonly string[];
}

/** The chronicle of one partition, read. Times may be infinite. */
export interface ChronicleView {
  /** Lines of a family that held something at this moment or later, in the order in which they were first told of. */
  lines(family: string, fromUs: number): readonly ChronicleLine[];
  /** The pieces of a line from the one that holds at `fromUs` to the last that begins at `toUs` or before. */
  pieces(family: string, id: string, fromUs: number, toUs: number): Piece[];
  /** The same of every line of a family, by id, read at once; null: there are too many of them. */
  piecesOf(family: string, fromUs: number, toUs: number): ReadonlyMap<string, readonly Piece[]> | null;
  /** Everything that stands at a moment, read at once. */
  heldAt(us: number): Held;
  /** What happened from `fromUs` to `toUs`, both included, in the order of the log; `id` null: of any. `fromSeq`: told there or later. */
  happened(kind: string, id: string | null, fromUs: number, toUs: number, fromSeq?: number): Happened[];
  /** The last of a kind by the order of the log that is dated at this moment or before. */
  lastHappened(kind: string, byUs: number): Happened | null;
  /** The last checkpoint that was made at this place of the log or before. */
  checkpoint(kind: string, throughSeq: number): Checkpoint | null;
  /** Agents of whom there are events of types that begin so. */
  agentsOf(types: string): readonly string[];
  /** The last event that was recorded at this moment or before; 0 when none was. */
  seqAt(us: number): number;
  /** When an event was recorded, or the first after it; null = there is none. Of one whose file is lost: when it had been, at the latest. */
  recordedAtUs(seq: number): number | null;
  lastSeq(): number;
  /** When the first event of this partition was recorded; null: there is none. */
  beginsUs(): number | null;
  events(wanted: WantedEvents): readonly FoldEvent[];
  /** The same one after another, to a fold that may know how to take the repetitions of one. */
  fold(wanted: WantedEvents, take: (event: FoldEvent) => Repetition | null): void;
  /** By their places. */
  eventsNamed(seqs: readonly number[]): FoldEvent[];
}

const ALWAYS = Number.MAX_SAFE_INTEGER;
/** So many pieces of lines that may not all be asked for. */
const AT_ONCE = 2000;

export function openChronicleView(database: Database, partitionId: number): ChronicleView {
  const lines = prepared(
    database,
    `SELECT id, gone_us FROM lines WHERE partition_id = ? AND family = ? AND coalesce(gone_us > ?, true)
     ORDER BY line_id`,
    "raw",
  );
  // By name each time: a rebuild of another process gives lines other ids.
  const pieces = prepared(
    database,
    `SELECT t.from_us, t.value FROM lines l CROSS JOIN told t ON t.line_id = l.line_id
     WHERE l.partition_id = ? AND l.family = ? AND l.id = ? AND t.from_us <= ? AND t.from_us >= coalesce(
       (SELECT max(from_us) FROM told WHERE line_id = l.line_id AND from_us <= ?), ?) ORDER BY t.from_us`,
    "raw",
  );
  const ofFamily = prepared(
    database,
    // A line that was gone by then has nothing to tell.
    `SELECT l.id, t.from_us, t.value FROM lines l CROSS JOIN told t ON t.line_id = l.line_id
     WHERE l.partition_id = ? AND l.family = ? AND coalesce(l.gone_us > ?, true) AND t.from_us <= ? AND t.from_us >= coalesce(
       (SELECT max(from_us) FROM told WHERE line_id = l.line_id AND from_us <= ?), ?)
     ORDER BY l.id, t.from_us LIMIT ${AT_ONCE + 1}`,
    "raw",
  );
  const held = prepared(
    database,
    // Of a line that holds nothing then the value is NULL, and so is what is made of it. Families are words of ours; verdicts hold no pieces.
    `SELECT '[' || group_concat('["' || family || '",' || json_quote(id) || ',' || from_us || ',' || value || ']') || ']'
     FROM lines l JOIN told t ON t.rowid =
       (SELECT rowid FROM told WHERE line_id = l.line_id AND from_us <= ? ORDER BY from_us DESC LIMIT 1)
     WHERE partition_id = ? AND coalesce(gone_us > ?, true) AND family <> 'status'`,
    "pluck",
  );
  const happenedToAny = prepared(
    database,
    `SELECT id, at_us, seq, value FROM happened WHERE partition_id = ? AND kind = ? AND at_us BETWEEN ? AND ? AND seq >= ?
     ORDER BY seq`,
    "raw",
  );
  const happenedTo = prepared(
    database,
    `SELECT id, at_us, seq, value FROM happened WHERE partition_id = ? AND kind = ? AND id = ? AND at_us BETWEEN ? AND ?
     AND seq >= ? ORDER BY seq`,
    "raw",
  );
  const lastHappened = prepared(
    database,
    `SELECT id, at_us, seq, value FROM happened WHERE partition_id = ? AND kind = ? AND at_us <= ?
     ORDER BY seq DESC LIMIT 1`,
    "raw",
  );
  const lastSeq = prepared(database, "SELECT coalesce(max(seq), 0) FROM events", "pluck");
  const recordedAt = prepared(
    database,
    "SELECT seq, recorded_at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1",
    "raw",
  );
  const agents = prepared(
    database,
    `SELECT DISTINCT agent FROM series JOIN subjects s USING (subject_id) JOIN kinds k USING (kind_id)
     WHERE s.partition_id = ? AND agent IS NOT NULL AND schema_version = 1 AND substr(type, 1, length(?)) = ?`,
    "pluck",
  );
  const beginsUs = prepared(
    database,
    `SELECT recorded_at FROM events JOIN series USING (series_id) JOIN subjects s USING (subject_id)
     WHERE s.partition_id = ? ORDER BY seq LIMIT 1`,
    "pluck",
  );
  const ofPartition = prepared(
    database,
    "SELECT series_id FROM series JOIN subjects USING (subject_id) WHERE partition_id = ?",
    "pluck",
  );
  const othersToo = prepared(
    database,
    "SELECT EXISTS (SELECT 1 FROM subjects WHERE partition_id <> ?)",
    "pluck",
  );
  const archive = openArchive(database);
  const seqAt = openSeqBy(database, archive);
  /** Where the log is of this partition alone, the database itself knows when it begins: a file would have to be there for it. */
  const archivedBeginUs = (): number | null => {
    if (archive.floor() === 0) return null;
    if (othersToo().get(partitionId) === 0) return archive.beginsUs();
    return archive.firstRecordedAtUs(ofPartition().all(partitionId) as number[]) ?? null;
  };

  return {
    lines(family, fromUs) {
      const rows = lines().all(partitionId, family, finite(fromUs)) as [string, number | null][];
      return rows.map(([id, goneUs]): ChronicleLine => ({ id, goneUs }));
    },
    pieces(family, id, fromUs, toUs) {
      const from = finite(fromUs);
      return (pieces().all(partitionId, family, id, finite(toUs), from, from) as PieceRow[]).map(pieceOf);
    },
    piecesOf(family, fromUs, toUs) {
      const from = finite(fromUs);
      const rows = ofFamily().all(partitionId, family, from, finite(toUs), from, from) as LineRow[];
      if (rows.length > AT_ONCE) return null;
      const lines = new Map<string, Piece[]>();
      for (const row of rows) {
        const piece = pieceOf([row[1], row[2]]);
        const known = lines.get(row[0]);
        if (known === undefined) lines.set(row[0], [piece]);
        else known.push(piece);
      }
      return lines;
    },
    heldAt(us) {
      const text = held().get(finite(us), partitionId, finite(us)) as string | null;
      return heldOf(text === null ? [] : JSON.parse(text));
    },
    happened(kind, id, fromUs, toUs, fromSeq = 0) {
      const from = finite(fromUs);
      const to = finite(toUs);
      const rows =
        id === null
          ? happenedToAny().all(partitionId, kind, from, to, fromSeq)
          : happenedTo().all(partitionId, kind, id, from, to, fromSeq);
      return (rows as HappenedRow[]).map((row) => happenedOf(kind, row));
    },
    lastHappened(kind, byUs) {
      const row = lastHappened().get(partitionId, kind, finite(byUs)) as HappenedRow | undefined;
      return row ? happenedOf(kind, row) : null;
    },
    checkpoint: openCheckpoints(database, partitionId).lastCheckpoint,
    agentsOf: (types) => agents().all(partitionId, types, types) as string[],
    seqAt,
    recordedAtUs(seq) {
      const archived = seq <= archive.floor() ? archive.recordedAtUs(seq) : undefined;
      return archived ?? (recordedAt().get(seq) as [number, number] | undefined)?.[1] ?? null;
    },
    beginsUs() {
      return archivedBeginUs() ?? (beginsUs().get(partitionId) as number | undefined) ?? null;
    },
    lastSeq: () => lastSeq().get() as number,
    ...openEventReader(database, partitionId, archive),
  };
}

type LineRow = [id: string, fromUs: number, value: string | null];
type HeldRow = [family: string, id: string, fromUs: number, value: unknown];

function heldOf(rows: readonly HeldRow[]): Held {
  const families = new Map<string, Map<string, Piece>>();
  for (const row of rows) {
    let family = families.get(row[0]);
    if (family === undefined) {
      family = new Map();
      families.set(row[0], family);
    }
    family.set(row[1], { fromUs: row[2], value: row[3] });
  }
  return {
    piece: (family, id) => families.get(family)?.get(id),
    ids: (family) => [...(families.get(family)?.keys() ?? [])],
  };
}

type HappenedRow = [id: string, atUs: number, seq: number, value: string];

function happenedOf(kind: string, [id, atUs, seq, value]: HappenedRow): Happened {
  return { kind, id, atUs, seq, value: JSON.parse(value) };
}

/** Moments are far from either end of what an integer can hold. */
function finite(us: number): number {
  return Math.max(-ALWAYS, Math.min(ALWAYS, us));
}

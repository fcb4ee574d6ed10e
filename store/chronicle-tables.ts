import type { Database } from "better-sqlite3";
import { openArchive } from "./archive/archive.ts";
import type { Checkpoint, ChronicleTables, Happened, Piece } from "./chronicle.ts";
import { inflated } from "./inflate.ts";
import { openNames } from "./names.ts";
import { prepared } from "./prepared.ts";
import type { FoldEvent, Repetition } from "./projection.ts";
import { inSnapshot } from "./transaction.ts";

interface Line {
  readonly lineId: number;
  fromUs: number;
  gone: boolean;
  /** The last piece, where it was written by this very process. */
  last?: Piece | undefined;
}

export interface OwnChronicleTables extends ChronicleTables {
  /** Somebody else has written, or what was written was undone. */
  forget(): void;
  /** Somebody may have settled what was unsettled. */
  forgetMarks(): void;
}

/** The chronicle of one partition, as its writer keeps it. */
export function openChronicleTables(database: Database, partitionId: number): OwnChronicleTables {
  const statement = (sql: string, shape: "rows" | "raw" | "pluck" = "rows") => prepared(database, sql, shape);
  const findLine = statement(
    `SELECT line_id, coalesce((SELECT max(from_us) FROM told WHERE line_id = l.line_id), ''), gone_us
     FROM lines l WHERE partition_id = ? AND family = ? AND id = ?`,
    "raw",
  );
  const addLine = statement(
    `INSERT INTO lines (line_id, partition_id, family, id)
     SELECT coalesce(max(line_id), 0) + 1, ?, ?, ? FROM lines`,
  );
  const setGone = statement(`UPDATE lines SET gone_us = ? WHERE line_id = ?`);
  const beyond = statement(
    `SELECT family, id, (SELECT max(from_us) FROM told WHERE line_id = l.line_id) AS fromUs
     FROM lines l WHERE partition_id = ? AND fromUs > ? ORDER BY line_id`,
    "raw",
  );
  const put = statement(`INSERT INTO told (line_id, from_us, value) VALUES (?, ?, ?)`);
  const drop = statement(`DELETE FROM told WHERE line_id = ? AND from_us >= ?`);
  const newest = statement(`SELECT max(from_us) FROM told WHERE line_id = ?`, "pluck");
  const lastPiece = statement(
    `SELECT from_us, value FROM told WHERE line_id = ? ORDER BY from_us DESC LIMIT 1`,
    "raw",
  );
  const piecesFrom = statement(
    `SELECT from_us, value FROM told WHERE line_id = ? AND from_us >= coalesce(
       (SELECT max(from_us) FROM told WHERE line_id = ? AND from_us <= ?), ?) ORDER BY from_us`,
    "raw",
  );
  const addHappened = statement(
    `INSERT OR REPLACE INTO happened (partition_id, kind, id, at_us, seq, value) VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const findHappened = statement(
    `SELECT id, at_us, seq, value FROM happened WHERE partition_id = ? AND kind = ? AND at_us >= ? ORDER BY seq`,
    "raw",
  );
  const dropHappened = statement(
    `DELETE FROM happened WHERE partition_id = ? AND kind = ? AND id = ? AND at_us = ? AND seq = ?`,
  );
  const addCheckpoint = statement(
    `INSERT INTO checkpoints (partition_id, kind, seq, recorded_at, value) VALUES (?, ?, ?, ?, ?)`,
  );
  const findCheckpoint = statement(
    `SELECT seq, recorded_at, value FROM checkpoints WHERE partition_id = ? AND kind = ?
     ORDER BY seq DESC LIMIT 1`,
    "raw",
  );
  const findMark = statement(
    "SELECT from_us FROM unsettled WHERE partition_id = ? AND plane = ? AND agent = ?",
    "pluck",
  );
  const putMark = statement(
    "INSERT OR REPLACE INTO unsettled (partition_id, plane, agent, from_us) VALUES (?, ?, ?, ?)",
  );
  const lines = new Map<string, Line>();
  const marks = new Map<string, Map<string, number>>();

  const lineOf = (family: string, id: string): Line | undefined => {
    const key = `${family}\n${id}`;
    const known = lines.get(key);
    if (known !== undefined) return known;
    const row = findLine().get(partitionId, family, id) as [number, number | "", number | null] | undefined;
    if (row === undefined) return undefined;
    const line: Line = { lineId: row[0], fromUs: row[1] === "" ? -Infinity : row[1], gone: row[2] !== null };
    lines.set(key, line);
    return line;
  };
  const madeLine = (family: string, id: string): Line => {
    const known = lineOf(family, id);
    if (known !== undefined) return known;
    const made = addLine().run(partitionId, family, id);
    const line: Line = { lineId: Number(made.lastInsertRowid), fromUs: -Infinity, gone: false };
    lines.set(`${family}\n${id}`, line);
    return line;
  };
  const append = (line: Line, fromUs: number, value: unknown): void => {
    put().run(line.lineId, fromUs, value === undefined ? null : JSON.stringify(value));
    line.fromUs = fromUs;
    line.last = { fromUs, value };
    const gone = value === undefined;
    if (!gone && !line.gone) return;
    setGone().run(gone ? fromUs : null, line.lineId);
    line.gone = gone;
  };

  const lastOf = (line: Line): Piece | null => {
    if (line.last !== undefined) return line.last;
    const row = lastPiece().get(line.lineId) as PieceRow | undefined;
    return row ? pieceOf(row) : null;
  };

  return {
    last(family, id) {
      const line = lineOf(family, id);
      return line ? lastOf(line) : null;
    },
    lastFromUs: (family, id) => lineOf(family, id)?.fromUs ?? -Infinity,
    setFrom(family, id, fromUs, value) {
      const line = madeLine(family, id);
      if (line.fromUs >= fromUs) drop().run(line.lineId, fromUs);
      append(line, fromUs, value);
    },
    dropFrom(family, id, fromUs) {
      const line = lineOf(family, id);
      if (line === undefined || line.fromUs < fromUs) return;
      drop().run(line.lineId, fromUs);
      line.last = undefined;
      line.fromUs = (newest().get(line.lineId) as number | null) ?? -Infinity;
    },
    evolveFrom(family, id, fromUs, next) {
      const line = madeLine(family, id);
      if (fromUs > line.fromUs) {
        const known = lastOf(line)?.value;
        const value = next(known);
        if (value !== known) append(line, fromUs, value);
        return;
      }
      const rows = (piecesFrom().all(line.lineId, line.lineId, fromUs, fromUs) as PieceRow[]).map(pieceOf);
      const first = rows[0];
      const pieces =
        first && first.fromUs <= fromUs ? rows : [{ fromUs: -Infinity, value: undefined }, ...rows];
      let before = first && first.fromUs < fromUs ? JSON.stringify(first.value) : undefined;
      drop().run(line.lineId, fromUs);
      for (const piece of pieces) {
        const value = next(piece.value);
        const text = JSON.stringify(value);
        if (text !== before) append(line, Math.max(piece.fromUs, fromUs), value);
        before = text;
      }
      line.last = undefined;
      line.fromUs = (newest().get(line.lineId) as number | null) ?? -Infinity;
    },
    linesBeyond: (us) =>
      (beyond().all(partitionId, us) as [string, string, number][]).map(([family, id]) => {
        const line = lineOf(family, id) as Line;
        return { family, id, last: lastOf(line) as Piece };
      }),
    happen({ kind, id, atUs, seq, value }) {
      addHappened().run(partitionId, kind, id, atUs, seq, JSON.stringify(value));
    },
    move(kind, fromUs, next) {
      const rows = findHappened().all(partitionId, kind, fromUs) as [string, number, number, string][];
      for (const [id, atUs, seq, text] of rows) {
        const moved = next({ kind, id, atUs, seq, value: JSON.parse(text) } satisfies Happened);
        dropHappened().run(partitionId, kind, id, atUs, seq);
        if (moved !== null) this.happen(moved);
      }
    },
    checkpoint(kind, { seq, recordedAtUs, value }) {
      addCheckpoint().run(partitionId, kind, seq, recordedAtUs, checkpointBlob(value));
    },
    lastCheckpoint(kind) {
      const row = findCheckpoint().get(partitionId, kind) as CheckpointRow | undefined;
      return row ? checkpointOf(row) : null;
    },
    eventsAfter: (seq, types) => openEventReader(database, partitionId).events({ types, afterSeq: seq }),
    unsettle(plane, agent, fromUs) {
      let ofPlane = marks.get(plane);
      if (ofPlane === undefined) {
        ofPlane = new Map();
        marks.set(plane, ofPlane);
      }
      let known = ofPlane.get(agent);
      if (known !== undefined && known <= fromUs) return;
      known ??= (findMark().get(partitionId, plane, agent) as number | undefined) ?? Infinity;
      if (known > fromUs) putMark().run(partitionId, plane, agent, fromUs);
      ofPlane.set(agent, Math.min(known, fromUs));
    },
    forget() {
      lines.clear();
      marks.clear();
    },
    forgetMarks: () => marks.clear(),
  };
}

export type PieceRow = [fromUs: number, value: string | null];
export type CheckpointRow = [seq: number, recordedAtUs: number, value: Buffer];

export function pieceOf([fromUs, text]: PieceRow): Piece {
  return { fromUs, value: text === null ? undefined : JSON.parse(text) };
}

/** Most questions need no checkpoint: 4 ms of each start. */
const zlib = () => process.getBuiltinModule("node:zlib");

/** What a checkpoint holds is small: a window of 8 KB finds as much in it as a larger one, in half of the time. */
const DEFLATING = { level: 2, windowBits: 13, memLevel: 6, chunkSize: 2048 };
/** A buffer for each text would be freed when the whole heap is gone through: 20 bytes for each event of a rebuild until then. */
let plain = Buffer.alloc(0);

export function checkpointBlob(value: unknown): Buffer {
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > plain.length) plain = Buffer.allocUnsafeSlow(bytes * 2);
  plain.write(text);
  return zlib().deflateSync(plain.subarray(0, bytes), DEFLATING);
}

/** The files of 200 agents; above it Node's own takes less time than loading it does. */
const SMALL = 8192;

function unpacked(value: Buffer): Buffer {
  return (value.length <= SMALL ? inflated(value) : null) ?? zlib().inflateSync(value);
}

export function checkpointOf([seq, recordedAtUs, value]: CheckpointRow): Checkpoint {
  return { seq, recordedAtUs, value: JSON.parse(unpacked(value).toString()) };
}

/** What is read of a row of `events`, in the table or in the archive. */
type ReadRow = readonly [
  seq: number,
  seriesId: number,
  recordedAtUs: number,
  lag: number,
  payload: string | number,
  ...unknown[],
];

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
export function openEventReader(database: Database, partitionId: number) {
  const names = openNames(database);
  const archive = openArchive(database);
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
       WHERE seq > ? AND seq < ? AND recorded_at - max(lag, 0) <= ? ${where}
       AND series_id IN (SELECT value FROM json_each(?)) ORDER BY seq LIMIT ${PAGE}`,
      "raw",
    );
  const anyBetween = between("NOT INDEXED", "");
  /** As the partial index has it: one event of ten. */
  const transitionsBetween = between("INDEXED BY events_transitions", "AND series_id > 0");
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
  /** Never all at once: of a long log that would be most of the memory of this machine. */
  function* pagesOf(wanted: WantedEvents): Generator<readonly ReadRow[]> {
    const { types, agents, afterSeq, beforeSeq = EVER, byUs = EVER } = wanted;
    const series = (ofPartition().all(partitionId) as [number, string | null, string][])
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
    const read = series.every((id) => id > 0) ? transitionsBetween : anyBetween;
    for (let after = Math.max(afterSeq, floor); ; ) {
      const rows = read().all(after, beforeSeq, byUs, JSON.stringify(series)) as ReadRow[];
      yield rows;
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

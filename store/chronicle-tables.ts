import type { Database } from "better-sqlite3";
import { openCheckpoints } from "./checkpoint.ts";
import type { ChronicleTables, Happened, Piece } from "./chronicle.ts";
import { openEventReader } from "./event-reader.ts";
import { prepared } from "./prepared.ts";

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
    ...openCheckpoints(database, partitionId),
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

export function pieceOf([fromUs, text]: PieceRow): Piece {
  return { fromUs, value: text === null ? undefined : JSON.parse(text) };
}

import type { Database } from "better-sqlite3";
import { openCheckpoints } from "./checkpoint.ts";
import type { ChronicleTables, Happened, Piece } from "./chronicle.ts";
import { type PieceRow, pieceOf } from "./chronicle-tables.ts";
import { openEventReader } from "./event-reader.ts";
import { manyRows } from "./many-rows.ts";
import { CHRONICLE_TABLES, chronicleTables, indexOfPieces } from "./migrations/0003-chronicle.ts";
import { prepared } from "./prepared.ts";

/** Pieces that are held back before the older half of them is written: late evidence most often replaces what was told last. */
const HELD_BACK = 512;
/** A piece of a line. Unwritten ones know the one before them, so that late evidence finds what it replaces without a look at the table. */
interface AsidePiece extends Piece {
  readonly line: AsideLine;
  before: AsidePiece | null;
  state: "held" | "dropped" | "written";
}

interface AsideLine {
  readonly lineId: number;
  readonly partitionId: number;
  readonly family: string;
  readonly id: string;
  /** The last piece; null where there is none, or where it has to be looked up in the table. */
  last: AsidePiece | null;
  /** When the last piece in the table begins. */
  writtenFromUs: number;
  goneUs: number | null;
}

/** The chronicle of a rebuild: made in tables of this connection alone, in a file and not in memory, and put in place in the end. */
export interface AsideChronicle {
  /** What the chronicler of one (tenant, host) writes to. */
  open(partitionId: number): ChronicleTables;
  /** Nothing that was told so far is held back, and all of it can be found. */
  flush(): void;
  /** The tables are whole. */
  finish(): void;
}

/** Where the tables of a rebuild are until they are put in place. */
export type AsideName = (table: string) => string;
/** Of this connection alone, in a file and not in memory. */
export const TEMPORARY: AsideName = (table) => `temp.rebuilt_${table}`;

export interface AsidePlace {
  /** The connection that writes them. */
  readonly database: Database;
  readonly name: AsideName;
  /** The connection that reads the log. */
  readonly log: Database;
}

/**
 * Only this process writes it and nobody reads it before it is whole, so the lines are kept in memory, pieces are appended many at a time, and
 * the index over them is made in the end, or when late evidence first reaches behind what is held back.
 */
export function openAsideChronicle(
  { database, name: aside, log }: AsidePlace,
  heldBack = HELD_BACK,
): AsideChronicle {
  const told = aside("told");
  const happened = aside("happened");
  const checkpoints = aside("checkpoints");
  for (const table of CHRONICLE_TABLES) database.exec(`DROP TABLE IF EXISTS ${aside(table)}`);
  database.exec(chronicleTables(aside));
  const statement = (sql: string, shape: "rows" | "raw" | "pluck" = "rows") => prepared(database, sql, shape);
  const put = manyRows(database, `INSERT INTO ${told} (line_id, from_us, value) VALUES`, 3);
  const happen = manyRows(
    database,
    `INSERT OR REPLACE INTO ${happened} (partition_id, kind, id, at_us, seq, value) VALUES`,
    6,
  );
  const putLine = manyRows(
    database,
    `INSERT INTO ${aside("lines")} (line_id, partition_id, family, id, gone_us) VALUES`,
    5,
  );
  const drop = statement(`DELETE FROM ${told} WHERE line_id = ? AND from_us >= ?`);
  const newest = statement(`SELECT max(from_us) FROM ${told} WHERE line_id = ?`, "pluck");
  const lastPiece = statement(
    `SELECT from_us, value FROM ${told} WHERE line_id = ? ORDER BY from_us DESC LIMIT 1`,
    "raw",
  );
  const piecesFrom = statement(
    `SELECT from_us, value FROM ${told} WHERE line_id = ? AND from_us >= coalesce(
       (SELECT max(from_us) FROM ${told} WHERE line_id = ? AND from_us <= ?), ?) ORDER BY from_us`,
    "raw",
  );
  const findHappened = statement(
    `SELECT id, at_us, seq, value FROM ${happened} WHERE partition_id = ? AND kind = ? AND at_us >= ? ORDER BY seq`,
    "raw",
  );
  const dropHappened = statement(
    `DELETE FROM ${happened} WHERE partition_id = ? AND kind = ? AND id = ? AND at_us = ? AND seq = ?`,
  );
  const lines: AsideLine[] = [];
  let held: AsidePiece[] = [];
  let isIndexed = false;

  /** What is written can be found by line and time. */
  const index = (): void => {
    put.flush();
    if (isIndexed) return;
    database.exec(indexOfPieces(aside));
    isIndexed = true;
  };
  const write = (pieces: readonly AsidePiece[]): void => {
    for (const piece of pieces) {
      if (piece.state === "dropped") continue;
      const { line, fromUs, value } = piece;
      put.add(line.lineId, fromUs, value === undefined ? null : JSON.stringify(value));
      line.writtenFromUs = fromUs;
      piece.state = "written";
      piece.before = null;
    }
  };
  /** Of all that was told so far nothing is held back. */
  const writeAll = (): void => {
    write(held);
    held = [];
    index();
  };
  const append = (line: AsideLine, fromUs: number, value: unknown): void => {
    const piece: AsidePiece = { line, fromUs, value, before: line.last, state: "held" };
    line.last = piece;
    line.goneUs = value === undefined ? fromUs : null;
    if (held.push(piece) < heldBack) return;
    write(held.slice(0, heldBack / 2));
    held = held.slice(heldBack / 2);
  };
  const lastFromUs = (line: AsideLine): number => line.last?.fromUs ?? line.writtenFromUs;
  const lastOf = (line: AsideLine): Piece | null => {
    if (line.last !== null) return line.last;
    if (line.writtenFromUs === -Infinity) return null;
    index();
    const row = lastPiece().get(line.lineId) as PieceRow | undefined;
    return row ? pieceOf(row) : null;
  };
  /** Pieces that begin here or later are forgotten. */
  const dropFrom = (line: AsideLine, fromUs: number): void => {
    while (line.last?.state === "held" && line.last.fromUs >= fromUs) {
      line.last.state = "dropped";
      line.last = line.last.before;
    }
    if (line.writtenFromUs < fromUs) return;
    index();
    drop().run(line.lineId, fromUs);
    line.last = null;
    line.writtenFromUs = (newest().get(line.lineId) as number | null) ?? -Infinity;
  };
  /** The pieces from the one that holds at a moment, where one does. */
  const tail = (line: AsideLine, fromUs: number): Piece[] => {
    const pieces: Piece[] = [];
    for (let piece = line.last; piece !== null; piece = piece.before) {
      pieces.unshift(piece);
      if (piece.fromUs <= fromUs) return pieces;
      if (piece.state === "written") break;
    }
    if (line.writtenFromUs === -Infinity) return pieces;
    writeAll();
    return (piecesFrom().all(line.lineId, line.lineId, fromUs, fromUs) as PieceRow[]).map(pieceOf);
  };

  const open = (partitionId: number): ChronicleTables => {
    const families = new Map<string, Map<string, AsideLine>>();
    const lineOf = (family: string, id: string): AsideLine | undefined => families.get(family)?.get(id);
    const madeLine = (family: string, id: string): AsideLine => {
      let ofFamily = families.get(family);
      if (ofFamily === undefined) {
        ofFamily = new Map();
        families.set(family, ofFamily);
      }
      let line = ofFamily.get(id);
      if (line === undefined) {
        const lineId = lines.length + 1;
        line = { lineId, partitionId, family, id, last: null, writtenFromUs: -Infinity, goneUs: null };
        lines.push(line);
        ofFamily.set(id, line);
      }
      return line;
    };
    const addHappened = ({ kind, id, atUs, seq, value }: Happened): void =>
      happen.add(partitionId, kind, id, atUs, seq, JSON.stringify(value));
    return {
      last(family, id) {
        const line = lineOf(family, id);
        return line ? lastOf(line) : null;
      },
      lastFromUs(family, id) {
        const line = lineOf(family, id);
        return line ? lastFromUs(line) : -Infinity;
      },
      setFrom(family, id, fromUs, value) {
        const line = madeLine(family, id);
        if (lastFromUs(line) >= fromUs) dropFrom(line, fromUs);
        append(line, fromUs, value);
      },
      dropFrom(family, id, fromUs) {
        const line = lineOf(family, id);
        if (line !== undefined && lastFromUs(line) >= fromUs) dropFrom(line, fromUs);
      },
      evolveFrom(family, id, fromUs, next) {
        const line = madeLine(family, id);
        if (fromUs > lastFromUs(line)) {
          const known = lastOf(line)?.value;
          const value = next(known);
          if (value !== known) append(line, fromUs, value);
          return;
        }
        const rows = tail(line, fromUs);
        const first = rows[0];
        const pieces =
          first && first.fromUs <= fromUs ? rows : [{ fromUs: -Infinity, value: undefined }, ...rows];
        let before = first && first.fromUs < fromUs ? JSON.stringify(first.value) : undefined;
        dropFrom(line, fromUs);
        for (const piece of pieces) {
          const value = next(piece.value);
          const text = JSON.stringify(value);
          if (text !== before) append(line, Math.max(piece.fromUs, fromUs), value);
          before = text;
        }
      },
      linesBeyond: (us) =>
        lines
          .filter((line) => line.partitionId === partitionId && lastFromUs(line) > us)
          .map((line) => ({ family: line.family, id: line.id, last: lastOf(line) as Piece })),
      happen: addHappened,
      move(kind, fromUs, next) {
        happen.flush();
        const rows = findHappened().all(partitionId, kind, fromUs) as [string, number, number, string][];
        for (const [id, atUs, seq, text] of rows) {
          const moved = next({ kind, id, atUs, seq, value: JSON.parse(text) } satisfies Happened);
          dropHappened().run(partitionId, kind, id, atUs, seq);
          if (moved !== null) addHappened(moved);
        }
      },
      ...openCheckpoints(database, partitionId, checkpoints),
      eventsAfter: (seq, types) => openEventReader(log, partitionId).events({ types, afterSeq: seq }),
      // After a rebuild nothing is settled.
      unsettle() {},
    };
  };

  return {
    open,
    flush: writeAll,
    finish() {
      writeAll();
      for (const { lineId, partitionId, family, id, goneUs } of lines)
        putLine.add(lineId, partitionId, family, id, goneUs);
      putLine.flush();
      happen.flush();
    },
  };
}

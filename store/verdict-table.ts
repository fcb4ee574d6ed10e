import type { Database } from "better-sqlite3";
import type { KeptVerdict, Unsettled, VerdictReader, VerdictTable } from "./chronicle.ts";
import { prepared } from "./prepared.ts";

/** Rows read at once: no statement stays open between two pages. */
const PAGE = 1024;
const EVER = Number.MAX_SAFE_INTEGER;

type Row = [
  fromUs: number,
  toUs: number,
  status: string | null,
  reason: string | null,
  why: string,
  rules: number,
];

const LINE = "(SELECT line_id FROM lines WHERE partition_id = ? AND family = 'status' AND id = ?)";

/** As the index says it, or SQLite does not use it. */
const NOT_WELL = "(status IS NULL OR status NOT IN ('healthy', 'busy', 'starting', 'running'))";

export function openVerdictReader(database: Database, partitionId: number): VerdictReader {
  const until = prepared(
    database,
    `SELECT to_us FROM status_intervals WHERE line_id = ${LINE} ORDER BY from_us DESC LIMIT 1`,
    "pluck",
  );
  const first = prepared(
    database,
    `SELECT max(from_us) FROM status_intervals WHERE line_id = ${LINE} AND from_us <= ?`,
    "pluck",
  );
  const page = prepared(
    database,
    `SELECT from_us, to_us, status, reason, why, rules FROM status_intervals
     WHERE line_id = ${LINE} AND from_us >= ? AND from_us < ? ORDER BY from_us LIMIT ${PAGE}`,
    "raw",
  );
  const notWell = prepared(
    database,
    `SELECT from_us, to_us, status, reason, why, rules FROM status_intervals INDEXED BY status_not_well
     WHERE line_id = ${LINE} AND from_us < ? AND from_us >= coalesce(
       (SELECT max(from_us) FROM status_intervals INDEXED BY status_not_well
        WHERE line_id = ${LINE} AND from_us <= ? AND ${NOT_WELL}), ?) AND ${NOT_WELL} ORDER BY from_us LIMIT ${PAGE}`,
    "raw",
  );
  const notWellFrom = prepared(
    database,
    `SELECT from_us, to_us, status, reason, why, rules FROM status_intervals INDEXED BY status_not_well
     WHERE line_id = ${LINE} AND from_us < ? AND from_us >= ? AND ${NOT_WELL} ORDER BY from_us LIMIT ${PAGE}`,
    "raw",
  );
  const unsettled = prepared(
    database,
    "SELECT plane, agent, from_us AS fromUs FROM unsettled WHERE partition_id = ? ORDER BY plane, agent",
  );
  return {
    untilUs: (agent) => infinite((until().get(partitionId, agent) as number | undefined) ?? -EVER),
    *verdicts(agent, fromUs, toUs) {
      let next = (first().get(partitionId, agent, finite(fromUs)) as number | null) ?? finite(fromUs);
      for (;;) {
        const rows = page().all(partitionId, agent, next, finite(toUs)) as Row[];
        for (const row of rows) if (infinite(row[1]) > fromUs) yield verdictOf(row);
        const last = rows.at(-1);
        if (last === undefined || rows.length < PAGE) return;
        next = last[0] + 1;
      }
    },
    *notWell(agent, fromUs, toUs) {
      const [from, to] = [finite(fromUs), finite(toUs)];
      let rows = notWell().all(partitionId, agent, to, partitionId, agent, from, from) as Row[];
      for (;;) {
        for (const row of rows) if (infinite(row[1]) > fromUs) yield verdictOf(row);
        const last = rows.at(-1);
        if (last === undefined || rows.length < PAGE) return;
        rows = notWellFrom().all(partitionId, agent, to, last[0] + 1) as Row[];
      }
    },
    unsettled: () => unsettled().all(partitionId) as Unsettled[],
  };
}

export function openVerdictTable(database: Database, partitionId: number): VerdictTable {
  const reader = openVerdictReader(database, partitionId);
  const lineId = prepared(database, `SELECT ${LINE}`, "pluck");
  const addLine = prepared(
    database,
    `INSERT INTO lines (line_id, partition_id, family, id)
     SELECT coalesce(max(line_id), 0) + 1, ?, 'status', ? FROM lines`,
  );
  const last = prepared(
    database,
    `SELECT from_us, to_us, status, reason, why, rules FROM status_intervals
     WHERE line_id = ? ORDER BY from_us DESC LIMIT 1`,
    "raw",
  );
  const drop = prepared(database, "DELETE FROM status_intervals WHERE line_id = ? AND from_us >= ?");
  const end = prepared(database, "UPDATE status_intervals SET to_us = ? WHERE line_id = ? AND from_us = ?");
  const add = prepared(
    database,
    `INSERT INTO status_intervals (line_id, from_us, to_us, status, reason, why, rules)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const settle = prepared(database, "DELETE FROM unsettled WHERE partition_id = ?");
  const through = prepared(database, "INSERT OR REPLACE INTO settled (partition_id, seq) VALUES (?, ?)");
  const lineOf = (agent: string): number => {
    const known = lineId().get(partitionId, agent) as number | null;
    return known ?? Number(addLine().run(partitionId, agent).lastInsertRowid);
  };
  return {
    ...reader,
    cut(agent, fromUs) {
      const line = lineOf(agent);
      drop().run(line, finite(fromUs));
      const row = last().get(line) as Row | undefined;
      if (row !== undefined && row[1] > finite(fromUs)) end().run(finite(fromUs), line, row[0]);
    },
    extend(agent, verdicts) {
      const line = lineOf(agent);
      let before = last().get(line) as Row | undefined;
      for (const { fromUs, toUs, status, reason, why, rules } of verdicts) {
        const ends = finite(toUs);
        if (before && before[2] === status && before[3] === reason && before[5] === rules) {
          end().run(ends, line, before[0]);
        } else {
          before = [finite(fromUs), ends, status, reason, JSON.stringify(why), rules];
          add().run(line, ...before);
        }
      }
    },
    settledThrough: (seq) => void through().run(partitionId, seq),
    allSettled: () => void settle().run(partitionId),
  };
}

function verdictOf([fromUs, toUs, status, reason, why, rules]: Row): KeptVerdict {
  return {
    fromUs: infinite(fromUs),
    toUs: infinite(toUs),
    status,
    reason,
    why: JSON.parse(why) as number[],
    rules,
  };
}

function finite(us: number): number {
  return Math.max(-EVER, Math.min(EVER, us));
}

function infinite(us: number): number {
  return us >= EVER ? Infinity : us <= -EVER ? -Infinity : us;
}

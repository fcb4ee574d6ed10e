import type { Again, MirrorState } from "./mirror-book.ts";

export type MirrorRow = Readonly<Record<string, string | number | null>>;

export const READ_STATE = `SELECT m.*, (SELECT max(no) FROM mirror_spans) AS last_no,
       (SELECT count(*) FROM mirror_dead_letters WHERE mirror = m.name) AS dead,
       (SELECT ends FROM mirror_spans WHERE no > m.settled_no ORDER BY no LIMIT 1) AS oldest_open
     FROM mirrors m WHERE name = ?`;

export const LETTERS = `SELECT d.no, d.at AS atUs, d.status, d.reason, s.span FROM mirror_dead_letters d JOIN mirror_spans s USING (no)
     WHERE d.mirror = ? ORDER BY d.no DESC LIMIT ?`;

export function stateOf(row: MirrorRow): MirrorState {
  const number = (column: string): number => (row[column] as number | null) ?? 0;
  const text = (column: string): string | null => row[column] as string | null;
  const orNull = (column: string): number | null => row[column] as number | null;
  const plan = text("plan");
  const again = text("again");
  const lastError = text("last_error");
  const pid = orNull("pid");
  return {
    plan: plan === "" ? null : plan,
    plannedSeq: number("planned_seq"),
    lastNo: number("last_no"),
    settledNo: number("settled_no"),
    again: again === null ? null : (JSON.parse(again) as Again),
    sent: number("sent"),
    rejected: number("rejected"),
    dead: number("dead"),
    settledAtUs: orNull("settled_at"),
    oldestOpenUs: orNull("oldest_open"),
    trouble: text("trouble"),
    lastError: lastError === null ? null : { text: lastError, atUs: number("last_error_at") },
    holder:
      pid === null
        ? null
        : { pid, pidStart: orNull("pid_start"), bootId: text("boot_id") ?? "", version: "" },
  };
}

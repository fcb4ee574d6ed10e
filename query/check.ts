import type { AgentRow, AgentStatus } from "./row.ts";

export type CheckCode = 0 | 1 | 2 | 3;

const CODE_OF: Readonly<Record<AgentStatus, CheckCode>> = {
  stopped: 0,
  finished: 0,
  failed: 2,
  absent: 1,
  dead: 2,
  stale: 2,
  silent: 1,
  starting: 0,
  waiting: 0,
  busy: 0,
  healthy: 0,
  running: 0,
  unobserved: 3,
};

/** What one row means to a monitor: 0 ok, 1 warning, 2 critical, 3 unknown. */
export function checkRow(row: AgentRow): CheckCode {
  // Nobody promised anything about rows of which no beat is expected, except that they live.
  if (!row.heartbeat.expected) return row.status === "dead" ? 2 : 0;
  const code = CODE_OF[row.status];
  const warned = row.flags.includes("drift") || row.flags.includes("boot");
  return code === 0 && warned ? 1 : code;
}

/** The worst wins: critical, then unknown, then warning. */
export function checkRows(rows: readonly AgentRow[]): CheckCode {
  const order: readonly CheckCode[] = [2, 3, 1];
  const codes = new Set(rows.map(checkRow));
  return order.find((code) => codes.has(code)) ?? 0;
}

import type { Past } from "./history/past.ts";
import { exactIsoOf } from "./instant.ts";
import type { AgentRow, PsDocument } from "./row.ts";

export interface DiffCell {
  cell: string;
  from: string | null;
  to: string | null;
}

export interface DiffAgent {
  name: string;
  /** `returned`: the same at both moments, and something else in between. */
  change: "added" | "removed" | "changed" | "returned";
  cells: DiffCell[];
  /** How often its status changed between the two. */
  turns: number;
}

export interface DiffDocument {
  schema: "fleet.diff.v1";
  tenant_id: string;
  host: string;
  log_seq: number;
  from: { at: string; observer: PsDocument["observer"]["state"] };
  to: { at: string; observer: PsDocument["observer"]["state"] };
  /** Only those of whom something changed. */
  agents: DiffAgent[];
  /** Of how many rows, at either moment. */
  compared: number;
}

/** What a row says, without when it was observed: ages differ at any two moments. */
const CELLS: readonly (readonly [cell: string, read: (row: AgentRow) => string | number | null])[] = [
  ["status", (row) => row.status],
  ["reason", (row) => row.status_reason],
  ["class", (row) => row.class],
  ["runtime", (row) => row.runtime],
  ["incarnation", (row) => row.incarnation],
  ["unit", ({ systemd }) => [systemd.active, systemd.sub].filter((word) => word !== null).join(" ")],
  ["enabled", ({ systemd }) => systemd.enabled],
  ["pane", ({ pane }) => pane.state],
  ["pane id", ({ pane }) => pane.id],
  ["socket", ({ pane }) => pane.socket],
  ["command", ({ pane }) => pane.command],
  ["exit status", ({ pane }) => pane.exit_status],
  ["signal", ({ pane }) => pane.signal],
  [
    "heartbeat",
    ({ heartbeat }) => [heartbeat.health, heartbeat.reason].filter((word) => word !== null).join(" "),
  ],
  ["beats say", ({ heartbeat }) => heartbeat.status],
  ["evidence", ({ heartbeat }) => heartbeat.evidence],
  ["drift", ({ drift }) => drift.state],
  ["boot", ({ boot }) => [boot.state, boot.reasons.join(", ")].filter((word) => word !== "").join(": ")],
  ["flags", ({ flags }) => (flags.length === 0 ? null : flags.join(", "))],
];

/** What changed from one table to another, and who left and came back in between. */
export function diffDocument(
  past: Past,
  input: {
    readonly fromUs: number;
    readonly toUs: number;
    readonly all: boolean;
    readonly wanted: (row: AgentRow) => boolean;
  },
): DiffDocument {
  const { fromUs, toUs, all, wanted } = input;
  const [before, after] = [past.table(fromUs, all), past.table(toUs, all)];
  const then = new Map(before.agents.filter(wanted).map((row) => [row.name, row]));
  const now = new Map(after.agents.filter(wanted).map((row) => [row.name, row]));
  const names = [...new Set([...now.keys(), ...then.keys()])];
  const agents = names.flatMap((name): DiffAgent[] => {
    const [one, other] = [then.get(name), now.get(name)];
    const cells = cellsBetween(one, other);
    const turns = turnsBetween(past, name, fromUs, toUs);
    if (one === undefined) return [{ name, change: "added", cells, turns }];
    if (other === undefined) return [{ name, change: "removed", cells, turns }];
    if (cells.length > 0) return [{ name, change: "changed", cells, turns }];
    return turns > 0 ? [{ name, change: "returned", cells, turns }] : [];
  });
  return {
    schema: "fleet.diff.v1",
    tenant_id: past.tenantId,
    host: past.host,
    log_seq: past.logSeq,
    from: { at: exactIsoOf(fromUs), observer: before.observer.state },
    to: { at: exactIsoOf(toUs), observer: after.observer.state },
    agents,
    compared: names.length,
  };
}

function cellsBetween(one: AgentRow | undefined, other: AgentRow | undefined): DiffCell[] {
  return CELLS.flatMap(([cell, read]) => {
    const [from, to] = [one, other].map((row) => {
      const value = row === undefined ? null : read(row);
      return value === null ? null : String(value);
    });
    return from === to ? [] : [{ cell, from: from ?? null, to: to ?? null }];
  });
}

function turnsBetween(past: Past, agent: string, aUs: number, bUs: number): number {
  const window = { fromUs: Math.min(aUs, bUs), toUs: Math.max(aUs, bUs) + 1 };
  let turns = -1;
  let last: string | null | undefined;
  for (const { status } of past.intervals(agent, window)) {
    if (status !== last) turns += 1;
    last = status;
  }
  return Math.max(0, turns);
}

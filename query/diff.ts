import { bucketOf } from "./history/buckets.ts";
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
  /** How often its status was seen to change between the two. */
  turns: number;
}

export interface DiffDocument {
  schema: "fleet.diff.v1";
  tenant_id: string;
  host: string;
  log_seq: number;
  from: { at: string; observer: PsDocument["observer"]["state"] };
  to: { at: string; observer: PsDocument["observer"]["state"] };
  /** Only those of whom something was seen to change. */
  agents: DiffAgent[];
  /** Of the others those of whom one of the tables could not tell, so that nobody knows whether something changed. */
  unknown: { name: string; at: "from" | "to" | "both" }[];
  /** Of how many rows, at either moment. */
  compared: number;
}

/** What a row says, without when it was observed: ages differ at any two moments. Of a plane that was not known nothing can be compared. */
const CELLS: readonly (readonly [
  cell: string,
  read: (row: AgentRow) => string | number | null,
  isKnown?: (row: AgentRow) => boolean,
])[] = [
  ["status", (row) => row.status],
  ["reason", (row) => row.status_reason, ({ status }) => status !== "unobserved"],
  ["class", (row) => row.class],
  ["runtime", (row) => row.runtime],
  ["incarnation", (row) => row.incarnation, isPaneKnown],
  [
    "unit",
    ({ systemd }) => [systemd.active, systemd.sub].filter((word) => word !== null).join(" "),
    isUnitKnown,
  ],
  ["enabled", ({ systemd }) => systemd.enabled, isUnitKnown],
  ["pane", ({ pane }) => pane.state, isPaneKnown],
  ["pane id", ({ pane }) => pane.id, isPaneKnown],
  ["socket", ({ pane }) => pane.socket, isPaneKnown],
  // A pane that lives runs something, whether anybody could read it or not.
  ["command", ({ pane }) => pane.command, ({ pane }) => pane.command !== null || isEnded(pane.state)],
  ["exit status", ({ pane }) => pane.exit_status, isPaneKnown],
  ["signal", ({ pane }) => pane.signal, isPaneKnown],
  [
    "heartbeat",
    ({ heartbeat }) => [heartbeat.health, heartbeat.reason].filter((word) => word !== null).join(" "),
    ({ heartbeat }) => heartbeat.reason !== "unwatched",
  ],
  ["beats say", ({ heartbeat }) => heartbeat.status, ({ heartbeat }) => heartbeat.reason !== "unwatched"],
  ["evidence", ({ heartbeat }) => heartbeat.evidence, ({ heartbeat }) => heartbeat.reason !== "unwatched"],
  ["expected to beat", ({ heartbeat }) => (heartbeat.expected ? "yes" : "no")],
  ["interval", ({ heartbeat: { interval_seconds } }) => interval_seconds && `${interval_seconds} s`],
  ["beat refused", ({ heartbeat }) => heartbeat.refused, ({ heartbeat }) => heartbeat.reason !== "unwatched"],
  ["drift", ({ drift }) => drift.state, ({ drift }) => drift.state !== "unknown"],
  [
    "boot",
    ({ boot }) => [boot.state, boot.reasons.join(", ")].filter((word) => word !== "").join(": "),
    ({ boot }) => boot.state !== "unknown",
  ],
  [
    "flags",
    ({ flags }) => (flags.length === 0 ? null : flags.join(", ")),
    (row) => isPaneKnown(row) && isUnitKnown(row) && isDriftKnown(row),
  ],
];

function isPaneKnown({ pane }: AgentRow): boolean {
  return pane.state !== "unknown";
}

function isEnded(pane: AgentRow["pane"]["state"]): boolean {
  return pane === "dead" || pane === "missing";
}

/** Of what has ended it is known that nothing drifts. */
function isDriftKnown({ drift, pane }: AgentRow): boolean {
  return drift.state !== "unknown" || isEnded(pane.state);
}

function isUnitKnown({ systemd }: AgentRow): boolean {
  return systemd.active !== "unknown";
}

/** What changed from one table to another, and who left and came back in between. */
export function diffDocument(
  past: Past,
  input: {
    readonly fromUs: number;
    readonly toUs: number;
    readonly all: boolean;
    /** Fits at one of the two moments. */
    readonly wanted: (row: AgentRow) => boolean;
  },
): DiffDocument {
  const { fromUs, toUs, all, wanted } = input;
  const [before, after] = [past.table(fromUs, all), past.table(toUs, all)];
  const then = new Map(before.agents.map((row) => [row.name, row]));
  const now = new Map(after.agents.map((row) => [row.name, row]));
  // Whoever became, or ceased to be, what is asked for has neither come nor gone.
  const names = [...new Set([...after.agents, ...before.agents].filter(wanted).map(({ name }) => name))];
  const unknown: DiffDocument["unknown"] = [];
  const agents = names.flatMap((name): DiffAgent[] => {
    const [one, other] = [then.get(name), now.get(name)];
    const cells = cellsBetween(one, other);
    const turns = turnsBetween(past, name, fromUs, toUs);
    if (one === undefined) return [{ name, change: "added", cells, turns }];
    if (other === undefined) return [{ name, change: "removed", cells, turns }];
    if (turns === 0 && cells.every(({ cell }) => cell === "status") && !isTrouble(one, other)) {
      const unseen = [one, other].map(({ status }) => status === "unobserved");
      if (unseen.includes(true)) {
        unknown.push({ name, at: unseen[0] ? (unseen[1] ? "both" : "from") : "to" });
        return [];
      }
    }
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
    unknown,
    compared: names.length,
  };
}

/** Of one that is found unwell after nobody could tell it is said, whether that is new or not. */
function isTrouble(one: AgentRow, other: AgentRow): boolean {
  return one.status === "unobserved" && bucketOf(other.status, other.status_reason) === "unhealthy";
}

function cellsBetween(one: AgentRow | undefined, other: AgentRow | undefined): DiffCell[] {
  return CELLS.flatMap(([cell, read, isKnown = () => true]) => {
    if (one !== undefined && other !== undefined && !(isKnown(one) && isKnown(other))) return [];
    const [from, to] = [one, other].map((row) => {
      const value = row === undefined ? null : read(row);
      return value === null ? null : String(value);
    });
    return from === to ? [] : [{ cell, from: from ?? null, to: to ?? null }];
  });
}

/** Time that nobody watched is no change, nor what was found the same after it. */
function turnsBetween(past: Past, agent: string, aUs: number, bUs: number): number {
  const window = { fromUs: Math.min(aUs, bUs), toUs: Math.max(aUs, bUs) + 1 };
  let turns = -1;
  let last: string | null | undefined;
  for (const { status } of past.intervals(agent, window)) {
    if (status === "unobserved" || status === last) continue;
    turns += 1;
    last = status;
  }
  return Math.max(0, turns);
}

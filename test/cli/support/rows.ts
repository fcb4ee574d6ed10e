import type { AgentRow, PsDocument, SourceFreshness } from "../../../query/row.ts";

export const NOW = "2026-06-21T03:10:00.000Z";

/** So many seconds before the moment of the golden tables. */
export function ago(seconds: number): string {
  return new Date(Date.parse(NOW) - seconds * 1000).toISOString();
}

type Changes<T> = { readonly [K in keyof T]?: T[K] extends object | null ? Partial<T[K]> | T[K] : T[K] };

/** A healthy agent of the reference scenario, with changes. */
export function agentRow(name: string, changes: Changes<AgentRow> = {}): AgentRow {
  const row: AgentRow = {
    tenant_id: "jarvis",
    host: "W-jarvis",
    name,
    runtime: "pi",
    class: "implementer",
    incarnation: "0f3a9c1e-4711-88123",
    status: "healthy",
    status_reason: null,
    since: ago(7500),
    unknown: [],
    flags: [],
    systemd: {
      unit: `mosaic-agent@${name}.service`,
      active: "active",
      sub: "exited",
      enabled: "enabled",
      observed_at: ago(1),
      source: "systemd",
    },
    pane: {
      state: "alive",
      socket: "/tmp/tmux-1000/mosaic-factory",
      id: "%3",
      pid: 4711,
      command: "pi",
      exit_status: null,
      signal: null,
      observed_at: ago(0.4),
      source: "tmux",
    },
    idle: { seconds: 12, observed_at: ago(0.4), source: "tmux" },
    heartbeat: {
      expected: true,
      health: "healthy",
      reason: null,
      age_seconds: 4.2,
      at: ago(4.2),
      status: "ok",
      interval_seconds: 15,
      pid: 4702,
      evidence: "runtime",
      refused: null,
      observed_at: ago(4),
      source: "heartbeat",
    },
    drift: { state: "no", expected: "pi", actual: "pi", observed_at: ago(0.4), source: "process" },
    boot: { state: "no", reasons: [], observed_at: ago(1), source: "systemd" },
    unrostered: false,
    namesakes: [],
  };
  for (const [key, value] of Object.entries(changes)) {
    const before = row[key as keyof AgentRow];
    const merged =
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? { ...(before as object), ...value }
        : value;
    Object.assign(row, { [key]: merged });
  }
  return row;
}

export function holderRow(): AgentRow {
  return agentRow("_holder", {
    status: "running",
    runtime: null,
    class: "holder",
    flags: ["boot"],
    systemd: { unit: null, active: "not-found", sub: "dead", enabled: "not-found" },
    pane: { id: "%0", pid: 4700, command: "sleep" },
    idle: { seconds: 10_000 },
    heartbeat: {
      expected: false,
      health: "unknown",
      reason: "no-file",
      age_seconds: null,
      at: null,
      status: null,
    },
    drift: { state: "unknown", expected: null, actual: null },
    boot: { state: "yes", reasons: ["no-unit"] },
  });
}

const fresh = (seconds: number): SourceFreshness => ({
  state: "fresh",
  observed_at: ago(seconds),
  reason: null,
});

export function psDocumentOf(agents: AgentRow[], changes: Partial<PsDocument> = {}): PsDocument {
  return {
    schema: "fleet.ps.v1",
    tenant_id: "jarvis",
    host: "W-jarvis",
    at: NOW,
    log_seq: 8123,
    observer: {
      state: "recording",
      since: ago(11_520),
      sources: {
        roster: fresh(12),
        tmux: fresh(0.4),
        process: fresh(0.4),
        systemd: fresh(1),
        journal: fresh(2),
        heartbeat: fresh(0.2),
      },
    },
    roster: { state: "accepted", path: "/home/jarvis/.config/mosaic/fleet/roster.yaml", problem: null },
    agents,
    ...changes,
  };
}

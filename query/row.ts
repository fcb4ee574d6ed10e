import { exactUsOf } from "./instant.ts";

/** The row of `fleet ps`, as `fleet.ps.v1` prints it. Every cell says its state, when it was observed and by which source. */

export type AgentStatus =
  | "stopped"
  | "finished"
  | "failed"
  | "absent"
  | "dead"
  | "stale"
  | "silent"
  | "starting"
  | "waiting"
  | "busy"
  | "healthy"
  | "running"
  | "unobserved";

export type Flag = "drift" | "unit-failed" | "boot" | "unrostered" | "sidecar";
export type BootReason = "unit-disabled" | "no-unit" | "runtime-only" | "linger-off" | "kill-mode" | "socket";
export type Plane = "systemd" | "pane" | "heartbeat" | "drift" | "boot";

/** `observed_at`: the newest moment at which this was known to be so; null = never seen. */
export interface Cell {
  observed_at: string | null;
  source: string;
}

export interface AgentRow {
  tenant_id: string;
  host: string;
  name: string;
  runtime: string | null;
  class: string;
  incarnation: string | null;
  status: AgentStatus;
  status_reason: string | null;
  since: string | null;
  /** Planes whose evidence is unknown now, so that rungs of the verdict were skipped. */
  unknown: Plane[];
  flags: Flag[];
  systemd: Cell & {
    unit: string | null;
    active:
      | "active"
      | "inactive"
      | "failed"
      | "activating"
      | "deactivating"
      | "reloading"
      | "not-found"
      | "unknown";
    sub: string | null;
    enabled: string;
  };
  pane: Cell & {
    state: "alive" | "dead" | "missing" | "unknown";
    socket: string | null;
    id: string | null;
    pid: number | null;
    command: string | null;
    exit_status: number | null;
    signal: number | null;
  };
  idle: Cell & { seconds: number | null };
  heartbeat: Cell & {
    expected: boolean;
    health: "healthy" | "stale" | "unknown";
    reason: string | null;
    age_seconds: number | null;
    at: string | null;
    status: string | null;
    interval_seconds: number | null;
    /** The process that the beat speaks for. */
    pid: number | null;
    evidence: string | null;
    /** Why its file is no heartbeat, where what was last read of it was none. */
    refused: string | null;
  };
  drift: Cell & { state: "yes" | "no" | "unknown"; expected: string | null; actual: string | null };
  boot: Cell & { state: "yes" | "no" | "unknown"; reasons: BootReason[] };
  unrostered: boolean;
  /** Other live sessions of this name, of which nothing else in this row tells. */
  namesakes: readonly Namesake[];
}

/** A live session of an agent's name on another socket than its row is of. */
export interface Namesake extends Cell {
  socket: string;
  id: string | null;
  pid: number | null;
  since: string;
}

/** Its pane is gone, but its process is not known to be: whoever starts it again might have two. What is said of it, else null. */
export function outlivesItsPane({ pane, heartbeat, since }: AgentRow): string | null {
  if (pane.state !== "missing" && pane.state !== "dead") return null;
  if (!heartbeat.expected || heartbeat.health !== "healthy" || heartbeat.at === null) return null;
  if (heartbeat.pid === null) return null;
  const hasBeatenSince = since !== null && exactUsOf(heartbeat.at) > exactUsOf(since);
  return `pid ${heartbeat.pid} ${hasBeatenSince ? "still beats" : "was not seen to end"}`;
}

export interface SourceFreshness {
  state: "fresh" | "stale" | "unavailable" | "absent";
  observed_at: string | null;
  /** Why it is unavailable, in its own words. */
  reason: string | null;
  /** A tmux socket with its own state, where a source watches several scopes. */
  scopes?: Record<
    string,
    { state: SourceFreshness["state"]; observed_at: string | null; reason: string | null }
  >;
}

export interface PsDocument {
  schema: "fleet.ps.v1";
  tenant_id: string;
  host: string;
  at: string;
  log_seq: number;
  observer: {
    state: "recording" | "one-shot" | "absent";
    since: string | null;
    sources: Record<string, SourceFreshness>;
  };
  /** Set when the roster file is refused: the last good roster stays in force. */
  roster: {
    state: "accepted" | "rejected" | "missing" | "unknown";
    path: string | null;
    problem: string | null;
  };
  agents: AgentRow[];
}

import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { NewEvent } from "../../store/events/envelope.ts";
import type {
  HeartbeatSnapshot,
  ProcessSnapshot,
  RosterSnapshot,
  SystemdSnapshot,
  TmuxPaneSeen,
  TmuxSnapshot,
} from "../../store/events/snapshot.ts";

/** Builders of snapshots: a look at `atUs` with defaults for all that a test does not care about. */
export const SOCKET = "/tmp/tmux-1000/mosaic-factory";
export const SERVER = 900;
export const BOOT = "11111111-2222-3333-4444-555555555555";

export function paneSeen(name: string, number: number, over: Partial<TmuxPaneSeen> = {}): TmuxPaneSeen {
  const pid = over.pid ?? 1000 + number;
  return {
    session: `$${number}`,
    window: `@${number}`,
    pane: `%${number}`,
    name,
    pid,
    start: 10 + number,
    startedAtUs: null,
    incarnation: `11111111-${pid}-${10 + number}`,
    dead: false,
    status: null,
    signal: null,
    diedAtUs: null,
    activityAtUs: null,
    sessionCreatedAtUs: null,
    ...over,
  };
}

export function tmuxLook(
  atUs: number,
  panes: readonly TmuxPaneSeen[],
  over: Partial<TmuxSnapshot> = {},
): TmuxSnapshot {
  return {
    source: "tmux",
    scope: SOCKET,
    begunAtUs: atUs,
    endedAtUs: atUs,
    server: { pid: SERVER, start: 5, version: "3.3a" },
    goneReason: null,
    panes,
    clients: [],
    ...over,
  };
}

export function declaration(
  over: Partial<PayloadOf<"roster.agent.declared">> = {},
): PayloadOf<"roster.agent.declared"> {
  return {
    role: "agent",
    runtime: "pi",
    class: "implementer",
    unit: "mosaic-agent@coder0.service",
    socketName: "mosaic-factory",
    intervalSeconds: 15,
    heartbeat: "expected",
    lifecycle: "always",
    driftAccept: [],
    persistentPersona: false,
    resetBetweenTasks: false,
    modelHint: null,
    ...over,
  };
}

export function rosterLook(
  atUs: number,
  agents: Readonly<Record<string, Partial<PayloadOf<"roster.agent.declared">>>>,
): RosterSnapshot {
  return {
    source: "roster",
    scope: "",
    begunAtUs: atUs,
    endedAtUs: atUs,
    file: { state: "accepted", path: "/r/roster.yaml", digest: JSON.stringify(agents) },
    agents: Object.entries(agents).map(([name, over]) => ({
      name,
      declaration: declaration({ unit: `mosaic-agent@${name}.service`, ...over }),
    })),
  };
}

export function beatLook(
  atUs: number,
  agent: string,
  tsUs: number,
  over: {
    status?: string;
    pid?: number;
    pidStart?: number;
    alive?: boolean | null;
    evidence?: "runtime" | "sidecar";
  } = {},
): HeartbeatSnapshot {
  const pid = over.pid ?? 4000;
  const pidStart = over.pidStart ?? 7000;
  const payload = { pid, pidStart, status: over.status ?? "ok", evidence: over.evidence ?? "runtime" };
  const beat = { occurredAtUs: tsUs, precision: "us" as const, payload };
  return {
    source: "heartbeat",
    scope: "",
    begunAtUs: atUs,
    endedAtUs: atUs,
    beats: [{ agent, beat, writerAlive: over.alive ?? true }],
    complete: false,
  };
}

export function unitSeen(
  unit: string,
  over: Partial<PayloadOf<"systemd.unit.changed">> = {},
): PayloadOf<"systemd.unit.changed"> {
  return {
    unit,
    load: "loaded",
    active: "active",
    sub: "exited",
    result: "success",
    fileState: "disabled",
    serviceType: "oneshot",
    remainAfterExit: true,
    killMode: "control-group",
    mainPid: 0,
    invocationId: "ab".repeat(16),
    restarts: 0,
    execCode: 0,
    execStatus: 0,
    sinceUs: null,
    ...over,
  };
}

export function systemdLook(
  atUs: number,
  units: Readonly<Record<string, Partial<PayloadOf<"systemd.unit.changed">>>>,
  manager: Partial<PayloadOf<"systemd.manager.changed">> = {},
): SystemdSnapshot {
  return {
    source: "systemd",
    scope: "",
    begunAtUs: atUs,
    endedAtUs: atUs,
    manager: { bootId: BOOT, bootedAtUs: atUs - 3600e6, linger: "yes", version: "252", ...manager },
    units: Object.entries(units).map(([name, over]) => ({
      agent: /^mosaic-agent@(.*)\.service$/.exec(name)?.[1] ?? null,
      unit: unitSeen(name, over),
    })),
    complete: true,
  };
}

export function processLook(
  atUs: number,
  panes: readonly { agent: string; pane: string; panePid: number; name: string; pid?: number }[],
): ProcessSnapshot {
  return {
    source: "process",
    scope: "",
    begunAtUs: atUs,
    endedAtUs: atUs,
    panes: panes.map(({ agent, pane, panePid, name, pid = panePid }) => ({
      agent,
      process: { socket: SOCKET, server: SERVER, pane, panePid, name, interpreter: null, pid },
    })),
  };
}

export function operatorVerb(verb: "start" | "stop" | "restart", agent: string, atUs: number): NewEvent {
  return {
    type: `operator.${verb}.requested`,
    agent,
    source: "operator",
    occurredAtUs: atUs,
    precision: "us",
    payload: { verb: `agent ${verb}`, user: "alice", pid: 1, unit: `mosaic-agent@${agent}.service` },
  };
}

/** A look that was taken without a recorder found these. */
export function sampleTaken(
  atUs: number,
  watched: readonly { readonly source: string; readonly scope: string }[],
): NewEvent {
  const sources = watched.map(({ source, scope }) => ({ source, scope, state: "observed", reason: null }));
  return {
    type: "recorder.sample.taken",
    agent: null,
    source: "recorder",
    occurredAtUs: atUs,
    precision: "us",
    payload: { begunAtUs: atUs, sources },
  };
}

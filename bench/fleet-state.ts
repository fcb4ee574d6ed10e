import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createClock } from "../cli/clock.ts";
import { bootId, readProcess } from "../collectors/proc/stat.ts";
import { chronicle } from "../query/history/chronicler.ts";
import { derive, projections } from "../query/planes/all.ts";
import type { FleetEvent } from "../store/events/catalogue.ts";
import { type Log, openLog } from "../store/log.ts";
import { AGENTS, agentName, eventAt } from "./load.ts";

const SOCKET = "/tmp/tmux-1000/mosaic-factory";
const BATCH = 1000;
export const SCOPES = (["roster", "tmux", "process", "systemd", "journal", "heartbeat"] as const).map(
  (source) => ({
    source,
    scope: source === "tmux" ? SOCKET : "",
  }),
);

/** A state directory as a recorder leaves it after so many events, with this process as its live recorder. */
export interface FleetState {
  readonly directory: string;
  readonly log: Log;
  /** A recorder does this each second; whoever blocks for longer calls it in between. */
  stayAlive(): void;
  close(): void;
}

export function makeFleetState(parent: string, events: number, agents = AGENTS): FleetState {
  const directory = join(parent, `state-${events}-${agents}`);
  mkdirSync(directory, { mode: 0o700 });
  const clock = createClock();
  const path = join(directory, "fleet.db");
  const identity = { tenantId: "jarvis", host: "W-jarvis", machineId: null };
  const fill = openLog({ path, identity, clock: { nowUs: clock.nowUs }, projections, chronicle, derive });
  const declared = Array.from({ length: agents }, (_, n) => declarationOf(agentName(n), clock.nowUs()));
  fill.append({ source: "roster", events: [...declared, serverAppeared(clock.nowUs())] });
  for (let from = 0; from < events; from += BATCH) {
    const size = Math.min(BATCH, events - from);
    fill.append({
      source: "heartbeat",
      events: Array.from({ length: size }, (_, i) => eventAt(from + i, 1000).event),
    });
  }
  fill.close();

  const log = openLog({ path, identity, clock, projections, chronicle, derive });
  const pidStart = readProcess(process.pid)?.startTicks ?? null;
  const claimed = log.claimLease(
    { pid: process.pid, pidStart, bootId: bootId(), version: "bench" },
    () => false,
  );
  if (!claimed.ok) throw new Error("the log of this bench is recorded by somebody else");
  log.append({ source: "recorder", events: SCOPES.map((watched) => sourceStarted(watched, clock.nowUs())) });
  const stayAlive = (): void => {
    log.renewLease();
    for (const { source, scope } of SCOPES) log.append({ source, observed: { scope, atUs: clock.nowUs() } });
  };
  stayAlive();
  return {
    directory,
    log,
    stayAlive,
    close() {
      log.releaseLease("the bench is over");
      log.close();
    },
  };
}

/** The server that the panes of the load live on. */
export function serverAppeared(atUs: number): FleetEvent {
  return {
    type: "tmux.server.appeared",
    agent: null,
    source: "tmux",
    occurredAtUs: atUs,
    precision: "us",
    payload: { socket: SOCKET, server: 4711, start: 8_812_000, version: "3.3a" },
  };
}

function sourceStarted(payload: (typeof SCOPES)[number], atUs: number): FleetEvent {
  return {
    type: "recorder.source.started",
    agent: null,
    source: "recorder",
    occurredAtUs: atUs,
    precision: "us",
    payload,
  };
}

export function declarationOf(agent: string, atUs: number): FleetEvent {
  return {
    type: "roster.agent.declared",
    agent,
    source: "roster",
    occurredAtUs: atUs,
    precision: "us",
    payload: {
      role: "agent",
      runtime: "pi",
      class: "implementer",
      unit: `mosaic-agent@${agent}.service`,
      socketName: "mosaic-factory",
      intervalSeconds: 15,
      heartbeat: "expected",
      lifecycle: "always",
      driftAccept: [],
      persistentPersona: false,
      resetBetweenTasks: false,
      modelHint: null,
    },
  };
}

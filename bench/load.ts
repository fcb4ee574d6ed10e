import type { FleetEvent } from "../store/events/catalogue.ts";

export const AGENTS = 50;
const SOCKET = "/tmp/tmux-1000/mosaic-factory";

/** 2026-06-01, a fixed start: the same run twice writes the same events. */
export const START_US = 1_780_272_000_000_000;

export const agentName = (n: number): string => `coder${n % AGENTS}`;

/**
 * A fleet as a recorder sees it: 50 agents that beat (nine events of ten), and between the beats what changes: activity,
 * unit states, programs, journal lines. Event `i` of an endless stream in which one is recorded each `spacingUs`.
 */
export function eventAt(i: number, spacingUs: number): { event: FleetEvent; recordedAtUs: number } {
  const recordedAtUs = START_US + i * spacingUs;
  const event = i % 10 === 9 ? change(Math.floor(i / 10), recordedAtUs) : beat(i, recordedAtUs);
  return { event, recordedAtUs };
}

/** A beat says when to the second, and was read some hundred milliseconds later. Now and then an agent is busy. */
export function beat(i: number, recordedAtUs: number): FleetEvent {
  // The tenth of each ten events is a change: count the beats, so that every agent has its turn.
  const n = (i - Math.floor(i / 10)) % AGENTS;
  return {
    type: "heartbeat.received",
    agent: agentName(n),
    source: "heartbeat",
    occurredAtUs: Math.floor((recordedAtUs - ((i * 7919) % 1000) * 300) / 1e6) * 1e6,
    precision: "s",
    payload: {
      pid: 20_000 + n,
      pidStart: 8_812_345 + n,
      status: Math.floor(i / AGENTS) % 40 < 30 ? "ok" : "busy",
      evidence: "runtime",
    },
  };
}

function change(step: number, recordedAtUs: number): FleetEvent {
  const n = (step * 7) % AGENTS;
  const agent = agentName(n);
  const occurredAtUs = recordedAtUs - 1500 - (step % 700);
  // Half of what is no beat is a pane that printed something (at most one event a minute for each).
  switch (step % 2 === 0 ? 0 : 1 + ((step >> 1) % 3)) {
    case 0:
      return {
        type: "tmux.pane.active",
        agent,
        source: "tmux",
        occurredAtUs: Math.floor(occurredAtUs / 1e6) * 1e6,
        precision: "s",
        payload: { socket: SOCKET, server: 4711, pane: `%${n}` },
      };
    case 1:
      return {
        type: "systemd.unit.changed",
        agent,
        source: "systemd",
        occurredAtUs,
        precision: "us",
        payload: {
          unit: `mosaic-agent@${agent}.service`,
          load: "loaded",
          active: step % 8 < 4 ? "active" : "activating",
          sub: step % 8 < 4 ? "exited" : "start",
          result: "success",
          fileState: "disabled",
          serviceType: "oneshot",
          remainAfterExit: true,
          killMode: "control-group",
          mainPid: 30_000 + (step % 10_000),
          invocationId: `9f2c4e6a8b0d4f1e9a7c5b3d${String(step % 1e8).padStart(8, "0")}`,
          restarts: 0,
          execCode: 1,
          execStatus: 0,
          sinceUs: occurredAtUs,
        },
      };
    case 2:
      return {
        type: "tmux.pane.respawned",
        agent,
        source: "tmux",
        occurredAtUs,
        precision: "us",
        payload: {
          socket: SOCKET,
          server: 4711,
          session: `$${n}`,
          window: `@${n}`,
          pane: `%${n}`,
          name: agent,
          pid: 40_000 + (step % 10_000),
          start: 8_812_345 + step,
          startedAtUs: occurredAtUs,
          incarnation: `3f9a1c77-${40_000 + (step % 10_000)}-${8_812_345 + step}`,
          previousPid: 40_000 + ((step - 4) % 10_000),
        },
      };
    default:
      return {
        type: "journal.unit.logged",
        agent,
        source: "journal",
        occurredAtUs,
        precision: "us",
        payload: {
          unit: `mosaic-agent@${agent}.service`,
          what: step % 8 < 4 ? "started" : "stopped",
          jobType: step % 8 < 4 ? "start" : "restart",
          jobResult: "done",
          exitCode: null,
          exitStatus: null,
          unitResult: null,
          restarts: null,
          invocationId: `9f2c4e6a8b0d4f1e9a7c5b3d${String(step % 1e8).padStart(8, "0")}`,
          bootId: "3f9a1c77e5b84d0f9c2a6e4b8d0f1a3c",
          priority: 6,
          message: `Started mosaic-agent@${agent}.service - Mosaic agent ${agent}.`,
        },
      };
  }
}

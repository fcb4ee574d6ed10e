import type { FleetEvent } from "../store/events/catalogue.ts";
import type { TmuxPaneSeen } from "../store/events/snapshot.ts";
import type { Log } from "../store/log.ts";
import { openBenchLog } from "./bench-log.ts";
import { declarationOf, SCOPES, serverAppeared } from "./fleet-state.ts";

export const AGENTS = 50;
export const BEGIN_US = 1_700_000_000_000_000;
export const WHO = { tenantId: "jarvis", host: "W-jarvis" };
const BEAT_US = 15_000_000;
/** Each agent dies and lives again after so many beats. */
const BEATS_OF_A_LIFE = 400;
const SOCKET = SCOPES.find(({ source }) => source === "tmux")?.scope ?? "";

/**
 * A log as a recorder leaves it that watched 50 agents, as full of spans as a log can be: each beat changes its agent's status, so each
 * ends an interval; every hundred minutes each agent dies and lives again. Says when it ends.
 */
export function writeMirrorLog(path: string, events: number): number {
  let nowUs = BEGIN_US;
  const log = openBenchLog(path, () => nowUs, { identity: { ...WHO, machineId: "bench" } });
  const names = Array.from({ length: AGENTS }, (_, n) => `a${n}`);
  const roster = names.map((name) => declarationOf(name, nowUs));
  log.append({ source: "roster", events: [...roster, serverAppeared(nowUs)] });
  const life = (round: number): number => Math.floor(round / BEATS_OF_A_LIFE);
  const rounds = Math.ceil(events / AGENTS);
  look(log, panesOf(names, 0, BEGIN_US, false), nowUs);
  const watch = SCOPES.map((payload) => told("recorder.source.started", payload, nowUs));
  log.append({ source: "recorder", events: [told("recorder.started", RECORDER, nowUs), ...watch] });
  let waiting: FleetEvent[] = [];
  const flush = (): void => {
    if (waiting.length > 0) log.append({ source: "heartbeat", events: waiting });
    waiting = [];
  };
  for (let round = 0; round < rounds; round++) {
    const atUs = BEGIN_US + round * BEAT_US;
    if (round > 0 && life(round) !== life(round - 1)) {
      flush();
      nowUs = atUs;
      look(log, panesOf(names, life(round) - 1, atUs, true), nowUs);
      nowUs = atUs + 1;
      look(log, panesOf(names, life(round), nowUs, false), nowUs);
    }
    const status = round % 2 === 0 ? "ok" : "busy";
    for (const [n, agent] of names.entries()) {
      const payload = { pid: pidOf(life(round), n), pidStart: 7, status, evidence: "runtime" };
      const beat = { type: "heartbeat.received", agent, source: "heartbeat", precision: "us", payload };
      waiting.push({ ...beat, occurredAtUs: atUs + 10 + n } as FleetEvent);
    }
    nowUs = atUs + 1000;
    // Beats that come later than a minute are another matter.
    if (round % 2 === 1) flush();
  }
  flush();
  nowUs += BEAT_US;
  log.append({
    source: "recorder",
    events: [told("recorder.stopped", { pid: 1, reason: "SIGTERM" }, nowUs)],
  });
  // A recorder does this once a minute.
  log.settle();
  log.close();
  return nowUs;
}

const RECORDER = { pid: 1, pidStart: 1, bootId: "bench", version: "1" };

function pidOf(life: number, n: number): number {
  return 1000 + life * AGENTS + n;
}

function panesOf(names: readonly string[], life: number, atUs: number, dead: boolean): TmuxPaneSeen[] {
  return names.map((name, n) => ({
    ...{ session: `$${n}`, window: `@${n}`, pane: `%${n}`, name, dead },
    ...{ pid: pidOf(life, n), start: 10 + life, incarnation: `11111111-${pidOf(life, n)}-${10 + life}` },
    startedAtUs: dead ? null : atUs,
    status: null,
    signal: dead ? 9 : null,
    diedAtUs: dead ? atUs : null,
    activityAtUs: null,
    sessionCreatedAtUs: null,
  }));
}

function look(log: Log, panes: readonly TmuxPaneSeen[], atUs: number): void {
  const server = { pid: 4711, start: 8_812_000, version: "3.3a" };
  const times = { begunAtUs: atUs, endedAtUs: atUs };
  const snapshot = { scope: SOCKET, ...times, server, goneReason: null, panes, clients: [] };
  const appended = log.append({ source: "tmux", snapshot: { source: "tmux", ...snapshot } });
  if (!appended.ok) throw new Error(appended.reason);
}

function told(type: string, payload: object, occurredAtUs: number): FleetEvent {
  return { type, agent: null, source: "recorder", occurredAtUs, precision: "us", payload } as FleetEvent;
}

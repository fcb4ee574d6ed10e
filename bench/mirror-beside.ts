import { spawn } from "node:child_process";
import { setPriority } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TRACES } from "../cli/mirror-name.ts";
import type { FleetEvent } from "../store/events/catalogue.ts";
import { readMirrorStatus } from "../store/mirror-status.ts";
import { openReader } from "../store/reader.ts";
import { type FleetState, makeFleetState } from "./fleet-state.ts";
import { agentName } from "./load.ts";
import { median } from "./result.ts";

const ROUNDS = 5;
const COMMITS = 1000;

/**
 * The rate at which a live recorder appends (batches of 20, one commit each) while `fleet mirror` runs as the process that a recorder
 * starts, has told all that was there and follows; as a share of the rate without it. The two take turns, so that the machine's own
 * moods meet both.
 */
export async function appendBeside(directory: string, url: string): Promise<number> {
  const state = makeFleetState(directory, 10_000);
  const path = join(state.directory, "fleet.db");
  const environment = {
    HOME: directory,
    FLEET_STATE: state.directory,
    PATH: process.env.PATH,
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
  };
  const command = fileURLToPath(new URL("../dist/fleet.cjs", import.meta.url));
  const rates = { alone: [] as number[], beside: [] as number[] };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      rates.alone.push(appendRate(state));
      const child = spawn(process.execPath, [command, "mirror", "--while-stdin"], {
        env: environment,
        stdio: ["pipe", "pipe", "inherit"],
      });
      if (child.pid !== undefined) setPriority(child.pid, 10);
      await new Promise((resolve) => child.stdout.once("data", resolve));
      await caughtUp(path, state);
      rates.beside.push(appendRate(state));
      child.stdin.end();
      await new Promise((resolve) => child.once("exit", resolve));
    }
  } finally {
    state.close();
  }
  return median(rates.beside.map((rate, turn) => (rate / (rates.alone[turn] ?? Number.NaN)) * 100));
}

/** Until the mirror has looked at every event, and been answered for every span. */
async function caughtUp(path: string, state: FleetState): Promise<void> {
  const reader = openReader(path);
  try {
    for (;;) {
      const status = readMirrorStatus(path, TRACES);
      if (status?.plannedSeq === reader.lastSeq() && status.settledNo === status.lastNo) return;
      state.stayAlive();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    reader.close();
  }
}

function appendRate({ log, stayAlive }: FleetState): number {
  const begun = performance.now();
  let aliveAt = begun;
  for (let commit = 0; commit < COMMITS; commit++) {
    if (performance.now() - aliveAt > 1000) {
      aliveAt = performance.now();
      stayAlive();
    }
    const atUs = Date.now() * 1000;
    const events = Array.from({ length: 20 }, (_, n): FleetEvent => {
      const payload = { pid: 4000 + n, pidStart: 7, status: "ok", evidence: "runtime" } as const;
      const beat = { type: "heartbeat.received", agent: agentName(n), source: "heartbeat" } as const;
      return { ...beat, occurredAtUs: atUs - n, precision: "us", payload };
    });
    log.append({ source: "heartbeat", events });
  }
  return (20 * COMMITS) / ((performance.now() - begun) / 1000);
}

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PsDocument } from "../query/row.ts";

const LAUNCHER = fileURLToPath(new URL("../bin/fleet", import.meta.url));
const STUB = fileURLToPath(new URL("../examples/dogfood-agent.py", import.meta.url));
const SOCKET = "fleet-bench";

/** A private fleet of real tmux sessions with real stub agents that beat each 15 s, and its recorder. */
export interface LiveAgents {
  readonly names: readonly string[];
  readonly recorderPid: number;
  ps(...argv: string[]): PsDocument;
  /** Kills the process in the agent's pane. */
  kill(name: string): void;
  /** All agents live on and beat no more. */
  stopBeating(): void;
  writeBeat(name: string, text: string): void;
  end(): Promise<void>;
}

/** `silent` is on the roster besides, without a session: its heartbeats are written by the bench. */
export async function startLiveAgents(count: number, silent: string): Promise<LiveAgents> {
  const home = mkdtempSync(join(tmpdir(), "fleet-bench-"));
  const fleetHome = join(home, "fleet");
  const runDirectory = join(fleetHome, "run");
  const socketPath = join(home, `tmux-${process.getuid?.() ?? 0}`, SOCKET);
  mkdirSync(runDirectory, { recursive: true, mode: 0o700 });
  mkdirSync(join(socketPath, ".."), { mode: 0o700 });
  const names = Array.from({ length: count }, (_, n) => `agent${n}`);
  const rows = [...names, silent].map((name) => `  - { name: ${name}, runtime: dogfood-agent.py }`);
  writeFileSync(
    join(fleetHome, "roster.yaml"),
    `version: 1\ntmux: { socket_name: ${SOCKET} }\nagents:\n${rows.join("\n")}\n`,
  );
  const environment = {
    HOME: home,
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    TMUX_TMPDIR: home,
    FLEET_HOME: fleetHome,
    FLEET_STATE: join(home, "state"),
    ...(process.env.XDG_RUNTIME_DIR === undefined ? {} : { XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR }),
  };
  const tmux = (...words: string[]): string =>
    execFileSync("tmux", ["-f", "/dev/null", "-S", socketPath, ...words], {
      env: environment,
      encoding: "utf8",
    }).trim();
  const panePid = (name: string): number =>
    Number(tmux("display-message", "-p", "-t", `=${name}:`, "#{pane_pid}"));
  const ps = (...argv: string[]): PsDocument => {
    const { status, stdout, stderr } = spawnSync(LAUNCHER, ["ps", "--json", ...argv], {
      env: environment,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`fleet ps ended with ${status}: ${stderr}`);
    return JSON.parse(stdout) as PsDocument;
  };

  for (const name of names) {
    const variables = [`MOSAIC_AGENT_NAME=${name}`, `MOSAIC_HEARTBEAT_RUN_DIR=${runDirectory}`];
    tmux("new-session", "-d", "-s", name, ...variables.flatMap((pair) => ["-e", pair]), "python3", STUB);
  }
  const server = Number(tmux("display-message", "-p", "#{pid}"));
  const recorder = spawn(LAUNCHER, ["record"], { env: environment, stdio: "ignore" });
  const recorderEnd = new Promise<void>((resolve) => recorder.on("exit", () => resolve()));

  const end = async (): Promise<void> => {
    recorder.kill("SIGTERM");
    await recorderEnd;
    process.kill(server, "SIGKILL");
    await waitUntil("the tmux server has ended", () => !isAlive(server));
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    await waitUntil("every agent is healthy", () => {
      const document = ps();
      const healthy = document.agents.filter(({ status }) => status === "healthy" || status === "busy");
      return document.observer.state === "recording" && healthy.length === count;
    });
  } catch (error) {
    await end();
    throw error;
  }
  return {
    names,
    recorderPid: recorder.pid ?? 0,
    ps,
    kill: (name) => process.kill(panePid(name), "SIGKILL"),
    stopBeating() {
      for (const name of names) process.kill(panePid(name), "SIGUSR1");
    },
    writeBeat(name, text) {
      const path = join(runDirectory, `${name}.hb`);
      writeFileSync(`${path}.tmp`, text, { mode: 0o600 });
      renameSync(`${path}.tmp`, path);
    },
    end,
  };
}

async function waitUntil(what: string, holds: () => boolean, deadlineMs = 60_000): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

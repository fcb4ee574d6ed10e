import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AgentRow, PsDocument } from "../../../query/row.ts";
import { startOf } from "../../collectors/tmux/tmux-server.ts";

const MAIN = fileURLToPath(new URL("../../../cli/main.ts", import.meta.url));
const STUB = fileURLToPath(new URL("../../../examples/dogfood-agent.py", import.meta.url));
const SOCKET = "fleet-test";

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `fleet` that goes on: what it has printed so far, and its end. */
export interface Running {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  readonly ended: Promise<Ended>;
}

/**
 * A home of its own with a roster, a private tmux server with real stub agents, and the command as a child process: nothing of
 * the machine's own fleet is seen or touched.
 */
export interface LiveFleet {
  readonly home: string;
  readonly environment: Record<string, string>;
  readonly socketPath: string;
  fleet(...argv: string[]): Promise<Ended>;
  start(...argv: string[]): Running;
  /** The same on a terminal of its own (by `script`), whose keyboard is `child.stdin`. */
  startOnTerminal(...argv: string[]): Running;
  ps(...argv: string[]): Promise<PsDocument>;
  row(name: string): Promise<AgentRow>;
  tmux(...words: string[]): string;
  /** Starts the stub in a session of this name; its beats come each half second. */
  startAgent(name: string): void;
  /** Starts any program in a session of this name, 120 by 40. */
  startSession(name: string, ...words: string[]): void;
  panePid(name: string): number;
  writeBeat(name: string, text: string): void;
  recorder(): Promise<Running>;
  remove(): Promise<void>;
}

export function createLiveFleet(roster: string): LiveFleet {
  const home = mkdtempSync(join(tmpdir(), "fleet-live-"));
  const fleetHome = join(home, "fleet");
  const runDirectory = join(fleetHome, "run");
  const tmuxDirectory = join(home, `tmux-${process.getuid?.() ?? 0}`);
  for (const path of [fleetHome, runDirectory, tmuxDirectory])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  writeFileSync(join(fleetHome, "roster.yaml"), roster);
  const environment = {
    HOME: home,
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    TMUX_TMPDIR: home,
    FLEET_HOME: fleetHome,
    FLEET_STATE: join(home, "state"),
    FLEET_TENANT: "jarvis",
    FLEET_HOST: "W-jarvis",
    XDG_RUNTIME_DIR: join(home, "no-user-manager"),
    COLUMNS: "120",
  };
  const socketPath = join(tmuxDirectory, SOCKET);
  const running = new Set<Running>();
  const servers = new Map<number, string>();

  const start = (...argv: string[]): Running => {
    const stdio = ["ignore", "pipe", "pipe"] as const;
    return attend(spawn(process.execPath, [MAIN, ...argv], { env: environment, stdio: [...stdio] }));
  };
  const startOnTerminal = (...argv: string[]): Running => {
    const command = [process.execPath, MAIN, ...argv].map((word) => `'${word}'`).join(" ");
    // `script` reports the end of the command as its own, and gives it a terminal of 24 lines.
    const env = { ...environment, TERM: "xterm", COLUMNS: "" };
    const sized = `stty cols 110 rows 24; exec ${command}`;
    return attend(spawn("script", ["-qefc", sized, "/dev/null"], { env, stdio: ["pipe", "pipe", "pipe"] }));
  };
  const attend = (child: ChildProcess): Running => {
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const ended = new Promise<Ended>((resolve) => {
      child.on("close", (code, signal) => {
        running.delete(self);
        resolve({ code, signal, stdout, stderr });
      });
    });
    const self: Running = { child, stdout: () => stdout, stderr: () => stderr, ended };
    running.add(self);
    return self;
  };
  const tmux = (...words: string[]): string =>
    execFileSync("tmux", ["-u", "-f", "/dev/null", "-S", socketPath, ...words], {
      env: { PATH: environment.PATH, HOME: "/nonexistent", LC_ALL: "C.UTF-8" },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 20_000,
    }).trimEnd();
  const fleet = (...argv: string[]): Promise<Ended> => start(...argv).ended;
  const ps = async (...argv: string[]): Promise<PsDocument> => {
    const { code, stdout, stderr } = await fleet("ps", "--json", ...argv);
    if (code !== 0) throw new Error(`fleet ps ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as PsDocument;
  };

  const startSession = (name: string, ...words: string[]): void => {
    tmux("new-session", "-d", "-s", name, "-x", "120", "-y", "40", ...words);
    const pid = Number(tmux("display-message", "-p", "#{pid}"));
    servers.set(pid, startOf(pid));
  };

  return {
    home,
    environment,
    startSession,
    socketPath,
    fleet,
    start,
    startOnTerminal,
    ps,
    tmux,
    async row(name) {
      const [row] = (await ps(name)).agents;
      if (row === undefined) throw new Error(`there is no row ${name}`);
      return row;
    },
    startAgent(name) {
      const variables = {
        MOSAIC_AGENT_NAME: name,
        MOSAIC_HEARTBEAT_RUN_DIR: runDirectory,
        MOSAIC_HEARTBEAT_INTERVAL: "0.5",
      };
      const words = Object.entries(variables).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
      tmux("new-session", "-d", "-s", name, ...words, "python3", STUB);
      const pid = Number(tmux("display-message", "-p", "#{pid}"));
      servers.set(pid, startOf(pid));
    },
    panePid: (name) => Number(tmux("display-message", "-p", "-t", `=${name}:`, "#{pane_pid}")),
    writeBeat(name, text) {
      const path = join(runDirectory, `${name}.hb`);
      writeFileSync(`${path}.tmp`, text, { mode: 0o600 });
      renameSync(`${path}.tmp`, path);
    },
    async recorder() {
      const recorder = start("record");
      await waitUntil(
        "the recorder has begun",
        () => recorder.stdout().includes("recording ") || recorder.stderr() !== "",
      );
      return recorder;
    },
    async remove() {
      for (const { child } of running) child.kill("SIGKILL");
      await Promise.all([...running].map(({ ended }) => ended));
      for (const [pid, start] of servers) if (startOf(pid) === start) process.kill(pid, "SIGKILL");
      await waitUntil("the tmux servers have ended", () =>
        [...servers].every(([pid, start]) => startOf(pid) !== start),
      );
      rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

export async function waitUntil(
  what: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs = 20_000,
): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

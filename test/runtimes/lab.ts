import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { AgentRow, PsDocument } from "../../query/row.ts";
import type { CliSetup } from "./cli-setups.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** As it is installed: the sources would cost each start half a second. `main.ts` builds it. */
const MAIN = join(ROOT, "dist", "fleet.cjs");
const PORT = 8899;
const SOCKET = "fleet-runtimes";
const TMUX_CLIENT_MS = 20_000;

export interface ModelRequest {
  readonly seq: number;
  readonly t: number;
  readonly main?: boolean;
  readonly last?: string;
  readonly all?: readonly string[];
  readonly traceparent?: string;
}

/** One real CLI as an agent of a fleet of its own: home, tmux server, recorder, model server. */
export interface Lab {
  readonly name: string;
  readonly run: string;
  /** The agent's working directory. */
  readonly project: string;
  fleet(...argv: string[]): { code: number | null; stdout: string; stderr: string };
  row(): AgentRow;
  start(): Promise<void>;
  screen(): string;
  until(pattern: RegExp, timeoutMs?: number): Promise<void>;
  keys(...keys: string[]): Promise<void>;
  /** Pastes and presses Enter, as a sender does. */
  say(text: string): Promise<void>;
  wipe(): Promise<void>;
  mode(mode: Record<string, unknown>): Promise<void>;
  requestsSince(seq: number): Promise<ModelRequest[]>;
  lastRequest(): Promise<number>;
  panePid(): number;
  close(): Promise<void>;
}

export async function openLab(setup: CliSetup): Promise<Lab> {
  const home = mkdtempSync(join(tmpdir(), `fleet-${setup.runtime}-`));
  const fleetHome = join(home, "fleet");
  const project = join(home, "project");
  const run = join(fleetHome, "run");
  const name = "coder0";
  for (const path of [fleetHome, project, join(home, "bin")])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  writeFileSync(join(project, "index.js"), "export const parser = 1;\n");
  const bin = join(ROOT, ".runtimes", setup.runtime, "node_modules", ".bin");
  // Codex starts itself otherwise under an old Node, so that one can be given.
  symlinkSync(process.env.RUNTIMES_NODE || process.execPath, join(home, "bin", "node"));
  const environment: Record<string, string> = {
    HOME: home,
    PATH: [join(home, "bin"), bin, process.env.PATH ?? "/usr/bin:/bin"].join(delimiter),
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
    TMUX_TMPDIR: home,
    FLEET_HOME: fleetHome,
    FLEET_STATE: join(home, "state"),
    FLEET_TENANT: "jarvis",
    FLEET_HOST: "W-jarvis",
    MOSAIC_TMUX_SOCKET: SOCKET,
    XDG_RUNTIME_DIR: join(home, "no-user-manager"),
  };
  writeFileSync(
    join(fleetHome, "roster.yaml"),
    `version: 1
tmux: { socket_name: ${SOCKET} }
agents:
  - { name: ${name}, runtime: ${setup.runtime}, heartbeat: { interval_seconds: 5 } }
`,
  );
  setup.configure(home, project, PORT);
  if (setup.runtime === "opencode") provideOpencodePlugin(home);

  const children: ChildProcess[] = [];
  const background = (argv: string[], env: NodeJS.ProcessEnv): ChildProcess => {
    const child = spawn(process.execPath, argv, { env, stdio: "ignore" });
    children.push(child);
    return child;
  };
  const fleet: Lab["fleet"] = (...argv) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...argv], {
      env: environment,
      encoding: "utf8",
    });
    return { code: status, stdout, stderr };
  };
  const tmux = (...words: string[]): string =>
    execFileSync("tmux", ["-u", "-f", "/dev/null", "-L", SOCKET, ...words], {
      env: environment,
      encoding: "utf8",
      timeout: TMUX_CLIENT_MS,
    });
  const screen = (): string => tmux("capture-pane", "-p", "-t", `=${name}:`);
  const control = async (path: string, body?: unknown): Promise<string> => {
    // A connection of its own: one that is kept is closed by the server while we wait for a child.
    const headers = { connection: "close" };
    const init = body === undefined ? { headers } : { headers, method: "POST", body: JSON.stringify(body) };
    return (await fetch(`http://127.0.0.1:${PORT}${path}`, init)).text();
  };
  const until: Lab["until"] = async (pattern, timeoutMs = 60_000) => {
    const endAt = performance.now() + timeoutMs;
    while (!pattern.test(screen())) {
      if (performance.now() > endAt) throw new Error(`never saw ${pattern} on:\n${screen()}`);
      await pause(50);
    }
  };
  const keys: Lab["keys"] = async (...words) => {
    for (const word of words) {
      tmux("send-keys", "-t", `=${name}:`, word);
      await pause(350);
    }
  };

  background([join(import.meta.dirname, "model-server.mjs")], {
    ...environment,
    PORT: String(PORT),
    WORKDIR: project,
  });
  for (let tries = 0; ; tries += 1) {
    try {
      await control("/__mode");
      break;
    } catch (error) {
      if (tries > 200) throw error;
      await pause(50);
    }
  }
  const installed = fleet("hooks", "install", setup.runtime);
  if (installed.code !== 0) throw new Error(installed.stderr);
  background([MAIN, "record"], environment);
  for (let tries = 0; fleet("ps", "--json", "--no-collect", name).code !== 0; tries += 1) {
    if (tries > 200) throw new Error("the recorder has recorded nothing");
    await pause(100);
  }

  return {
    name,
    run,
    project,
    fleet,
    screen,
    until,
    keys,
    row() {
      const { stdout, stderr } = fleet("ps", "--json", "--no-collect", name);
      if (stdout === "") throw new Error(stderr);
      return (JSON.parse(stdout) as PsDocument).agents[0] as AgentRow;
    },
    async start() {
      const own: Record<string, string> = {
        ...setup.environment(PORT),
        MOSAIC_AGENT_NAME: name,
        MOSAIC_HEARTBEAT_INTERVAL: "5",
      };
      const more = Object.entries(own).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
      tmux(
        ...["new-session", "-d", "-s", name, "-x", "120", "-y", "40", "-c", project, ...more],
        `exec ${setup.command}`,
        ...[";", "set-option", "-w", "-t", `=${name}:`, "remain-on-exit", "on"],
      );
      if (setup.sidecar) {
        const [pid = "", pane = ""] = tmux("list-panes", "-t", `=${name}:`, "-F", "#{pane_pid} #{pane_id}")
          .trim()
          .split(" ");
        const script = join(fleetHome, "adapters", "hook.sh");
        children.push(
          spawn("sh", [script, setup.runtime, "sidecar", pid, pane], {
            env: { ...environment, ...own },
            stdio: "ignore",
          }),
        );
      }
      if (setup.trustHooks) {
        await until(setup.trustHooks.screen);
        await keys(...setup.trustHooks.keys);
      }
      await until(setup.ready);
      await pause(1500);
    },
    async say(text) {
      execFileSync("tmux", ["-u", "-L", SOCKET, "load-buffer", "-"], { env: environment, input: text });
      tmux("paste-buffer", "-p", "-r", "-d", "-t", `=${name}:`);
      await pause(150);
      tmux("send-keys", "-t", `=${name}:`, "Enter");
    },
    async wipe() {
      for (let round = 0; round < 2; round += 1) await keys(...setup.wipe);
    },
    async mode(mode) {
      await control("/__mode", mode);
    },
    async requestsSince(seq) {
      const text = await control(`/__log?since=${seq}`);
      return text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as ModelRequest);
    },
    lastRequest: async () => Number(await control("/__last")),
    panePid: () => Number(tmux("display-message", "-p", "-t", `=${name}:`, "#{pane_pid}")),
    async close() {
      try {
        tmux("kill-server");
      } catch {
        // It has gone already.
      }
      for (const child of children) if (child.exitCode === null) child.kill("SIGTERM");
      await Promise.all(
        children.map((child) =>
          child.exitCode === null && child.signalCode === null
            ? new Promise((resolve) => child.once("exit", resolve))
            : null,
        ),
      );
      if (process.env.KEEP_LAB) console.log(`kept: ${home}`);
      else rmSync(home, { recursive: true, force: true });
    },
  };
}

/** What OpenCode looks for beside a plugin, as npm has put it there. */
function provideOpencodePlugin(home: string): void {
  const installed = join(ROOT, ".runtimes", "opencode-plugin");
  cpSync(installed, join(home, ".config", "opencode"), { recursive: true, verbatimSymlinks: true });
}

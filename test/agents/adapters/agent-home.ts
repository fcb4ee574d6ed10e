import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAck } from "../../../agents/acks/acks.ts";
import { adapterText, SCRIPT_FILES } from "../../../agents/hooks/adapter-files.ts";
import { readProcess } from "../../../collectors/proc/stat.ts";

export const HOOK = join(import.meta.dirname, "../../../agents/adapters/hook.sh");

export interface HookRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A home in which this very test plays the runtime: its hooks are our children, and what it knows of itself is what we write. */
export interface AgentHome {
  readonly home: string;
  readonly run: string;
  readonly environment: Record<string, string>;
  /** One payload of the captured ones (`test/fixtures/hooks`). */
  hook(argv: readonly string[], payload: unknown, more?: Record<string, string>): HookRun;
  /** A hook that takes its time, and what it has done by its end. */
  hookInBackground(argv: readonly string[], payload: unknown): Promise<number | null>;
  /** Claude Code's own file of its session, for our pid. */
  session(status: string, atMs?: number, more?: Record<string, unknown>): void;
  beat(): Record<string, string>;
  acks(): { what: string; sha256: string; queued: boolean }[];
  /** Everything that is kept on disk, to be searched for what must not be. */
  everythingKept(): string;
  remove(): void;
}

export function createAgentHome(): AgentHome {
  const home = mkdtempSync(join(tmpdir(), "fleet-adapter-"));
  const run = join(home, "fleet", "run");
  const environment = {
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    HOME: home,
    FLEET_HOME: join(home, "fleet"),
    MOSAIC_AGENT_NAME: "coder0",
    MOSAIC_HEARTBEAT_INTERVAL: "600",
    MARK_OF_TEST_RUN: process.env.MARK_OF_TEST_RUN ?? "",
  };
  return {
    home,
    run,
    environment,
    hook(argv, payload, more = {}) {
      const { status, stdout, stderr } = spawnSync("sh", [HOOK, ...argv], {
        env: { ...environment, ...more },
        input: typeof payload === "string" ? payload : JSON.stringify(payload),
        encoding: "utf8",
      });
      return { status, stdout, stderr };
    },
    hookInBackground(argv, payload) {
      const child = spawn("sh", [HOOK, ...argv], { env: environment, stdio: ["pipe", "ignore", "ignore"] });
      child.stdin.end(JSON.stringify(payload));
      return new Promise((resolve) => child.once("exit", resolve));
    },
    session(status, atMs = Date.now(), more = {}) {
      const sessions = join(home, ".claude", "sessions");
      mkdirSync(sessions, { recursive: true });
      const procStart = String(readProcess(process.pid)?.startTicks ?? 0);
      const session = { pid: process.pid, procStart, sessionId: "s", cwd: "/", version: "2.1.329" };
      writeFileSync(
        join(sessions, `${process.pid}.json`),
        JSON.stringify({ ...session, status, statusUpdatedAt: atMs, ...more }),
      );
    },
    beat: () =>
      Object.fromEntries(
        (existsSync(join(run, "coder0.hb")) ? readFileSync(join(run, "coder0.hb"), "utf8") : "")
          .trim()
          .split(" ")
          .map((word) => word.split("=") as [string, string]),
      ),
    acks: () =>
      (existsSync(join(run, "coder0.acks")) ? readFileSync(join(run, "coder0.acks"), "utf8") : "")
        .split("\n")
        .flatMap((line) => parseAck(line) ?? [])
        .map(({ what, sha256, queued }) => ({ what, sha256, queued })),
    everythingKept: () =>
      existsSync(run)
        ? readdirSync(run, { withFileTypes: true })
            .flatMap((item) => (item.isFile() ? [item.name] : []))
            .map((file) => `${file}\n${readFileSync(join(run, file), "utf8")}`)
            .join("\n")
        : "",
    remove() {
      endSidecar(join(run, ".coder0.sidecar"));
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** What a hook has started in the background, in a group of its own. */
function endSidecar(file: string): void {
  const pid = existsSync(file) ? Number(readFileSync(file, "utf8").split(" ")[1]) : 0;
  for (const target of pid > 0 ? [-pid, pid] : []) {
    try {
      process.kill(target, "SIGKILL");
    } catch {
      // It has ended by itself, or has no group yet.
    }
  }
}

/** The captured payloads of one runtime's hooks, by the name under which they were captured. */
export function capturedPayloads(runtime: string): { event: string; payload: Record<string, never> }[] {
  const path = join(import.meta.dirname, `../../fixtures/hooks/${runtime}.ndjson`);
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** The scripts as an installation has them, for tests that must not depend on where this checkout is. */
export function installScripts(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const file of SCRIPT_FILES) writeFileSync(join(directory, file), adapterText(file));
}

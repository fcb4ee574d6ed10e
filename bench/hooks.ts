/**
 * What an agent pays for its heartbeat: one run of the status line's command (each second, for each Claude Code), and of a hook,
 * against a shell that does nothing. They take turns, so that the machine's moods hit each alike.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readProcess } from "../collectors/proc/stat.ts";
import { atMost, info, median, type Result } from "./result.ts";

const ROUNDS = 100;
const HOOK = fileURLToPath(new URL("../agents/adapters/hook.sh", import.meta.url));
const PAYLOADS = fileURLToPath(new URL("../test/fixtures/hooks/claude.ndjson", import.meta.url));

export function run(): Result[] {
  const home = mkdtempSync(join(tmpdir(), "fleet-bench-hooks-"));
  try {
    const sessions = join(home, ".claude", "sessions");
    mkdirSync(sessions, { recursive: true });
    const procStart = String(readProcess(process.pid)?.startTicks);
    const session = { pid: process.pid, procStart, status: "idle", statusUpdatedAt: Date.now() };
    writeFileSync(join(sessions, `${process.pid}.json`), JSON.stringify(session));
    const env = {
      PATH: process.env.PATH ?? "/usr/bin:/bin",
      HOME: home,
      FLEET_HOME: join(home, "fleet"),
      MOSAIC_AGENT_NAME: "coder0",
    };
    const payload = (event: string): string => {
      const lines = readFileSync(PAYLOADS, "utf8").trim().split("\n");
      return JSON.stringify(
        lines.map((line) => JSON.parse(line)).find((one) => one.event === event)?.payload,
      );
    };
    const subjects: Record<string, { args: string[]; input: string }> = {
      nothing: { args: ["-c", ":"], input: "" },
      timer: { args: [HOOK, "claude", "statusline"], input: payload("statusLine") },
      stop: { args: [HOOK, "claude", "Stop"], input: payload("Stop") },
      outside: { args: [HOOK, "claude", "Stop"], input: payload("Stop") },
    };
    const taken: Record<string, number[]> = {};
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [name, { args, input }] of Object.entries(subjects)) {
        const begun = performance.now();
        spawnSync("sh", args, { env: name === "outside" ? { ...env, MOSAIC_AGENT_NAME: "" } : env, input });
        taken[name] = [...(taken[name] ?? []), performance.now() - begun];
      }
    }
    const ms = (name: string): number => median(taken[name] ?? []);
    return [
      info("hooks: a shell that does nothing", ms("nothing"), "ms"),
      atMost("hooks: one tick of the status line", ms("timer"), "ms", 50),
      atMost("hooks: one hook of Claude Code, a beat written", ms("stop"), "ms", 50),
      info("hooks: the same outside of a fleet", ms("outside"), "ms"),
    ];
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

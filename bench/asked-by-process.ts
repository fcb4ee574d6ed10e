import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Result } from "./result.ts";
import { atLeast, info, median } from "./result.ts";

const LAUNCHER = fileURLToPath(new URL("../bin/fleet", import.meta.url));
const ROUNDS = 11;
const AGENT = "coder7";

/**
 * Questions to the past as whole processes, launcher included. That an agent went stale stands in no line of a log, so `grep` does the easier
 * half of it, which is to find the agent's beats in the exported lines; the gaps between them are still to be found then.
 */
export function askedByProcesses(path: string, fromUs: number, toUs: number): Result[] {
  const state = mkdtempSync(join(path, "..", "asked-"));
  try {
    mkdirSync(join(state, "state"), { mode: 0o700 });
    copyFileSync(path, join(state, "state", "fleet.db"));
    const environment = { HOME: state, PATH: process.env.PATH ?? "", FLEET_STATE: join(state, "state") };
    const lines = join(state, "fleet.ndjson");
    const iso = (us: number) => new Date(us / 1000).toISOString();
    const commands = {
      node: [process.execPath, "-e", "0"],
      when: [LAUNCHER, "when", AGENT, "stale", "--since", iso(fromUs), "--until", iso(toUs)],
      table: [LAUNCHER, "ps", "--at", iso(fromUs + (toUs - fromUs) / 2)],
      events: [LAUNCHER, "events", "--agent", AGENT, "--limit", "1"],
      grep: ["grep", "-F", `"agent":"${AGENT}","type":"heartbeat.received"`, lines],
    } as const;
    const timed = ([program = "", ...args]: readonly string[]): number => {
      const started = process.hrtime.bigint();
      const { status, stderr } = spawnSync(program, args, { env: environment, maxBuffer: 2 ** 30 });
      const ms = Number(process.hrtime.bigint() - started) / 1e6;
      if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}: ${stderr}`);
      return ms;
    };
    timed([LAUNCHER, "export", "--output", lines]);
    const names = Object.keys(commands) as (keyof typeof commands)[];
    const taken = new Map(names.map((name) => [name, [] as number[]]));
    for (let round = 0; round < ROUNDS + 1; round += 1)
      for (const name of names) {
        const ms = timed(commands[name]);
        // The first round fills the page cache, and keeps what was compiled.
        if (round > 0) taken.get(name)?.push(ms);
      }
    const ms = (name: keyof typeof commands): number => median(taken.get(name) ?? []);
    return [
      info("history: as processes: node -e 0", ms("node"), "ms"),
      info("history: as processes: fleet events", ms("events"), "ms"),
      info("history: as processes: fleet when NAME stale", ms("when"), "ms"),
      info("history: as processes: fleet ps --at", ms("table"), "ms"),
      info("history: as processes: grep -F of that agent's beats, gaps not yet found", ms("grep"), "ms"),
      atLeast("history: grep of the beats / fleet when", ms("grep") / ms("when"), "x", 3),
    ];
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

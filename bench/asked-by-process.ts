import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Result } from "./result.ts";
import { atLeast, info, median } from "./result.ts";
import { timed } from "./stopwatch.ts";

const LAUNCHER = fileURLToPath(new URL("../bin/fleet", import.meta.url));
const ROUNDS = 11;
const AGENT = "coder7";

/** How often the beats on stdin were silent for more than three intervals. */
const GAPS = `reduce (inputs.occurred_at[:19] + "Z" | fromdate) as $at ({last: 1e12, count: 0};
  {last: $at, count: (.count + if $at - .last > 45 then 1 else 0 end)}) | .count`;

/**
 * Questions to the past as whole processes, launcher included. That an agent went stale stands in no line of a log: `grep` finds the agent's
 * beats in the exported lines, which is the easier half, and `jq` the gaps between them. That some gaps are of a new life that has not beaten
 * yet, or of nobody who watched, is what only fleet can tell: the others are asked the easier question still.
 */
export function askedByProcesses(path: string, fromUs: number, toUs: number): Result[] {
  const state = mkdtempSync(join(path, "..", "asked-"));
  try {
    mkdirSync(join(state, "state"), { mode: 0o700 });
    copyFileSync(path, join(state, "state", "fleet.db"));
    const env = { HOME: state, PATH: process.env.PATH ?? "", FLEET_STATE: join(state, "state") };
    const lines = join(state, "fleet.ndjson");
    const iso = (us: number) => new Date(us / 1000).toISOString();
    const commands = {
      node: [process.execPath, "-e", "0"],
      when: [LAUNCHER, "when", AGENT, "stale", "--since", iso(fromUs), "--until", iso(toUs), "--json"],
      table: [LAUNCHER, "ps", "--at", iso(fromUs + (toUs - fromUs) / 2)],
      events: [LAUNCHER, "events", "--agent", AGENT, "--limit", "1"],
      grep: ["grep", "-F", `"agent":"${AGENT}","type":"heartbeat.received"`, lines],
      gaps: [
        "sh",
        "-c",
        `grep -F '"agent":"${AGENT}","type":"heartbeat.received"' "$0" | jq -n "$1"`,
        lines,
        GAPS,
      ],
    } as const;
    const answers = new Map<string, string>();
    const ask = ([program = "", ...args]: readonly string[], name = ""): number => {
      const { ms, stdout } = timed({ program, args, env });
      answers.set(name, stdout.toString("latin1"));
      return ms;
    };
    ask([LAUNCHER, "export", "--output", lines]);
    const names = Object.keys(commands) as (keyof typeof commands)[];
    const taken = new Map(names.map((name) => [name, [] as number[]]));
    for (let round = 0; round < ROUNDS + 1; round += 1)
      for (const name of names) {
        const ms = ask(commands[name], name);
        // The first round fills the page cache, and keeps what was compiled.
        if (round > 0) taken.get(name)?.push(ms);
      }
    const { count: stale } = JSON.parse(answers.get("when") ?? "") as { count: number };
    const gaps = Number(answers.get("gaps"));
    if (!(stale > 0 && stale <= gaps)) throw new Error(`${stale} times stale, in ${gaps} gaps between beats`);
    const ms = (name: keyof typeof commands): number => median(taken.get(name) ?? []);
    return [
      info("history: as processes: node -e 0", ms("node"), "ms"),
      info("history: as processes: fleet events", ms("events"), "ms"),
      info("history: as processes: fleet when NAME stale", ms("when"), "ms"),
      info("history: as processes: fleet ps --at", ms("table"), "ms"),
      info("history: as processes: grep -F of that agent's beats alone", ms("grep"), "ms"),
      info("history: as processes: grep -F of them | jq, which finds the gaps", ms("gaps"), "ms"),
      atLeast("history: grep -F of its beats alone / fleet when", ms("grep") / ms("when"), "x", 3),
      atLeast("history: grep | jq / fleet when", ms("gaps") / ms("when"), "x", 3),
    ];
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

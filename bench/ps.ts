/**
 * What a person waits for: `fleet ps` as a whole process, launcher included, against `node -e 0` on the same Node; and the
 * same with a hundred times as many events in the log. All of them take turns, so that the machine's moods hit each alike.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFleetState } from "./fleet-state.ts";
import type { BenchOptions, Result } from "./result.ts";
import { atMost, info, median, optionsOf, table } from "./result.ts";
import type { Command } from "./stopwatch.ts";
import { timed } from "./stopwatch.ts";

const ROUNDS = 60;
const SMALL = 100_000;

const LAUNCHER = fileURLToPath(new URL("../bin/fleet", import.meta.url));

type Subject = "node" | "five" | "small" | "large" | "table";

export function run({ events = 1_000_000 }: BenchOptions = {}): Result[] {
  const directory = mkdtempSync(join(tmpdir(), "fleet-bench-ps-"));
  try {
    const five = makeFleetState(directory, SMALL, 5);
    const [small, large] = [makeFleetState(directory, SMALL), makeFleetState(directory, events)];
    const env = { HOME: directory, PATH: process.env.PATH ?? "" };
    const node = rememberedNode(env);
    const fleet = (state: string, ...args: string[]): Command => ({
      program: LAUNCHER,
      args,
      env: { ...env, FLEET_STATE: state },
      silent: true,
    });
    const commands: Record<Subject, Command> = {
      node: { program: node, args: ["-e", "0"], env, silent: true },
      five: fleet(five.directory, "ps", "--json"),
      small: fleet(small.directory, "ps", "--json"),
      large: fleet(large.directory, "ps", "--json"),
      table: fleet(large.directory, "ps"),
    };
    const names = Object.keys(commands) as Subject[];
    const taken: Record<Subject, number[]> = { node: [], five: [], small: [], large: [], table: [] };
    for (let round = 0; round < ROUNDS + 2; round += 1) {
      for (const state of [five, small, large]) state.stayAlive();
      for (const name of names.map((_, i) => names[(i + round) % names.length] as Subject)) {
        const { ms: milliseconds } = timed(commands[name]);
        // The first rounds fill the page cache.
        if (round >= 2) taken[name].push(milliseconds);
      }
    }
    for (const state of [five, small, large]) state.close();
    const ms = (name: Subject): number => median(taken[name]);
    return [
      info("ps: node -e 0", ms("node"), "ms"),
      info("ps: fleet ps --json, 5 agents", ms("five"), "ms"),
      info(`ps: fleet ps --json, 50 agents, ${SMALL.toLocaleString("en-US")} events`, ms("small"), "ms"),
      info(`ps: fleet ps --json, 50 agents, ${events.toLocaleString("en-US")} events`, ms("large"), "ms"),
      info("ps: fleet ps, 50 agents, as a table", ms("table"), "ms"),
      atMost("ps: 5 agents / node -e 0", ms("five") / ms("node"), "x", 1.3),
      atMost("ps: 50 agents / node -e 0", ms("small") / ms("node"), "x", 1.3),
      atMost("ps: 50 agents as a table / node -e 0", ms("table") / ms("node"), "x", 1.3),
      atMost(
        `ps: ${events / SMALL} times the events / ${SMALL.toLocaleString("en-US")}`,
        ms("large") / ms("small"),
        "x",
        1.1,
      ),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The launcher looks for a Node once and remembers it in the checkout; that one is what the ratio is about. */
function rememberedNode(env: Readonly<Record<string, string>>): string {
  const { status, stderr } = spawnSync(LAUNCHER, ["--version"], { env, stdio: ["ignore", "ignore", "pipe"] });
  if (status !== 0) throw new Error(`bin/fleet --version ended with ${status}: ${stderr}`);
  return readFileSync(new URL("../.fleet-node", import.meta.url), "utf8").split("\n")[0] ?? "";
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.stdout.write(table(run(optionsOf(process.argv))));

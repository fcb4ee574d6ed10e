import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";
import type { AgentSpec, FleetSpec } from "../../agents/fleet-spec.ts";
import { launchProblem, runtimeLaunches } from "../../agents/runtimes.ts";
import { searchPath } from "../../agents/search-path.ts";
import { splitWords } from "../../agents/words.ts";
import type { RunWords } from "../acting/programs.ts";
import { readText } from "../acting/read-text.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/**
 * Whether each agent's program is on that agent's PATH, what is known to go wrong with its command, and the Node that it needs.
 * `launches`: fleet's own launcher starts them; of another one it is not known where it looks.
 */
export async function checkRuntimes(
  spec: FleetSpec,
  run: RunWords,
  { npmBin, launches }: { readonly npmBin: string | null; readonly launches: boolean },
): Promise<Finding[]> {
  const managerPath = await managersPath(run);
  const findings: Finding[] = [];
  for (const [program, agents] of byProgram(spec.agents)) {
    const [first] = agents as [AgentSpec];
    const names = agents.map(({ name }) => name).join(", ");
    const check = `runtime ${first.runtime}`;
    const runtimeBin = ownVariable(spec, first.name, "MOSAIC_RUNTIME_BIN");
    const path = searchPath({ runtimeBin, npmBin, home: spec.tenantHome, managerPath }, isDirectory);
    const found = program.startsWith("/") ? (isProgram(program) ? program : null) : findOn(path, program);
    if (found === null) {
      const text = `${program} (for ${names}) is on none of: ${path.join(" ")}`;
      if (!launches) {
        const other = `${text}. Fleet does not launch these agents; what does may know another place`;
        findings.push(
          warn(check, other, "Nothing, while they run. Before `fleet init` launches them: install it."),
        );
        continue;
      }
      const advice = `Install it, or name its directory: MOSAIC_RUNTIME_BIN=DIR in ${spec.fleetHome}/agents/${first.name}.local.env`;
      findings.push(fail(check, text, advice));
      continue;
    }
    const problem = agents
      .map((agent) => launchProblem(agent.runtime, agent.command))
      .find((text) => text !== null);
    const node = await nodeProblem(first.runtime, path, run);
    if (problem)
      findings.push(warn(check, `${names}: ${problem}`, "Mend `command` in the roster, then: fleet init"));
    else if (node !== null) findings.push(node);
    else findings.push(ok(check, `${found} (for ${names})`));
  }
  return findings;
}

function byProgram(agents: readonly AgentSpec[]): Map<string, AgentSpec[]> {
  const groups = new Map<string, AgentSpec[]>();
  for (const agent of agents) {
    const program = agent.command[0] ?? "";
    groups.set(program, [...(groups.get(program) ?? []), agent]);
  }
  return groups;
}

/** The Node that a runtime would be run by, where it needs one of some age. */
async function nodeProblem(runtime: string, path: readonly string[], run: RunWords): Promise<Finding | null> {
  const needs = Object.hasOwn(runtimeLaunches, runtime) ? runtimeLaunches[runtime]?.node : null;
  const node = needs ? findOn(path, "node") : null;
  if (!needs || node === null) return null;
  const major = /^v(\d+)\./.exec((await run([node, "--version"], 5000)).stdout)?.[1];
  if (major === undefined || Number(major) >= needs.major) return null;
  return warn(
    `runtime ${runtime}`,
    `the Node on its agents' PATH is ${major} (${node}); ${needs.otherwise}`,
    `Put Node ${needs.major} or newer before it, then install the runtime again.`,
  );
}

async function managersPath(run: RunWords): Promise<string> {
  const shown = await run(["systemctl", "--user", "show-environment"], 5000);
  return /^PATH=(.*)$/m.exec(shown.stdout)?.[1] ?? "/usr/local/bin:/usr/bin:/bin";
}

/** A variable that the operator set for one agent by hand. */
function ownVariable(spec: FleetSpec, agent: string, name: string): string | null {
  const text = readText(`${spec.fleetHome}/agents/${agent}.local.env`) ?? "";
  const line = new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1];
  if (line === undefined) return null;
  const words = splitWords(line);
  return words.ok ? words.words.join(" ") : null;
}

function findOn(path: readonly string[], program: string): string | null {
  return path.map((directory) => join(directory, program)).find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

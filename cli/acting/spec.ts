import type { AgentSpec, FleetSpec } from "../../agents/fleet-spec.ts";
import { commandOf } from "../../agents/runtimes.ts";
import { splitWords } from "../../agents/words.ts";
import { declarationsOf, type RosterEnvironment } from "../../collectors/roster/declarations.ts";
import { holderOf } from "../../collectors/roster/parse.ts";
import type { RosterFile } from "../../collectors/roster/schema.ts";
import { FleetError } from "../../store/errors.ts";
import type { Account, Places, Variables } from "../environment.ts";
import { installationRoot } from "../installation.ts";

/** Variables that say where a fleet is, or whose: what is started by systemd later must be told what was true when it was set up. */
const SURROUNDINGS = [
  "FLEET_HOME",
  "FLEET_STATE",
  "XDG_STATE_HOME",
  "FLEET_TENANT",
  "FLEET_HOST",
  "MOSAIC_TMUX_SOCKET",
  "MOSAIC_HEARTBEAT_RUN_DIR",
  "MOSAIC_HEARTBEAT_INTERVAL",
  "TMUX_TMPDIR",
];

/** The fleet that a roster asks for, on this host. */
export function fleetSpecOf(
  roster: RosterFile,
  around: {
    readonly account: Account;
    readonly places: Places;
    readonly variables: Variables;
    readonly rosterEnvironment: RosterEnvironment;
    readonly npmBin: string | null;
  },
): FleetSpec {
  const { account, places, variables, rosterEnvironment } = around;
  const declared = new Map(
    declarationsOf(roster, rosterEnvironment).map((one) => [one.name, one.declaration]),
  );
  const holderSession = holderOf(roster);
  const holder = declared.get(holderSession);
  const agents = roster.agents.map((agent): AgentSpec => {
    const declaration = declared.get(agent.name);
    if (declaration === undefined) throw new Error(`${agent.name} is not declared`);
    const directory = agent.working_directory ?? roster.defaults?.working_directory ?? "~";
    return {
      name: agent.name,
      runtime: agent.runtime,
      class: declaration.class,
      unit: declaration.unit,
      lifecycle: declaration.lifecycle,
      command: wordsOf(agent, places.roster),
      workingDirectory: directory.replace(/^~(?=$|\/)/, account.home),
      intervalSeconds:
        typeof agent.heartbeat === "object"
          ? agent.heartbeat.interval_seconds
          : (roster.heartbeat?.interval_seconds ?? null),
    };
  });
  const configuration = variables.XDG_CONFIG_HOME || `${account.home}/.config`;
  return {
    tenantHome: account.home,
    fleetHome: places.fleetHome,
    unitDirectory: `${configuration}/systemd/user`,
    socketName: holder?.socketName ?? "mosaic-factory",
    holderSession,
    holderUnit: holder?.unit ?? "mosaic-tmux-holder.service",
    surroundings: SURROUNDINGS.flatMap((name) => {
      const value = variables[name];
      return value ? [[name, value] as const] : [];
    }),
    npmBin: around.npmBin,
    fleetProgram: `${installationRoot()}/bin/fleet`,
    node: process.execPath,
    agents,
  };
}

function wordsOf(agent: RosterFile["agents"][number], path: string): readonly string[] {
  const { command } = agent;
  if (command === undefined) return commandOf(agent.runtime, agent.model_hint ?? null);
  if (typeof command !== "string") return command;
  const split = splitWords(command);
  if (split.ok) return split.words;
  throw new FleetError("config", `${path}: the command of ${agent.name} cannot be read: ${split.problem}`, {
    hint: "Write it as words with quotes as in a shell, or as a list of words.",
  });
}

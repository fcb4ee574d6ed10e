import { environmentFileText, type Variable } from "./environment-file.ts";
import type { AgentSpec, FleetSpec } from "./fleet-spec.ts";
import { AGENT_NAME, AGENT_TEMPLATE, isOurUnit, RECORDER_UNIT, SOCKET_NAME } from "./fleet-spec.ts";
import {
  agentTemplate,
  environmentFileOf,
  headingOf,
  holderUnit,
  launcherOf,
  lifecycleDropIn,
  recorderUnit,
  tmuxConfiguration,
  tmuxConfigurationOf,
} from "./units.ts";
import { joinWords } from "./words.ts";

/** A file that a fleet of this shape has. */
export interface PlannedFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  /** Why it is there, for `--dry-run`. */
  readonly what: string;
  /**
   * `unit`: systemd's reading of it decides who launches what, so another launcher's file of that name is a conflict. `data`: kept as
   * it is where it was edited by hand.
   */
  readonly kind: "unit" | "data";
}

/** A program to run, as words: no shell reads it. */
export interface PlannedCommand {
  readonly words: readonly string[];
  readonly what: string;
  /** May fail for want of rights; then an administrator must run it. */
  readonly optional?: true;
}

/** Every file of this fleet, in the order in which they are written; nothing is written twice. */
export function planFiles(spec: FleetSpec, launcherText: string): PlannedFile[] {
  checkNames(spec);
  const unit = (name: string, text: string, what: string): PlannedFile => ({
    path: `${spec.unitDirectory}/${name}`,
    text,
    mode: 0o644,
    what,
    kind: "unit",
  });
  const data = (path: string, text: string, mode: number, what: string): PlannedFile => ({
    path,
    text,
    mode,
    what,
    kind: "data",
  });
  return [
    data(launcherOf(spec), launcherText, 0o700, "what the units run"),
    data(tmuxConfigurationOf(spec), tmuxConfiguration(spec), 0o600, "the tmux server's configuration"),
    unit(spec.holderUnit, holderUnit(spec), "owns the tmux server"),
    unit(AGENT_TEMPLATE, agentTemplate(spec), "one agent each"),
    unit(RECORDER_UNIT, recorderUnit(spec), "the recorder"),
    ...spec.agents.filter(isOurUnit).flatMap((agent) => agentFiles(spec, agent)),
  ];
}

/** The files of one agent. */
export function agentFiles(spec: FleetSpec, agent: AgentSpec): PlannedFile[] {
  const variables: Variable[] = [
    ["MOSAIC_AGENT_NAME", agent.name],
    ["MOSAIC_AGENT_RUNTIME", agent.runtime],
    ["MOSAIC_AGENT_WORKDIR", agent.workingDirectory],
    ["MOSAIC_AGENT_COMMAND", joinWords(agent.command)],
    ...(agent.intervalSeconds === null
      ? []
      : [["MOSAIC_HEARTBEAT_INTERVAL", String(agent.intervalSeconds)] as const]),
  ];
  const heading = [
    ...headingOf(`The environment of agent ${agent.name}, from the roster`),
    `Variables of your own belong into ${agent.name}.local.env beside it, which fleet never touches.`,
  ];
  const environment: PlannedFile = {
    path: environmentFileOf(spec, agent.name),
    text: environmentFileText(heading, variables),
    mode: 0o600,
    what: `the environment of ${agent.name}`,
    kind: "data",
  };
  const dropIn = lifecycleDropIn(agent);
  if (dropIn === null) return [environment];
  const path = `${spec.unitDirectory}/${agent.unit}.d/lifecycle.conf`;
  return [
    environment,
    { path, text: dropIn, mode: 0o644, what: `${agent.name} is not started again`, kind: "unit" },
  ];
}

/** What has to be run once the files are there: known to systemd, started at boot, the recorder running. */
export function planCommands(
  spec: FleetSpec,
  host: { readonly userName: string; readonly lingers: boolean },
): PlannedCommand[] {
  const kept = spec.agents.filter((agent) => isOurUnit(agent) && agent.lifecycle === "always");
  const units = [spec.holderUnit, RECORDER_UNIT, ...kept.map(({ unit }) => unit)];
  const linger: PlannedCommand = {
    words: ["loginctl", "enable-linger", host.userName],
    what: "the fleet outlives your login, and starts at boot",
    optional: true,
  };
  return [
    { words: ["systemctl", "--user", "daemon-reload"], what: "systemd reads the units" },
    { words: ["systemctl", "--user", "enable", ...units], what: "they are started at boot" },
    ...(host.lingers ? [] : [linger]),
    { words: ["systemctl", "--user", "start", RECORDER_UNIT], what: "what happens is recorded" },
  ];
}

/** Names go into unit files and tmux's configuration, where a newline or a blank would be somebody else's line. */
function checkNames({ agents, socketName, holderSession, holderUnit }: FleetSpec): void {
  for (const name of [holderSession, ...agents.map(({ name }) => name)])
    if (!AGENT_NAME.test(name)) throw new Error(`${JSON.stringify(name)} is not an agent's name`);
  if (!SOCKET_NAME.test(socketName)) throw new Error(`${JSON.stringify(socketName)} is not a socket's name`);
  for (const unit of [holderUnit, ...agents.map(({ unit }) => unit)])
    if (!/^[A-Za-z0-9:_.\\@-]{1,240}\.service$/.test(unit))
      throw new Error(`${JSON.stringify(unit)} is not a unit's name`);
}

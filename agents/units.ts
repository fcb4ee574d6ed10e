import type { AgentSpec, FleetSpec } from "./fleet-spec.ts";
import { quoted } from "./words.ts";

/** Who wrote a file, and what becomes of changes to it. Stands first in every file that fleet writes. */
export function headingOf(what: string): string[] {
  return [
    `${what}. Written by \`fleet init\`, which leaves it alone once it was edited by hand`,
    "(--force writes it anew).",
  ];
}

/** A text in a unit file: `%` begins a specifier there, in command lines also `$` a variable. */
function unitText(text: string): string {
  return text.replaceAll("%", "%%");
}
function unitWord(text: string): string {
  return quoted(unitText(text)).replaceAll("$", "$$$$");
}
const environmentLines = (pairs: readonly (readonly [string, string])[]): string[] =>
  pairs.map(([name, value]) => `Environment=${quoted(unitText(`${name}=${value}`))}`);

function unitFile(what: string, sections: Readonly<Record<string, readonly string[]>>): string {
  const heading = headingOf(what).map((line) => `# ${line}`);
  const body = Object.entries(sections).map(([name, lines]) => [`[${name}]`, ...lines].join("\n"));
  return `${[heading.join("\n"), ...body].join("\n\n")}\n`;
}

const libraryOf = ({ fleetHome }: FleetSpec): string => `${fleetHome}/lib`;
export const launcherOf = (spec: FleetSpec): string => `${libraryOf(spec)}/launch`;
export const tmuxConfigurationOf = (spec: FleetSpec): string => `${libraryOf(spec)}/tmux.conf`;
export const environmentFileOf = (spec: FleetSpec, name: string): string =>
  `${spec.fleetHome}/agents/${name}.env`;

/**
 * The tmux server, owned by this unit alone: whoever starts a server owns the cgroup of all that is started in it, so that stopping an
 * agent's unit would end every agent. It stays in the foreground (`-D`) and begins with an environment of its own: what the first
 * client had in its environment would reach every later agent.
 */
export function holderUnit(spec: FleetSpec): string {
  const temporary = spec.surroundings.filter(([name]) => name === "TMUX_TMPDIR");
  const environment = [
    "HOME=%h",
    "USER=%u",
    "LOGNAME=%u",
    "SHELL=%s",
    "LANG=C.UTF-8",
    "PATH=/usr/local/bin:/usr/bin:/bin",
    "XDG_RUNTIME_DIR=%t",
    ...temporary.map(([name, value]) => unitWord(`${name}=${value}`)),
  ];
  const server = ["tmux", "-u", "-D", "-L", spec.socketName, "-f", unitWord(tmuxConfigurationOf(spec))];
  const launcher = unitWord(launcherOf(spec));
  return unitFile("The tmux server of the fleet", {
    Unit: [`Description=tmux server of the fleet (socket ${spec.socketName})`, "StartLimitIntervalSec=0"],
    Service: [
      "Type=exec",
      ...environmentLines([["MOSAIC_TMUX_SOCKET", spec.socketName], ...temporary]),
      `ExecStartPre=${launcher} check`,
      `ExecStart=/usr/bin/env -i ${[...environment, ...server].join(" ")}`,
      `ExecStartPost=${launcher} ready`,
      "Restart=always",
      "RestartSec=500ms",
    ],
    Install: ["WantedBy=default.target"],
  });
}

/**
 * One agent. Its main process waits for the agent's pane and ends as the agent ends, so that systemd sees a death for what it is; the
 * agent itself lives in a scope of its own, which no other unit's stop can reach. A stop is a word to the waiter, which ends the agent.
 */
export function agentTemplate(spec: FleetSpec): string {
  const npm = spec.npmBin === null ? [] : [["FLEET_NPM_BIN", spec.npmBin] as const];
  return unitFile("An agent of the fleet", {
    Unit: [
      "Description=Agent %i",
      `Requires=${spec.holderUnit}`,
      `After=${spec.holderUnit}`,
      "StartLimitIntervalSec=10min",
      "StartLimitBurst=20",
    ],
    Service: [
      "Type=exec",
      ...environmentLines([
        ...spec.surroundings.filter(([name]) => name !== "MOSAIC_TMUX_SOCKET"),
        ["MOSAIC_TMUX_SOCKET", spec.socketName],
        ...npm,
      ]),
      `EnvironmentFile=${unitText(spec.fleetHome)}/agents/%i.env`,
      `EnvironmentFile=-${unitText(spec.fleetHome)}/agents/%i.local.env`,
      `ExecStart=${unitWord(launcherOf(spec))} run %i $MOSAIC_AGENT_COMMAND`,
      "KillMode=mixed",
      "TimeoutStopSec=30",
      "Restart=always",
      "RestartSec=2",
    ],
    Install: ["WantedBy=default.target"],
  });
}

/** An ephemeral worker that has ended has finished: nothing starts it again but somebody who wants it. */
export function lifecycleDropIn({ lifecycle }: Pick<AgentSpec, "lifecycle">): string | null {
  return lifecycle === "always"
    ? null
    : unitFile("The life of an ephemeral worker", { Service: ["Restart=no"] });
}

/** The recorder, which depends on no agent, as no agent depends on it. */
export function recorderUnit(spec: FleetSpec): string {
  return unitFile("The flight recorder of the fleet", {
    Unit: ["Description=Flight recorder of the fleet", "StartLimitIntervalSec=0"],
    Service: [
      "Type=exec",
      ...environmentLines([...spec.surroundings, ["FLEET_NODE", spec.node]]),
      `ExecStart=${unitWord(spec.fleetProgram)} record`,
      "Restart=always",
      "RestartSec=1",
      "UMask=0077",
    ],
    Install: ["WantedBy=default.target"],
  });
}

/** The server's own configuration: no file of the user's is read, and no later client's variables reach an agent. */
export function tmuxConfiguration(spec: FleetSpec): string {
  return `${[
    ...headingOf("The fleet's tmux server").map((line) => `# ${line}`),
    "set -g update-environment ''",
    "set -gw remain-on-exit on",
    "set -gwq remain-on-exit-format ''",
    "set -g history-limit 20000",
    `new-session -d -s ${spec.holderSession} -x 80 -y 24 sleep infinity`,
  ].join("\n")}\n`;
}

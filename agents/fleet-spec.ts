/** The fleet that is to be, in plain values: a roster with every default filled in, and where its things are kept. Whoever calls makes it. */
export interface FleetSpec {
  readonly tenantHome: string;
  readonly fleetHome: string;
  /** Where user units are written, normally `~/.config/systemd/user`. */
  readonly unitDirectory: string;
  readonly socketName: string;
  readonly holderSession: string;
  readonly holderUnit: string;
  /** Variables by which this fleet is not where fleets are by default (FLEET_HOME, FLEET_STATE, ...): baked into the units. */
  readonly surroundings: readonly (readonly [name: string, value: string])[];
  /** Where npm puts programs that are installed globally, when it is known. */
  readonly npmBin: string | null;
  /** `bin/fleet` and the Node that runs it, for the recorder. */
  readonly fleetProgram: string;
  readonly node: string;
  readonly agents: readonly AgentSpec[];
}

export interface AgentSpec {
  readonly name: string;
  readonly runtime: string;
  readonly class: string;
  readonly unit: string;
  readonly lifecycle: "always" | "ephemeral";
  readonly command: readonly string[];
  readonly workingDirectory: string;
  /** As the roster says it; null: what the surroundings say, for the recorder and the agent alike. */
  readonly intervalSeconds: number | null;
}

/** Names become tmux sessions, unit instances and file names: nothing else may reach any of these. */
export const AGENT_NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/;
export const SOCKET_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

export const AGENT_TEMPLATE = "mosaic-agent@.service";
export const RECORDER_UNIT = "fleet-recorder.service";

/** The unit that fleet itself would write for an agent of this name. */
export function ownUnitOf(name: string): string {
  return AGENT_TEMPLATE.replace("@", `@${name}`);
}

/** Whether the agent runs by our template; a roster may name a unit of somebody else's making. */
export function isOurUnit({ name, unit }: Pick<AgentSpec, "name" | "unit">): boolean {
  return unit === ownUnitOf(name);
}

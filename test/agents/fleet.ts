import type { AgentSpec, FleetSpec } from "../../agents/fleet-spec.ts";

export function agentSpec(name: string, over: Partial<AgentSpec> = {}): AgentSpec {
  return {
    name,
    runtime: "pi",
    class: "implementer",
    unit: `mosaic-agent@${name}.service`,
    lifecycle: "always",
    command: ["pi"],
    workingDirectory: "/home/alice",
    intervalSeconds: 15,
    ...over,
  };
}

export function fleetSpec(over: Partial<FleetSpec> = {}): FleetSpec {
  return {
    tenantHome: "/home/alice",
    fleetHome: "/home/alice/.config/mosaic/fleet",
    unitDirectory: "/home/alice/.config/systemd/user",
    socketName: "mosaic-factory",
    holderSession: "_holder",
    holderUnit: "mosaic-tmux-holder.service",
    surroundings: [],
    npmBin: null,
    fleetProgram: "/opt/fleet/bin/fleet",
    node: "/opt/node/bin/node",
    agents: [agentSpec("coder0"), agentSpec("reviewer")],
    ...over,
  };
}

import type { PayloadOf } from "../../store/events/catalogue.ts";
import { holderOf } from "./parse.ts";
import type { RosterFile } from "./schema.ts";

/** What the recorder's own environment adds where the roster is silent. */
export interface RosterEnvironment {
  /** `MOSAIC_TMUX_SOCKET`: goes before the roster's socket. */
  readonly socketName: string | null;
  /** `MOSAIC_HEARTBEAT_INTERVAL`, seconds: stands where neither the agent nor the roster names one. */
  readonly heartbeatIntervalSeconds: number | null;
}

export interface Declared {
  readonly name: string;
  readonly declaration: PayloadOf<"roster.agent.declared">;
}

const DEFAULT_SOCKET = "mosaic-factory";
const DEFAULT_INTERVAL_SECONDS = 15;

/** Resolves every default at this moment, so that whoever reads the event later needs no environment. The holder comes last. */
export function declarationsOf(roster: RosterFile, environment: RosterEnvironment): Declared[] {
  const socketName = socketNameOf(roster, environment);
  const interval =
    roster.heartbeat?.interval_seconds ?? environment.heartbeatIntervalSeconds ?? DEFAULT_INTERVAL_SECONDS;
  const agents = roster.agents.map((agent): Declared => {
    const { heartbeat } = agent;
    const declaration: Declared["declaration"] = {
      role: "agent",
      runtime: agent.runtime,
      class: agent.class ?? "agent",
      unit: agent.unit ?? `mosaic-agent@${agent.name}.service`,
      socketName,
      intervalSeconds: typeof heartbeat === "object" ? heartbeat.interval_seconds : interval,
      heartbeat: heartbeat === "not-expected" ? "not-expected" : "expected",
      lifecycle: agent.lifecycle ?? "always",
      driftAccept: agent.drift?.accept ?? [],
      persistentPersona: agent.persistent_persona ?? false,
      resetBetweenTasks: agent.reset_between_tasks ?? false,
      modelHint: agent.model_hint ?? null,
    };
    return { name: agent.name, declaration };
  });
  const holder: Declared["declaration"] = {
    role: "holder",
    runtime: null,
    class: "holder",
    unit: roster.tmux?.holder_unit ?? "mosaic-tmux-holder.service",
    socketName,
    intervalSeconds: interval,
    heartbeat: "not-expected",
    lifecycle: "always",
    driftAccept: [],
    persistentPersona: false,
    resetBetweenTasks: false,
    modelHint: null,
  };
  return [...agents, { name: holderOf(roster), declaration: holder }];
}

/** The sockets that the roster names, the agents' own first: these are hooked by the recorder, and no others. */
export function socketNamesOf(roster: RosterFile, environment: RosterEnvironment): string[] {
  return [...new Set([socketNameOf(roster, environment), ...(roster.tmux?.sockets ?? [])])];
}

function socketNameOf(roster: RosterFile, environment: RosterEnvironment): string {
  return environment.socketName ?? roster.tmux?.socket_name ?? DEFAULT_SOCKET;
}

import { userInfo } from "node:os";
import { join } from "node:path";
import type { AgentSpec, FleetSpec } from "../../agents/fleet-spec.ts";
import type { RosterFile } from "../../collectors/roster/schema.ts";
import { type Answer, askTmux } from "../../collectors/tmux/ask.ts";
import { FleetError } from "../../store/errors.ts";
import type { FleetEvent } from "../../store/events/catalogue.ts";
import type { Invocation } from "../declaration.ts";
import { lookAround } from "../here.ts";
import { type OwnLog, openOwnLog } from "../own-log.ts";
import { readRosterFile } from "../roster-file.ts";
import { createRunner, type RunWords } from "./programs.ts";
import { fleetSpecOf } from "./spec.ts";

/** What a verb that acts works with: the fleet as the roster asks for it, the log that every act is written to, and hands. */
export interface Actor {
  readonly own: OwnLog;
  readonly roster: RosterFile;
  readonly spec: FleetSpec;
  readonly run: RunWords;
  /** Puts commands to the fleet's tmux server; never starts one. */
  tmux(commands: readonly (readonly string[])[]): Promise<Answer>;
  /** Writes an act to the log. */
  tell<T extends OperatorEvent["type"]>(type: T, agent: string | null, payload: PayloadOfAct<T>): void;
  close(): void;
}

type OperatorEvent = Extract<
  FleetEvent,
  { type: `operator.${string}.requested` | "operator.act.failed" | "operator.fleet.initialized" }
>;
type PayloadOfAct<T extends OperatorEvent["type"]> = Omit<
  Extract<OperatorEvent, { type: T }>["payload"],
  "user" | "pid"
>;

const TMUX_DEADLINE_MS = 3000;

export function openActor(invocation: Invocation): Actor {
  const { environment } = invocation;
  const roster = rosterInForce(lookAround(environment).places.roster);
  const own = openOwnLog(environment);
  try {
    const { account, places } = own.here;
    const rosterEnvironment = {
      socketName: own.names.socketOverride,
      heartbeatIntervalSeconds: own.names.intervalSeconds,
    };
    const spec = fleetSpecOf(roster, {
      account,
      places,
      variables: environment,
      rosterEnvironment,
      npmBin: null,
    });
    return actorOf({ own, roster, spec, run: createRunner(environment, account), path: environment.PATH });
  } catch (error) {
    own.log.close();
    throw error;
  }
}

export function actorOf(parts: {
  readonly own: OwnLog;
  readonly roster: RosterFile;
  readonly spec: FleetSpec;
  readonly run: RunWords;
  readonly path: string | undefined;
}): Actor {
  const { own, spec } = parts;
  const { account } = own.here;
  const access = {
    program: "tmux",
    environment: { PATH: parts.path ?? "/usr/local/bin:/usr/bin:/bin", HOME: account.home },
    deadlineMs: TMUX_DEADLINE_MS,
  };
  const socket = join(own.names.tmuxDirectory, spec.socketName);
  const who = { user: userName(), pid: process.pid };
  return {
    own,
    roster: parts.roster,
    spec,
    run: parts.run,
    tmux: (commands) => askTmux(access, socket, commands),
    tell(type, agent, payload) {
      const occurredAtUs = own.clock.nowUs();
      const event = {
        type,
        agent,
        source: "operator",
        occurredAtUs,
        precision: "us",
        payload: { ...payload, ...who },
      };
      own.log.append({ source: "operator", events: [event as unknown as FleetEvent] });
    },
    close: () => own.log.close(),
  };
}

/** The agents that were named, or null with the first name that nobody has. */
export function namedAgents(
  spec: FleetSpec,
  names: readonly string[],
): { readonly agents: AgentSpec[]; readonly unknown: string | null } {
  const found = names.map((name) => spec.agents.find((agent) => agent.name === name));
  const unknown = names.find((_, index) => found[index] === undefined) ?? null;
  return { agents: [...new Set(found.filter((agent) => agent !== undefined))], unknown };
}

/** Acting needs a roster that can be read now: the last good one would start what nobody asks for any longer. */
export function rosterInForce(path: string): RosterFile {
  const roster = readRosterFile(path);
  if (roster === null) {
    throw new FleetError("config", `${path} is not there, or cannot be read`, {
      hint: "Make one with `fleet init --profile coding` (or general, hybrid, research).",
    });
  }
  if (roster.ok) return roster.roster;
  const value = roster.value === null ? "" : `${JSON.stringify(roster.value)}: `;
  const where = roster.line === null ? path : `${path}:${roster.line}`;
  throw new FleetError("config", `${where}: ${value}expected ${roster.expected}`, {
    hint: "Mend that line, then run this again.",
  });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? "unknown"}`;
  }
}

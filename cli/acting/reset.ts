import type { AgentSpec } from "../../agents/fleet-spec.ts";
import { runtimeLaunches } from "../../agents/runtimes.ts";
import { type SendOutcome, sendMessage } from "../../agents/send/send.ts";
import { MESSAGE_EVENTS } from "../../query/messages.ts";
import { FleetError } from "../../store/errors.ts";
import { newLogId } from "../../store/log-id.ts";
import { openReader } from "../../store/reader.ts";
import { tmuxServersOf, toolEnvironment } from "../agent-panes.ts";
import type { Variables } from "../environment.ts";
import { userName } from "../user-name.ts";
import type { Actor } from "./actor.ts";

/** A runtime that is at rest has taken the command within this. */
const TIMEOUT_MS = 6000;

/** What empties this agent's context: the roster's word for its runtime, else the one that is known of it. */
export function resetCommandOf({ roster }: Pick<Actor, "roster">, { name, runtime }: AgentSpec): string {
  const declared = roster.runtimes?.[runtime]?.reset_command;
  const known = Object.hasOwn(runtimeLaunches, runtime) ? runtimeLaunches[runtime]?.resetCommand : undefined;
  const command = declared ?? known;
  if (command !== undefined) return command;
  throw new FleetError("config", `how ${runtime} (of ${name}) is reset is not known`, {
    hint: `Say it in the roster: runtimes: { ${runtime}: { reset_command: /clear } }. Or begin anew: fleet agent restart ${name}`,
  });
}

/** A persona that is kept over tasks is not forgotten by a slip. */
export function refusePersona({ roster }: Pick<Actor, "roster">, { name }: AgentSpec): void {
  if (!roster.agents.some((agent) => agent.name === name && agent.persistent_persona)) return;
  throw new FleetError("usage", `${name} has a persistent persona, which a reset would end`, {
    hint: "--force resets it all the same.",
  });
}

/** Types the reset command as a message, with all the care that messages have: never into a prompt, a menu or somebody's draft. */
export function resetAgent(
  actor: Actor,
  variables: Variables,
  agent: AgentSpec,
  act: { readonly verb: string; readonly task: string | null },
): Promise<SendOutcome> {
  const { own } = actor;
  const { here, log, identity } = own;
  const text = resetCommandOf(actor, agent);
  actor.tell("operator.reset.requested", agent.name, act);
  return sendMessage(
    {
      servers: tmuxServersOf(variables, { ...own, documents: log.documents() }, agent.name),
      acks: { directory: here.places.runDirectory, agent: agent.name, uid: here.account.uid },
      environment: toolEnvironment(variables),
      append: (events) => log.append({ source: "operator", events }).ok,
      ledger: function* () {
        const reader = openReader(here.places.database);
        try {
          const { tenantId, host } = identity;
          yield* reader.events({ tenantId, host, agent: agent.name, types: MESSAGE_EVENTS });
        } finally {
          reader.close();
        }
      },
      logId: log.logId,
      wallUs: () => Math.floor(own.clock.nowUs()),
      user: userName(here.account.uid),
      isKnown: true,
    },
    {
      agent: agent.name,
      message: newLogId(own.clock.nowUs()),
      isRepeatable: false,
      text,
      keepText: true,
      command: true,
      append: false,
      verify: true,
      until: "accepted",
      timeoutMs: TIMEOUT_MS,
      traceparent: null,
      // A shell would run the command, and another runtime take it for a message.
      meantFor: agent.runtime,
    },
  );
}

import type { AgentSpec } from "../../agents/fleet-spec.ts";
import { has, type Invocation } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { visible } from "../render/text.ts";
import type { Actor } from "./actor.ts";
import { orTellFailed, requireManager, stopAgent } from "./lifecycle.ts";

type Stopped = Pick<AgentSpec, "name" | "unit">;

/** Stops agents on purpose, all at once; says of each whether it is down. */
export async function stopAgents(
  actor: Actor,
  invocation: Invocation,
  request: { readonly verb: "agent stop" | "down"; readonly agents: readonly Stopped[] },
): Promise<{ readonly name: string; readonly problem: string | null }[]> {
  const { verb, agents } = request;
  // Nobody is said to be meant to go down where nothing can be asked to: who ended later would be called stopped.
  const names = agents.map(({ name }) => name);
  await orTellFailed(actor, { verb, names }, () => requireManager(actor, "stopped"));
  // Said before it is done: whoever sees the pane go knows that it was meant to.
  for (const { name, unit } of agents) actor.tell("operator.stop.requested", name, { verb, unit });
  const results = await Promise.all(
    agents.map(async (agent) => ({ name: agent.name, problem: await stopAgent(actor, agent) })),
  );
  for (const { name, problem } of results)
    if (problem !== null) actor.tell("operator.act.failed", name, { verb, reason: problem });
  if (!has(invocation, "json")) {
    for (const { name, problem } of results)
      invocation.output.print(problem === null ? `  ${name}  is down\n` : `! ${name}  ${visible(problem)}\n`);
  }
  return results;
}

export function stopDocument(
  actor: Actor,
  verb: "agent stop" | "down",
  results: readonly { readonly name: string; readonly problem: string | null }[],
  more: Readonly<Record<string, unknown>> = {},
): string {
  const { tenantId, host } = actor.own.identity;
  const agents = results.map(({ name, problem }) => ({ name, ok: problem === null, problem }));
  const schema = `fleet.${verb.replace(" ", "-")}.v1`;
  return `${JSON.stringify({ schema, tenant_id: tenantId, host, agents, ...more }, null, 2)}\n`;
}

export function exitOf(results: readonly { readonly problem: string | null }[]): number {
  return results.some(({ problem }) => problem !== null) ? EXIT.failed : EXIT.done;
}

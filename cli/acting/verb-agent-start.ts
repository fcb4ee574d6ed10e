import type { Invocation } from "../declaration.ts";
import { sayNoSuchAgent } from "../no-such-agent.ts";
import { namedAgents, openActor } from "./actor.ts";
import { startAgents } from "./start.ts";

/** `fleet agent start NAME...`: by its unit, and says how the start went. */
export function run(invocation: Invocation): Promise<number> {
  return startNamed(invocation, "agent start");
}

export async function startNamed(
  invocation: Invocation,
  verb: "agent start" | "agent restart",
): Promise<number> {
  const actor = openActor(invocation);
  try {
    const { agents, unknown } = namedAgents(actor.spec, invocation.arguments);
    const known = actor.spec.agents.map(({ name }) => name);
    if (unknown !== null) return sayNoSuchAgent(invocation.output, unknown, known);
    return await startAgents(actor, invocation, { verb, agents });
  } finally {
    actor.close();
  }
}

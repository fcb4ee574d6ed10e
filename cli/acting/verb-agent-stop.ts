import { has, type Invocation } from "../declaration.ts";
import { sayNoSuchAgent } from "../no-such-agent.ts";
import { namedAgents, openActor } from "./actor.ts";
import { exitOf, stopAgents, stopDocument } from "./stop.ts";

/** `fleet agent stop NAME...`: a stop on purpose; the row then reads `stopped`. */
export async function run(invocation: Invocation): Promise<number> {
  const actor = openActor(invocation);
  try {
    const { agents, unknown } = namedAgents(actor.spec, invocation.arguments);
    const known = actor.spec.agents.map(({ name }) => name);
    if (unknown !== null) return sayNoSuchAgent(invocation.output, unknown, known);
    const results = await stopAgents(actor, invocation, { verb: "agent stop", agents });
    if (has(invocation, "json")) invocation.output.print(stopDocument(actor, "agent stop", results));
    return exitOf(results);
  } finally {
    actor.close();
  }
}

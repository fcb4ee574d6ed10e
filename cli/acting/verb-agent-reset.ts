import { VERDICT_EXIT } from "../../agents/send/verdict.ts";
import { has, type Invocation, textOf } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { sayNoSuchAgent } from "../no-such-agent.ts";
import { visible } from "../render/text.ts";
import { namedAgents, openActor } from "./actor.ts";
import { refusePersona, resetAgent } from "./reset.ts";

/** `fleet agent reset NAME`: the runtime's reset command, typed and verified. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const actor = openActor(invocation);
  try {
    const { agents, unknown } = namedAgents(actor.spec, invocation.arguments);
    const [agent] = agents;
    const known = actor.spec.agents.map(({ name }) => name);
    if (unknown !== null || agent === undefined) return sayNoSuchAgent(output, unknown ?? "", known);
    if (!has(invocation, "force")) refusePersona(actor, agent);
    const task = textOf(invocation, "task") ?? null;
    const { verdict, elapsedMs } = await resetAgent(actor, environment, agent, { verb: "agent reset", task });
    const word = verdict?.verdict ?? "unverifiable";
    const because = verdict?.because ?? "it was not verified";
    if (word !== "accepted")
      actor.tell("operator.act.failed", agent.name, { verb: "agent reset", reason: because });
    if (has(invocation, "json")) {
      const { tenantId, host } = actor.own.identity;
      const head = { schema: "fleet.agent-reset.v1", tenant_id: tenantId, host, agent: agent.name, task };
      output.print(
        `${JSON.stringify({ ...head, verdict: word, because, elapsed_ms: elapsedMs }, null, 2)}\n`,
      );
    } else {
      const said = word === "accepted" ? "reset" : `not known to be reset (${word})`;
      output.print(`${visible(agent.name)}: ${said} after ${elapsedMs} ms: ${visible(because)}\n`);
    }
    return word === "accepted" ? EXIT.done : VERDICT_EXIT[word];
  } finally {
    actor.close();
  }
}

import { RECORDER_UNIT } from "../../agents/fleet-spec.ts";
import type { Invocation } from "../declaration.ts";
import { openActor } from "./actor.ts";
import { isRecorderOurs } from "./recorder-unit.ts";
import { startAgents } from "./start.ts";

/** `fleet up`: the tmux server, the recorder, and every agent that should always run. */
export async function run(invocation: Invocation): Promise<number> {
  const actor = openActor(invocation);
  try {
    const agents = actor.spec.agents.filter(({ lifecycle }) => lifecycle === "always");
    const recorder = (await isRecorderOurs(actor)) ? [RECORDER_UNIT] : [];
    const { holderSession, holderUnit } = actor.spec;
    actor.tell("operator.start.requested", holderSession, { verb: "up", unit: holderUnit });
    const besides = { session: holderSession, units: [holderUnit, ...recorder] };
    return await startAgents(actor, invocation, { verb: "up", agents, besides });
  } finally {
    actor.close();
  }
}

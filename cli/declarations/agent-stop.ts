import type { VerbDeclaration } from "../declaration.ts";
import { json, oneOrMoreAgents } from "./shared.ts";

export const agentStop: VerbDeclaration = {
  name: "agent stop",
  purpose: "act",
  summary: "stop agents, on purpose",
  description: [
    "Ends each agent and all that it started, and stays until it is down. The log says who asked, so the row reads `stopped`, not `dead`. No other agent is touched. What is enabled comes back at the next boot.",
  ],
  arguments: [{ ...oneOrMoreAgents, description: "the agents" }],
  options: [json],
  examples: [{ command: "fleet agent stop coder0", meaning: "stop one agent" }],
  exits: [[1, "it still runs"]],
  load: () => import("../verbs/agent-stop.ts"),
};

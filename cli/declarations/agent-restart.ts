import type { VerbDeclaration } from "../declaration.ts";
import { json, oneOrMoreAgents, startTimeout } from "./shared.ts";

export const agentRestart: VerbDeclaration = {
  name: "agent restart",
  purpose: "act",
  summary: "end agents and start them anew",
  description: [
    "Ends each agent and all that it started, starts it by its unit, and says how the start went, as `fleet agent start` does. No other agent is touched.",
  ],
  arguments: [{ ...oneOrMoreAgents, description: "the agents" }],
  options: [startTimeout, json],
  examples: [{ command: "fleet agent restart coder0", meaning: "a new life for one agent" }],
  exits: [[1, "it died at once, waits in a dialog, or its unit could not be started"]],
  load: () => import("../verbs/agent-restart.ts"),
};

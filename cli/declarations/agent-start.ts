import type { VerbDeclaration } from "../declaration.ts";
import { json, oneOrMoreAgents, startTimeout } from "./shared.ts";

export const agentStart: VerbDeclaration = {
  name: "agent start",
  purpose: "act",
  summary: "start agents, and say how the start went",
  description: [
    "Starts each agent by its unit and stays until it beats, is ready for input, dies, or waits in a first-run dialog (trust, login, theme). Of one that failed it shows the last lines of its pane, how it ended and what most likely lies behind it. It never answers a dialog. An agent that runs already is left alone.",
  ],
  arguments: [{ ...oneOrMoreAgents, description: "the agents" }],
  options: [
    startTimeout,
    {
      name: "task",
      value: { name: "ID", kind: "text" },
      description: "for this task: one that runs already and has reset_between_tasks is reset first",
    },
    json,
  ],
  examples: [
    { command: "fleet agent start coder0", meaning: "start one agent" },
    { command: "fleet agent start coder0 --task T-17", meaning: "ready for another task" },
  ],
  exits: [[1, "it died at once, waits in a dialog, or its unit could not be started"]],
  load: () => import("../verbs/agent-start.ts"),
};

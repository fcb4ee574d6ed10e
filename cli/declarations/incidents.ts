import type { VerbDeclaration } from "../declaration.ts";
import { aboutAWindow, agentName } from "./shared.ts";

export const incidents: VerbDeclaration = {
  name: "incidents",
  purpose: "remember",
  summary: "list what failed, each with its death certificate",
  description: [
    "One line for each time that an agent was unwell: how its pane's process ended, what its unit says, its last beat, the last message it was sent, who was attached, and whether the kernel ended it for want of memory. Those that share a cause (a reboot, the user manager, the tmux server) stand together under it.",
    "A death that nobody watched says between which moments it lies. What nobody saw begin or end is never given a time of its own.",
  ],
  arguments: [{ ...agentName, description: "only these agents" }],
  options: aboutAWindow,
  examples: [
    { command: "fleet incidents", meaning: "what failed in the last day, and of what" },
    { command: "fleet incidents coder0 --since 30d", meaning: "every failure of one agent" },
  ],
  load: () => import("../verbs/incidents.ts"),
};

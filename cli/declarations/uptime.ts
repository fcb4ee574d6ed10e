import type { VerbDeclaration } from "../declaration.ts";
import { aboutAWindow, agentName } from "./shared.ts";

export const uptime: VerbDeclaration = {
  name: "uptime",
  purpose: "remember",
  summary: "say how much of a time each agent was well, and how much nobody saw",
  description: [
    "For each agent, each class and all together: healthy, unhealthy, planned and unobserved time, which add up to the window exactly; how many outages, the mean time between them and to their end, the longest, and how long it waited for a human.",
    "Availability is quoted over observed time in which the agent should have run, with the unobserved share beside it: a fleet that nobody watched has no availability. Outages last until the agent is seen well, or wanted down; unobserved time neither ends nor lengthens them. Time counts to the class that the agent had then; with --class or --runtime only the time in which it was so is shown.",
  ],
  arguments: [{ ...agentName, description: "only these agents" }],
  options: aboutAWindow,
  examples: [
    { command: "fleet uptime", meaning: "the last day" },
    { command: "fleet uptime coder0 --since 30d", meaning: "one agent, a month" },
    {
      command: "fleet uptime --since 2026-06-01 --until 2026-07-01 --json | jq .total.availability",
      meaning: "a month for a report",
    },
  ],
  load: () => import("../verbs/uptime.ts"),
};

import type { VerbDeclaration } from "../declaration.ts";
import { aboutAWindow, agentName } from "./shared.ts";

export const history: VerbDeclaration = {
  name: "history",
  purpose: "remember",
  summary: "tell the story of a day: who was what, when, for how long",
  description: [
    "The statuses of each agent in the window (a day, unless --since says otherwise), who attached and what was sent, reboots, and the time in which nobody recorded, in order of time. An agent at work turns busy and healthy again with each task: such a run is one line, unless --all is given.",
    "With --timeline it is one bar for each agent across the terminal; each cell shows the worst of its time, so that nothing bad is too short to be seen. --csv and --json are exact to the microsecond and leave no hole.",
    "--class and --runtime find whoever was declared so at any time of the window, and say of whom they tell more than that.",
  ],
  arguments: [{ ...agentName, description: "only these agents" }],
  options: [
    { name: "timeline", short: "t", description: "one bar for each agent, with a legend" },
    { name: "all", short: "a", description: "every change, also between busy and healthy" },
    { name: "csv", description: "print CSV: one line for each stay in a status" },
    ...aboutAWindow,
  ],
  examples: [
    { command: "fleet history coder0", meaning: "the last day of coder0" },
    { command: "fleet history --timeline --since 'yesterday 18:00'", meaning: "the night at one glance" },
    { command: "fleet history --csv --since 30d > month.csv", meaning: "for a spreadsheet" },
  ],
  load: () => import("../verbs/history.ts"),
};

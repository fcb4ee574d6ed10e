import type { VerbDeclaration } from "../declaration.ts";
import { agentName } from "./shared.ts";

export const watch: VerbDeclaration = {
  name: "watch",
  also: ["agent watch"],
  purpose: "look",
  summary: "see agents' screens live, without touching them",
  description: [
    "The screen of an agent's pane, redrawn when it changes, in its colours. The agent notices nothing: no byte is typed, no signal sent, its window keeps its size, and no client is attached, also when this command is killed. What the agent shows cannot act on your terminal.",
    "Keys: q ends; up, down, page up, page down, g, G scroll through the history; left, right move over a screen that is wider; with several agents tab moves on and z shows one of them alone.",
  ],
  arguments: [{ ...agentName, description: "the agents; several are shown side by side" }],
  options: [
    { name: "all", description: "every agent that runs" },
    { name: "json", description: "instead of drawing, print each new screen as a JSON object on a line" },
  ],
  examples: [
    { command: "fleet watch coder0", meaning: "look over its shoulder" },
    { command: "fleet watch --all", meaning: "all of them at once" },
    { command: "fleet watch coder0 --json | head -1", meaning: "its screen now, for a script" },
  ],
  load: () => import("../verbs/watch.ts"),
};

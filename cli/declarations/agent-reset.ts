import type { VerbDeclaration } from "../declaration.ts";
import { agentName, json } from "./shared.ts";

export const agentReset: VerbDeclaration = {
  name: "agent reset",
  purpose: "act",
  summary: "empty an agent's context by its runtime's own command",
  description: [
    "Types the runtime's reset command (`reset_command` in the roster; /clear for Claude Code, /new for the others) and says whether it was taken. It is sent with all the care of `fleet send --verify`: never into a prompt, a menu, a dialog or somebody's draft. An agent with a persistent persona is refused without --force.",
  ],
  arguments: [{ ...agentName, required: true, variadic: false, description: "the agent" }],
  options: [
    { name: "force", short: "f", description: "also one with a persistent persona" },
    {
      name: "task",
      value: { name: "ID", kind: "text" },
      description: "for which task; kept in the log",
    },
    json,
  ],
  examples: [{ command: "fleet agent reset coder0", meaning: "before another task" }],
  exits: [
    [10, "the command stands in the input row as a draft"],
    [11, "whether it was taken cannot be proven"],
    [12, "refused: dead, missing, in copy mode, a prompt or a draft waits"],
  ],
  load: () => import("../verbs/agent-reset.ts"),
};

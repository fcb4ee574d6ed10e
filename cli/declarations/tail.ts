import type { VerbDeclaration } from "../declaration.ts";

export const tail: VerbDeclaration = {
  name: "tail",
  also: ["agent tail"],
  purpose: "look",
  summary: "print the last lines of an agent's pane",
  description: [
    "The last lines that the agent wrote, history included, as plain text; lines that its terminal wrapped are joined. With --follow also the lines that come, when they are complete. Of a program that draws on the whole screen (a TUI) the lines that appear are printed once each; `fleet watch` shows it as it is. Like watch it changes nothing.",
  ],
  arguments: [
    { name: "NAME", required: true, variadic: false, description: "the agent", completion: "agents" },
  ],
  options: [
    {
      name: "lines",
      short: "n",
      value: { name: "COUNT", kind: "count" },
      description: "so many lines (20)",
    },
    { name: "follow", short: "f", description: "then print new lines as they come (Ctrl-C ends)" },
    { name: "json", description: "print one JSON object per line" },
  ],
  examples: [
    { command: "fleet tail coder0 -n 100", meaning: "what it said last" },
    { command: "fleet tail coder0 -f | grep -i error", meaning: "wait for trouble" },
  ],
  load: () => import("../verbs/tail.ts"),
};

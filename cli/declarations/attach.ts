import type { VerbDeclaration } from "../declaration.ts";

export const attach: VerbDeclaration = {
  name: "attach",
  also: ["agent attach"],
  purpose: "act",
  summary: "join your terminal to an agent's pane; you can type",
  description: [
    "An ordinary tmux client on the agent's session: what you type goes to the agent. Ctrl-B D leaves. That you came and went is in the log. To look only, use `fleet watch`, which cannot type.",
    "The agent's window keeps its own size, so that nothing is redrawn because of you; a smaller terminal shows the part around the cursor. With --resize it takes your terminal's size while you are there, and gets its own back afterwards.",
  ],
  arguments: [
    { name: "NAME", required: true, variadic: false, description: "the agent", completion: "agents" },
  ],
  options: [
    { name: "resize", description: "give the window your terminal's size for as long as you are there" },
    { name: "json", description: "when you have left, print what was recorded as a JSON object" },
  ],
  examples: [{ command: "fleet attach coder0", meaning: "answer its permission prompt" }],
  load: () => import("../verbs/attach.ts"),
};

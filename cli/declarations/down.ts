import type { VerbDeclaration } from "../declaration.ts";
import { json } from "./shared.ts";

export const down: VerbDeclaration = {
  name: "down",
  purpose: "set up",
  summary: "stop every agent, the tmux server and the recorder, on purpose",
  description: [
    "Ends every agent on the roster, then the tmux server, then the recorder, and takes our hooks from other tmux servers. Rows then read `stopped`, not `dead`. What is enabled comes back by `fleet up`, or at the next boot.",
  ],
  arguments: [],
  options: [json],
  examples: [{ command: "fleet down", meaning: "before maintenance" }],
  exits: [[1, "something of it still runs"]],
  load: () => import("../verbs/down.ts"),
};

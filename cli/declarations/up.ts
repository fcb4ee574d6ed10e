import type { VerbDeclaration } from "../declaration.ts";
import { json, startTimeout } from "./shared.ts";

export const up: VerbDeclaration = {
  name: "up",
  purpose: "set up",
  summary: "start the tmux server, the recorder and every agent",
  description: [
    "Starts what the roster says should always run (an ephemeral worker is started by `fleet agent start`), waits until it is known how each start went, and says so. What runs already is left alone.",
  ],
  arguments: [],
  options: [startTimeout, json],
  examples: [{ command: "fleet up", meaning: "everything that should run, runs" }],
  exits: [[1, "an agent died at once, or waits in a first-run dialog"]],
  load: () => import("../verbs/up.ts"),
};

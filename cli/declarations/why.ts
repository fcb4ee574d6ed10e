import type { VerbDeclaration } from "../declaration.ts";
import { asRecorded, at, json, noCollect, ofHost, ofTenant } from "./shared.ts";

export const why: VerbDeclaration = {
  name: "why",
  purpose: "look",
  summary: "show the evidence behind one row of ps",
  description: [
    "The verdict in plain words: each rung of the ladder from the top down to the one that holds, and why. Then each cell of the row with its age, its source, and the events in the log that it rests on (#1234 is an event's place in the log).",
  ],
  arguments: [
    { name: "NAME", required: true, variadic: false, description: "the agent", completion: "agents" },
  ],
  options: [at, asRecorded, ofTenant, ofHost, noCollect, json],
  examples: [
    { command: "fleet why coder0", meaning: "why does ps say what it says of coder0" },
    { command: "fleet why coder0 --at 'yesterday 22:31'", meaning: "why it was so last night" },
  ],
  load: () => import("../verbs/why.ts"),
};

import type { VerbDeclaration } from "../declaration.ts";
import { json, ofAgent, since } from "./shared.ts";

const needed = { ...since, description: "from this moment on (default: one day ago)" };

export const rulesCheck: VerbDeclaration = {
  name: "rules check",
  purpose: "keep",
  summary: "show which past verdicts the newest rules would change",
  description: [
    "What was so is judged by the rules that were in force at its time, so that an update changes no answer about the past. This shows, stretch by stretch, where the newest rules of this fleet would say something else; nothing is changed.",
  ],
  arguments: [],
  options: [needed, ofAgent, json],
  examples: [{ command: "fleet rules check --since 30d", meaning: "what an update would say of a month" }],
  exits: [[1, "some verdicts would change"]],
  load: () => import("../verbs/rules-check.ts"),
};

export const rulesAdopt: VerbDeclaration = {
  name: "rules adopt",
  purpose: "keep",
  summary: "let the newest rules judge the past too, from a moment on",
  description: [
    "Appends `rules.adopted` to the log: from --since on, every answer about the past is judged by the newest rules. What they would change is shown by `fleet rules check` first. Nothing is lost: the events stay, and other rules can be adopted again.",
  ],
  arguments: [],
  options: [{ ...since, description: "from this moment on; has to be said" }, json],
  examples: [
    { command: "fleet rules adopt --since 2026-06-01", meaning: "June is judged by the newest rules" },
  ],
  load: () => import("../verbs/rules-adopt.ts"),
};

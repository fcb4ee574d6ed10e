import type { VerbDeclaration } from "../declaration.ts";
import { at, json, ofAgent, ofClass, ofHost, ofRuntime, ofTenant } from "./shared.ts";

export const diff: VerbDeclaration = {
  name: "diff",
  purpose: "remember",
  summary: "say what changed between two moments",
  description: [
    "The differences between the table at T1 and the table at T2: who came and went, and every cell that says something else. One who is the same at both, and was something else in between, is named too. Ages and times of observation are no differences.",
  ],
  arguments: [
    { name: "T1", required: true, variadic: false, description: "the first moment" },
    {
      name: "T2",
      required: false,
      variadic: false,
      description: "the second moment (default: now, or --at)",
    },
  ],
  options: [
    { name: "all", short: "a", description: "also sessions that no roster names" },
    at,
    ofAgent,
    ofClass,
    ofRuntime,
    ofTenant,
    ofHost,
    json,
  ],
  examples: [
    { command: "fleet diff 'yesterday 18:00'", meaning: "what is different since last evening" },
    { command: "fleet diff '#1200' '#1300'", meaning: "around two events" },
  ],
  load: () => import("../verbs/diff.ts"),
};

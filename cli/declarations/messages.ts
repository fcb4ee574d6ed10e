import type { VerbDeclaration } from "../declaration.ts";
import { agentName, json, ofHost, ofTenant } from "./shared.ts";

export const messages: VerbDeclaration = {
  name: "messages",
  purpose: "look",
  summary: "the ledger of messages: what was sent to whom, and what became of it",
  description: [
    "The newest 50 messages, oldest first, or all since --since. Of each what is known by now: the verdict of `fleet send`, by which proof, and whether it was taken up, withdrawn or answered since. `requested`, `typed` and `submitted` are messages whose sender ended without a verdict, or is at work.",
  ],
  arguments: [{ ...agentName, description: "only messages to these agents" }],
  options: [
    {
      name: "since",
      value: { name: "TIME", kind: "time" },
      description: "asked for at or after this moment",
    },
    {
      name: "at",
      value: { name: "TIME", kind: "time" },
      description: "as the ledger stood at this moment: what came later does not count",
    },
    {
      name: "limit",
      short: "n",
      value: { name: "COUNT", kind: "count" },
      description: "at most this many, the newest",
    },
    { ...ofTenant, description: "only messages of this tenant" },
    { ...ofHost, description: "only messages of this host" },
    json,
  ],
  examples: [
    { command: "fleet messages coder0", meaning: "what coder0 was sent" },
    { command: "fleet messages --since 2h --json", meaning: "for a script" },
    { command: "fleet messages --at 'yesterday 14:00'", meaning: "what was known then" },
  ],
  load: () => import("../verbs/messages.ts"),
};

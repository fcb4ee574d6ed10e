import type { VerbDeclaration } from "../declaration.ts";
import { json } from "./shared.ts";

export const verify: VerbDeclaration = {
  name: "verify",
  purpose: "keep",
  summary: "check that the log is whole, and name the first bad event",
  description: [
    "Reads every event, checks that none is missing and that each is readable, and computes the chain of digests again that was written with them. An event that was changed, removed, added or moved is found, and the first one is named. Changes nothing; the recorder may go on.",
    "Who can write the file can also write the chain anew from some event on. That is found by --expect, with a digest that was printed earlier and kept elsewhere.",
  ],
  arguments: [],
  options: [
    {
      name: "expect",
      value: { name: "SEQ:DIGEST", kind: "text" },
      description: "an earlier verify ended at this event with this digest",
    },
    json,
  ],
  examples: [
    { command: "fleet verify", meaning: "after a crash of the host, or before a backup is trusted" },
    {
      command: "fleet verify --json | jq -r '\"\\(.last_seq):\\(.digest)\"'",
      meaning: "what to keep elsewhere, for --expect",
    },
  ],
  exits: [[1, "damaged: the first bad event is named"]],
  load: () => import("../verbs/verify.ts"),
};

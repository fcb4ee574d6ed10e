import type { VerbDeclaration } from "../declaration.ts";
import { json } from "./shared.ts";

export const send: VerbDeclaration = {
  name: "send",
  also: ["agent send"],
  purpose: "act",
  summary: "type a message into an agent's pane, and prove that it holds it",
  description: [
    "The text is pasted as it is, and Enter follows once the text was read and stands in the input row. Without --verify that is the end of it. With --verify the verdict is what was seen: accepted (the runtime holds it: its own acknowledgement, or every byte read and the text gone from its input row), draft (it still stands in the input row), unverifiable (no proof either way) or refused (Enter was not typed, because of the pane, a prompt that an Enter would answer, or something half typed).",
    "An OpenCode whose port is open is given the message by its own server instead, under an id of ours: accepted means that the server holds it. Nothing is typed, and nothing half typed is touched. What cannot be given surely is typed, and it is said why.",
    "Accepted with `queued` means behind a running turn: a person can still take it back. --until follows it further.",
    "Every message is in the ledger (`fleet messages`), its text only with --keep-text. With --id asking again never sends twice: it tells what became of the message.",
  ],
  arguments: [
    { name: "NAME", required: true, variadic: false, description: "the agent", completion: "agents" },
    {
      name: "TEXT",
      required: false,
      variadic: false,
      description: "the message; - reads it from standard input",
    },
  ],
  options: [
    {
      name: "file",
      short: "f",
      value: { name: "FILE", kind: "text" },
      description: "read the message from a file",
    },
    { name: "verify", description: "wait for the verdict, and leave with its code" },
    {
      name: "until",
      value: { name: "STATE", kind: "choice", choices: ["accepted", "taken-up", "answered"] },
      description: "with --verify: also wait until its turn has begun, or has ended",
    },
    {
      name: "timeout",
      value: { name: "MS", kind: "count" },
      description: "milliseconds for all of it (6000)",
    },
    {
      name: "id",
      value: { name: "ID", kind: "text" },
      description: "the message's id, so that asking again does not send again",
    },
    {
      name: "command",
      description: "it is a command of the runtime (/clear): put no blank before a leading / or !",
    },
    { name: "append", description: "type behind what already stands in the input row" },
    { name: "strip-controls", description: "take out control characters instead of refusing them" },
    { name: "keep-text", description: "keep the text in the log, not only its digest and size" },
    {
      name: "traceparent",
      value: { name: "CONTEXT", kind: "text" },
      description: "W3C trace context to hang the message's span on (TRACEPARENT)",
    },
    { ...json, description: "print one JSON object" },
  ],
  examples: [
    { command: 'fleet send coder0 --verify "please run the tests"', meaning: "and know that it arrived" },
    { command: "fleet send coder0 --verify --file task.md --id task-42", meaning: "safe to run again" },
    {
      command: "git diff | fleet send reviewer - --verify --until answered --timeout 600000",
      meaning: "wait for the end of the turn",
    },
  ],
  exits: [
    [10, "draft: it stands in the input row and was not sent"],
    [11, "unverifiable: no proof either way, or --until was not reached in time"],
    [12, "refused: Enter was not typed"],
  ],
  load: () => import("../verbs/send.ts"),
};

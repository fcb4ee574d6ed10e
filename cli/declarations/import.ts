import type { VerbDeclaration } from "../declaration.ts";
import { json } from "./shared.ts";

export const importVerb: VerbDeclaration = {
  name: "import",
  purpose: "keep",
  summary: "fill an empty log with what fleet export wrote",
  description: [
    "Takes in the NDJSON of `fleet export`, from a file or from standard input (-), and folds it. Every clock, every name and where each event was first written is kept, types and versions that this fleet does not know too; the new log's own export is byte for byte what was imported.",
    "The log must be empty (FLEET_STATE chooses it). All lines are taken in or none: a bad one is named by its number. Events of the log that the file does not hold, because they were filtered or lost, are counted and told, not refused.",
  ],
  arguments: [
    { name: "FILE", required: true, variadic: false, description: "the file, or - for standard input" },
  ],
  options: [json],
  examples: [
    { command: "FLEET_STATE=/tmp/look fleet import fleet.ndjson", meaning: "look into another host's past" },
    {
      command: "ssh W-jarvis fleet export | FLEET_STATE=/tmp/look fleet import -",
      meaning: "the same without a file between",
    },
  ],
  load: () => import("../verbs/import.ts"),
};

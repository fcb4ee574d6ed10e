import type { VerbDeclaration } from "../declaration.ts";
import { json } from "./shared.ts";

export const archive: VerbDeclaration = {
  name: "archive",
  purpose: "keep",
  summary: "move closed months of the log into compressed files beside it",
  description: [
    "Months of the log's clock (UTC) that ended before the given moment move into files under archive/ in the state directory, at a tenth of their size or less. Every reading verb goes on to see them. Without --before nothing is done: say what is to be moved, or --list what was.",
    "Each file is read back and held against the chain of digests before the database lets go of what it covers. A recorder goes on recording meanwhile; killed at any moment, nothing is lost and nothing is doubled. From then on a backup of the log is the database and the files.",
  ],
  arguments: [],
  options: [
    {
      name: "before",
      value: { name: "TIME", kind: "time" },
      description: "months that had ended by then; the current one stays in any case",
    },
    { name: "dry-run", description: "only say what would be moved" },
    { name: "list", description: "list the files, with what they hold" },
    json,
  ],
  examples: [
    { command: "fleet archive --before 60d", meaning: "keep two months at hand, the rest compressed" },
    { command: "fleet archive --before now --dry-run", meaning: "what could be moved" },
    { command: "fleet archive --list", meaning: "what was" },
  ],
  load: () => import("../verbs/archive.ts"),
};

import type { VerbDeclaration } from "../declaration.ts";
import { json } from "./shared.ts";

export const rebuild: VerbDeclaration = {
  name: "rebuild",
  purpose: "keep",
  summary: "fold the log anew into everything that is read from it",
  description: [
    "Drops every projection and folds it again from the events. The result is the same, unless a projection was damaged or made by another version. Events are never touched, and the recorder may go on.",
  ],
  arguments: [],
  options: [json],
  examples: [{ command: "fleet rebuild", meaning: "when ps looks wrong and the log is right" }],
  load: () => import("../verbs/rebuild.ts"),
};

import type { VerbDeclaration } from "../declaration.ts";
import { json } from "./shared.ts";

export const doctor: VerbDeclaration = {
  name: "doctor",
  purpose: "set up",
  summary: "check the setup and say what to run",
  description: [
    "Looks at everything fleet needs on this host (Node, tmux, systemd, the journal, lingering, directories, the roster, the log, the recorder) and says for each what is wrong and what to do about it. Changes nothing.",
  ],
  arguments: [],
  options: [json],
  examples: [{ command: "fleet doctor", meaning: "what is wrong, and what to run" }],
  exits: [[1, "something must be repaired"]],
  load: () => import("../verbs/doctor.ts"),
};

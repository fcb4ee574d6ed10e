import type { VerbDeclaration } from "../declaration.ts";
import { json } from "./shared.ts";

export const doctor: VerbDeclaration = {
  name: "doctor",
  purpose: "set up",
  summary: "check the setup and say what to run",
  description: [
    "Looks at everything fleet needs on this host (Node, tmux, systemd, the journal, lingering, directories, the roster, the programs of the runtimes, their hooks, the log, the recorder, the clock) and says for each what is wrong and what to do about it. Changes nothing.",
    "With --boot: which agents would not come back if this host rebooted now, and why. The answer is kept in the log whenever it changes, and compared with what came back after a reboot.",
  ],
  arguments: [],
  options: [{ name: "boot", description: "who would not come back after a reboot, and why" }, json],
  examples: [
    { command: "fleet doctor", meaning: "what is wrong, and what to run" },
    { command: "fleet doctor --boot", meaning: "before maintenance" },
  ],
  exits: [[1, "something must be repaired; with --boot: somebody would not come back, or nobody can say"]],
  load: () => import("../verbs/doctor.ts"),
};

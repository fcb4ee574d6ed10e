import { PROFILES } from "../../agents/profiles.ts";
import type { VerbDeclaration } from "../declaration.ts";
import { json } from "./shared.ts";

export const init: VerbDeclaration = {
  name: "init",
  purpose: "set up",
  summary: "write roster, units and environment files; start the recorder",
  description: [
    "Sets a fleet up: the roster of a profile, the systemd user units (agents, tmux server, recorder), an environment file for each agent; makes them start at boot, lets the fleet outlive your login, and starts the recorder. `fleet up` then starts the agents.",
    "Run it again after a change of the roster: it writes what follows from it, and nothing that was edited by hand. A unit of another launcher's is a conflict; nothing is changed then.",
  ],
  arguments: [],
  options: [
    {
      name: "profile",
      value: { name: "PROFILE", kind: "choice", choices: PROFILES },
      description: "the roster to begin with; one that was edited by hand is kept",
    },
    { name: "dry-run", short: "n", description: "show every file and command, and change nothing" },
    {
      name: "force",
      short: "f",
      description: "also write over what was edited by hand; it is kept as FILE.saved",
    },
    json,
  ],
  examples: [
    { command: "fleet init --profile coding --dry-run", meaning: "what would be written and run" },
    { command: "fleet init --profile coding", meaning: "set it up" },
    { command: "fleet init", meaning: "after the roster was edited" },
  ],
  load: () => import("../verbs/init.ts"),
};

import type { ArgumentDeclaration, OptionDeclaration, VerbDeclaration } from "../declaration.ts";
import { json } from "./shared.ts";

const runtimes: ArgumentDeclaration = {
  name: "RUNTIME",
  required: false,
  variadic: true,
  description: "claude, codex, opencode or pi",
  completion: { choices: ["claude", "codex", "opencode", "pi"] },
};
const dryRun: OptionDeclaration = {
  name: "dry-run",
  description: "show which files would change, and change none",
};

export const hooksInstall: VerbDeclaration = {
  name: "hooks install",
  purpose: "set up",
  summary: "make a runtime tell what it does: heartbeats, and which messages it took",
  description: [
    "Adds hooks to the configuration of the runtime, for this user. What is there stays as it is, a status line of your own is chained, and a copy of the file is kept beside it. Doing it again changes nothing; `fleet hooks remove` takes out exactly what was added. Agents that run already see it when they start again (Claude Code at once).",
    "Outside of a fleet (no MOSAIC_AGENT_NAME) the hooks do nothing. They print nothing, fail nothing, and make nobody wait.",
    "Codex asks once whether it may trust its new hooks; until somebody has said yes in its dialog, it passes over them.",
  ],
  arguments: [{ ...runtimes, required: true }],
  options: [dryRun, json],
  examples: [
    { command: "fleet hooks install claude pi", meaning: "for two runtimes" },
    { command: "fleet hooks install codex --dry-run", meaning: "what would change" },
  ],
  load: () => import("../verbs/hooks-install.ts"),
};

export const hooksCheck: VerbDeclaration = {
  name: "hooks check",
  purpose: "set up",
  summary: "say which runtimes tell what they do",
  description: [
    "For each runtime: installed, outdated (another version of fleet put it there), partly (somebody took some of it out), untrusted (Codex passes over its hooks until somebody has trusted them in its dialog) or absent. Leaves with 1 unless all that were asked about are installed.",
  ],
  arguments: [runtimes],
  options: [json],
  examples: [{ command: "fleet hooks check", meaning: "all four runtimes" }],
  exits: [[1, "one of them is not installed"]],
  load: () => import("../verbs/hooks-check.ts"),
};

export const hooksRemove: VerbDeclaration = {
  name: "hooks remove",
  purpose: "set up",
  summary: "take out what `hooks install` has added",
  description: [
    "Takes out what was added and nothing else; where the file was not changed since, it is byte for byte what it was before.",
  ],
  arguments: [{ ...runtimes, required: true }],
  options: [dryRun, json],
  examples: [{ command: "fleet hooks remove claude", meaning: "for one runtime" }],
  load: () => import("../verbs/hooks-remove.ts"),
};

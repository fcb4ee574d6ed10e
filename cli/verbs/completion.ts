import { FleetError } from "../../store/errors.ts";
import { bashCompletion } from "../completion/bash.ts";
import { fishCompletion } from "../completion/fish.ts";
import { plainNames } from "../completion/shell-words.ts";
import { zshCompletion } from "../completion/zsh.ts";
import { has, type Invocation } from "../declaration.ts";
import { openExistingLog } from "../existing-log.ts";
import { EXIT } from "../exit.ts";
import { lookAround } from "../here.ts";
import { groups, verbs } from "../verbs.ts";

/** `fleet completion SHELL`: a script; with `--agents` (which the scripts ask for) the names of agents. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  if (has(invocation, "agents")) {
    for (const name of plainNames(agentNames(environment))) output.print(`${name}\n`);
    return EXIT.done;
  }
  const [shell] = invocation.arguments;
  const scripts: Record<string, (all: typeof verbs, words: typeof groups) => string> = {
    bash: bashCompletion,
    zsh: zshCompletion,
    fish: fishCompletion,
  };
  const script = shell === undefined ? undefined : scripts[shell];
  if (script === undefined) {
    const said =
      shell === undefined ? "which shell is missing" : `there is no completion for ${JSON.stringify(shell)}`;
    throw new FleetError("usage", said, { hint: "Run: fleet completion bash (or zsh, or fish)." });
  }
  output.print(script(verbs, groups));
  return EXIT.done;
}

/** Rostered names and live sessions, from the log as it is: a completion must not look around. */
function agentNames(environment: Invocation["environment"]): string[] {
  const reader = openExistingLog(lookAround(environment));
  if (reader === null) return [];
  try {
    const documents = reader.documents(reader.identity());
    const rostered = [...documents.list("roster")].map(([id]) => id);
    const sessions = [...documents.list("pane")].map(([, pane]) =>
      String((pane as { name?: unknown }).name ?? ""),
    );
    return [...rostered, ...sessions];
  } finally {
    reader.close();
  }
}

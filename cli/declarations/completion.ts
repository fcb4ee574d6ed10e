import type { VerbDeclaration } from "../declaration.ts";

export const completion: VerbDeclaration = {
  name: "completion",
  purpose: "set up",
  summary: "print the completion script of a shell",
  description: [
    "Completes verbs, options and the names of agents. Print it where your shell looks for such scripts.",
  ],
  arguments: [
    {
      name: "SHELL",
      required: false,
      variadic: false,
      description: "bash, zsh or fish",
      completion: { choices: ["bash", "zsh", "fish"] },
    },
  ],
  options: [{ name: "agents", description: "print the names of agents, one a line", hidden: true }],
  examples: [
    {
      command: "fleet completion bash > ~/.local/share/bash-completion/completions/fleet",
      meaning: "bash",
    },
    { command: "fleet completion zsh > ~/.zsh/completions/_fleet", meaning: "zsh" },
    { command: "fleet completion fish > ~/.config/fish/completions/fleet.fish", meaning: "fish" },
  ],
  load: () => import("../verbs/completion.ts"),
};

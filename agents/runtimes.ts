/** What is known of launching one runtime: facts, measured on the version that is named. */
export interface RuntimeLaunch {
  readonly measured: string;
  readonly command: readonly string[];
  /** Follows the command where the roster gives a `model_hint`; `{model}` is replaced by it. */
  readonly withModel: readonly string[];
  /** What empties its context, typed into its input row. */
  readonly resetCommand: string;
  /** Without this word the runtime is not what the roster takes it for. */
  readonly required: { readonly word: string; readonly otherwise: string } | null;
  /** The lowest Node that runs it, where it is run by one. */
  readonly node: { readonly major: number; readonly otherwise: string } | null;
}

export const runtimeLaunches: Readonly<Record<string, RuntimeLaunch>> = {
  claude: {
    measured: "Claude Code 2.1.329",
    command: ["claude"],
    withModel: ["--model", "{model}"],
    resetCommand: "/clear",
    required: null,
    node: {
      major: 22,
      otherwise: "under an older Node npm silently installs an old version of it, which behaves differently",
    },
  },
  codex: {
    measured: "Codex 0.169.0",
    command: ["codex", "--no-daemon"],
    withModel: ["--model", "{model}"],
    resetCommand: "/new",
    required: {
      word: "--no-daemon",
      otherwise:
        "it then runs in a background daemon that all agents share, with the first one's name and environment",
    },
    node: null,
  },
  opencode: {
    measured: "OpenCode 1.18.33",
    command: ["opencode"],
    withModel: ["--model", "{model}"],
    resetCommand: "/new",
    required: null,
    node: null,
  },
  pi: {
    measured: "pi 0.87.1, by the launcher's own recipe",
    command: ["mosaic", "yolo", "pi"],
    withModel: ["--model", "{model}"],
    resetCommand: "/new",
    required: null,
    node: null,
  },
};

/** The command of an agent whose roster entry gives none: the runtime's template, else a program of the runtime's own name. */
export function commandOf(runtime: string, modelHint: string | null): string[] {
  const known = Object.hasOwn(runtimeLaunches, runtime) ? runtimeLaunches[runtime] : undefined;
  if (known === undefined) return [runtime];
  const model = modelHint === null ? [] : known.withModel.map((word) => word.replace("{model}", modelHint));
  return [...known.command, ...model];
}

/** What will go wrong with this command of this runtime, in words; null where nothing is known. */
export function launchProblem(runtime: string, command: readonly string[]): string | null {
  const required = Object.hasOwn(runtimeLaunches, runtime) ? runtimeLaunches[runtime]?.required : null;
  if (!required || command.includes(required.word)) return null;
  return `its command lacks ${required.word}: ${required.otherwise}`;
}

/** Programs that run another program's text: what matters is the script, not them. */
const INTERPRETER = /^(?:node|nodejs|bun|deno|python[\d.]*|pypy[\d.]*|ruby[\d.]*|perl[\d.]*|php[\d.]*)$/;
const SHELL = /^(?:sh|bash|rbash|dash|ash|ksh\d*|mksh|zsh|fish)$/;

export function isShell(name: string): boolean {
  return SHELL.test(name);
}

export function isInterpreter(name: string): boolean {
  return INTERPRETER.test(name) || isShell(name);
}

/**
 * The script that an interpreter was started with, by its arguments (without argv[0]): a path, or a module's name. Null
 * where there is none: a prompt, text from `-c` or `-e` (which may hold anything, secrets too, and is never looked at), stdin.
 */
export function scriptOf(interpreter: string, args: readonly string[]): string | null {
  if (isShell(interpreter)) return firstOperand(args, SHELL_OPTIONS);
  if (/^(?:python|pypy)/.test(interpreter)) return firstOperand(args, PYTHON_OPTIONS);
  if (interpreter === "deno") return firstOperand(afterVerb(args, DENO_VERBS), DENO_OPTIONS);
  if (interpreter === "bun") return firstOperand(afterVerb(args, BUN_VERBS), NODE_OPTIONS);
  if (interpreter.startsWith("node")) return firstOperand(args, NODE_OPTIONS);
  return firstOperand(args, OTHER_OPTIONS);
}

interface Options {
  /** Single letters whose value is the rest of the word or the next word. */
  readonly valued: string;
  /** Single letters after which inline text follows: there is no script. */
  readonly inline: string;
  /** A single letter whose value is the script itself (`python3 -m NAME`). */
  readonly module?: string;
  /** Long options whose value is the next word, unless it is attached by `=`. */
  readonly longValued: readonly string[];
  readonly longInline: readonly string[];
  /** Letters may be joined (`-lc`), as in shells and python; else `-require` is one word. */
  readonly joined: boolean;
}

const SHELL_OPTIONS: Options = {
  valued: "oO",
  inline: "cs",
  longValued: ["--rcfile", "--init-file", "--init-command"],
  longInline: ["--command"],
  joined: true,
};
const PYTHON_OPTIONS: Options = {
  valued: "WXQ",
  inline: "c",
  module: "m",
  longValued: ["--check-hash-based-pycs"],
  longInline: [],
  joined: true,
};
const NODE_OPTIONS: Options = {
  valued: "rC",
  inline: "ep",
  longValued: [
    "--require",
    "--import",
    "--loader",
    "--experimental-loader",
    "--conditions",
    "--env-file",
    "--env-file-if-exists",
    "--input-type",
    "--title",
    "--preload",
    "--cwd",
    "--icu-data-dir",
    "--openssl-config",
    "--watch-path",
  ],
  longInline: ["--eval", "--print"],
  joined: false,
};
const DENO_OPTIONS: Options = {
  valued: "cL",
  inline: "",
  longValued: ["--config", "--import-map", "--lock", "--log-level", "--seed", "--location", "--cert"],
  longInline: [],
  joined: false,
};
const OTHER_OPTIONS: Options = {
  valued: "IrCdF",
  inline: "eE",
  longValued: [],
  longInline: [],
  joined: true,
};

const DENO_VERBS = ["run", "serve"];
const BUN_VERBS = ["run", "x", "exec"];

/** `bun run FILE`: options may stand before the verb as well. */
function afterVerb(args: readonly string[], verbs: readonly string[]): readonly string[] {
  const at = args.findIndex((word) => !word.startsWith("-"));
  return at !== -1 && verbs.includes(args[at] ?? "") ? [...args.slice(0, at), ...args.slice(at + 1)] : args;
}

function firstOperand(args: readonly string[], options: Options): string | null {
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] as string;
    if (word === "--") return args[at + 1] || null;
    // Arguments that a program has wiped out, and standard input.
    if (word === "" || word === "-") return null;
    if (word.startsWith("+")) {
      // `bash +o posix`
      if (word.endsWith("o") || word.endsWith("O")) at += 1;
      continue;
    }
    if (!word.startsWith("-")) return word;
    if (word.startsWith("--")) {
      const [name = word, attached] = word.split("=", 2);
      if (options.longInline.includes(name)) return null;
      if (options.longValued.includes(name) && attached === undefined) at += 1;
      continue;
    }
    const found = shortOption(word.slice(1), args[at + 1], options);
    if (found.ends) return found.script;
    if (found.takesNext) at += 1;
  }
  return null;
}

type Short =
  | { readonly ends: true; readonly script: string | null }
  | { readonly ends: false; readonly takesNext: boolean };

function shortOption(letters: string, next: string | undefined, options: Options): Short {
  const length = options.joined ? letters.length : 1;
  for (let at = 0; at < length; at += 1) {
    const letter = letters.charAt(at);
    const rest = options.joined ? letters.slice(at + 1) : "";
    if (letter === options.module) return { ends: true, script: rest || next || null };
    if (options.inline.includes(letter)) return { ends: true, script: null };
    // A shell's `-o` takes its value from the next word, wherever it stands among the letters.
    if (options.valued.includes(letter)) return { ends: false, takesNext: rest === "" };
  }
  return { ends: false, takesNext: false };
}

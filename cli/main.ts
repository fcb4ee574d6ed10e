import { loadCompiled } from "./code-cache.ts";
import { ASKING, OF_THE_PAST } from "./past-words.ts";

type FastPs = typeof import("./fast-ps.ts");
type FastEvents = typeof import("./fast-events.ts");
type FastPast = typeof import("./fast-past.ts");

/**
 * The command `fleet`. It only decides what has to be loaded: `ps` and the verbs that ask the log come with their code cached, and
 * commander only where it has to read the words.
 */
async function main(argv: readonly string[]): Promise<number> {
  const done = await fast(argv);
  if (done !== null) return done;
  const { performPlainly } = await import("./plainly.ts");
  const plainly = await performPlainly(argv);
  if (plainly !== null) return plainly;
  const { runFleet } = await import("./program.ts");
  return runFleet(argv);
}

async function fast(argv: readonly string[]): Promise<number | null> {
  const [verb = "", ...words] = argv;
  if (ASKING.includes(verb) || (verb === "ps" && asksThePast(words))) {
    const code = isBuilt()
      ? await built<FastPast>("fast-past.cjs", verb, words, (past) => past.fastPast(argv))
      : await (await import("./fast-past.ts")).fastPast(argv);
    if (code !== null) return code;
  }
  if (verb === "events")
    return isBuilt()
      ? built<FastEvents>("fast-events.cjs", verb, words, ({ fastEvents }) => fastEvents(words))
      : (await import("./fast-events.ts")).fastEvents(words);
  if (verb !== "ps") return null;
  return isBuilt()
    ? built<FastPs>("fast-ps.cjs", verb, words, ({ fastPs }) => fastPs(words))
    : (await import("./fast-ps.ts")).fastPs(words);
}

/** By the look of its words; whoever reads them decides. */
function asksThePast(words: readonly string[]): boolean {
  return words.some((word) =>
    OF_THE_PAST.some((option) => word === `--${option}` || word.startsWith(`--${option}=`)),
  );
}

/** Runs a file with its code cached, and keeps the code where it was not. */
async function built<Exports>(
  file: string,
  verb: string,
  words: readonly string[],
  run: (exports: Exports) => Promise<number | null>,
): Promise<number | null> {
  const use = `${verb}-${words.includes("--json") ? "json" : "table"}`;
  const { exports, missing } = loadCompiled(import.meta.dirname, file, use, require);
  const code = await run(exports as Exports);
  // Of a question that was refused hardly anything has run; a `ps --check` seldom ends with 0.
  if (missing !== null && (file === "fast-ps.cjs" || code === 0)) {
    const { keepCompiled } = await import("./keep-compiled.ts");
    keepCompiled(missing);
  }
  return code;
}

/** Built into one file for each part (dist/fleet.cjs), or run from the sources. */
function isBuilt(): boolean {
  return import.meta.filename.endsWith(".cjs");
}

main(process.argv.slice(2)).then(
  // Output is written by then (it is synchronous); a child that does not want to die must not hold the prompt.
  (code) => process.exit(code),
  // Whatever a verb throws is told by `perform`: what arrives here kept the parts of the program from being loaded.
  (error) => {
    const message = error instanceof Error ? error.message.split("\n")[0] : String(error);
    process.stderr.write(
      `fleet: this installation is damaged: ${message}\n  Run \`npm ci\` in its checkout.\n`,
    );
    process.exit(1);
  },
);

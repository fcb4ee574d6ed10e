import { loadCompiled } from "./code-cache.ts";

type FastPs = typeof import("./fast-ps.ts");

/** The command `fleet`. It only decides what has to be loaded: `ps` comes with its code cached, and commander only where it has to read the words. */
async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === "ps") {
    const code = isBuilt() ? await builtPs(argv) : await (await import("./fast-ps.ts")).fastPs(argv.slice(1));
    if (code !== null) return code;
  }
  const { performPlainly } = await import("./plainly.ts");
  const done = await performPlainly(argv);
  if (done !== null) return done;
  const { runFleet } = await import("./program.ts");
  return runFleet(argv);
}

async function builtPs(argv: readonly string[]): Promise<number | null> {
  const use = argv.includes("--json") ? "json" : "table";
  const { exports, missing } = loadCompiled(import.meta.dirname, "fast-ps.cjs", use, require);
  const code = await (exports as FastPs).fastPs(argv.slice(1));
  if (missing !== null) {
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

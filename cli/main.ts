import { processOutput } from "./output.ts";
import { complain, perform } from "./perform.ts";
import { verbs } from "./verbs.ts";
import { readWords } from "./words.ts";

/**
 * The command `fleet`. `ps` is what people and prompts call all day, so it is dispatched without loading commander;
 * whatever its own parser would refuse goes to commander, which says why.
 */
async function main(argv: readonly string[]): Promise<number> {
  const around = { output: processOutput(process.env), environment: process.env };
  const ps = argv[0] === "ps" ? verbs.find(({ name }) => name === "ps") : undefined;
  const words = ps === undefined ? null : readWords(ps, argv.slice(1));
  if (ps !== undefined && words !== null) return perform(ps, words, around);
  try {
    const { runProgram } = await import("./program.ts");
    return await runProgram(argv, around);
  } catch (error) {
    return complain(error, around);
  }
}

main(process.argv.slice(2)).then((code) => {
  // Output is written by then (it is synchronous); a child that does not want to die must not hold the prompt.
  process.exit(code);
});

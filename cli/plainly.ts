import { processOutput } from "./output.ts";
import { perform } from "./perform.ts";
import { verbs } from "./verbs.ts";
import { readWords } from "./words.ts";

/**
 * Performs a verb whose words are written plainly; null where commander has to read them, or to say what is wrong with them. It costs
 * a start 10 ms, which no answer should wait for.
 */
export async function performPlainly(argv: readonly string[]): Promise<number | null> {
  for (const length of [2, 1]) {
    const name = argv.slice(0, length).join(" ");
    const verb = verbs.find((one) => one.name === name || one.also?.includes(name));
    const words = verb === undefined ? null : readWords(verb, argv.slice(length));
    if (verb === undefined) continue;
    if (words === null) return null;
    return perform(verb, words, { output: processOutput(process.env), environment: process.env });
  }
  return null;
}

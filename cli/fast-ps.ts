import { processOutput } from "./output.ts";
import { perform } from "./perform.ts";
import { run } from "./verbs/ps.ts";
import { verbs } from "./verbs.ts";
import { readWords } from "./words.ts";

/**
 * `fleet ps` without commander: what people, prompts and scripts call all day. Null when its words need commander, to be
 * refused with a suggestion or answered with help.
 */
export async function fastPs(argv: readonly string[]): Promise<number | null> {
  const verb = verbs.find(({ name }) => name === "ps");
  const words = verb === undefined ? null : readWords(verb, argv);
  if (verb === undefined || words === null) return null;
  const around = { output: processOutput(process.env), environment: process.env };
  return perform({ ...verb, load: async () => ({ run }) }, words, around);
}

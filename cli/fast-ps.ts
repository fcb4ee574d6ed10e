import { ps } from "./declarations/ps.ts";
import { processOutput } from "./output.ts";
import { perform } from "./perform.ts";
import { run } from "./verbs/ps.ts";
import { readWords } from "./words.ts";

/**
 * `fleet ps` without commander: what people, prompts and scripts call all day. Null when its words need commander, to be
 * refused with a suggestion or answered with help.
 */
export async function fastPs(argv: readonly string[]): Promise<number | null> {
  const words = readWords(ps, argv);
  if (words === null) return null;
  const around = { output: processOutput(process.env), environment: process.env };
  return perform({ ...ps, load: async () => ({ run }) }, words, around);
}

import type { VerbDeclaration, Words } from "./declaration.ts";
import { EXIT } from "./exit.ts";
import { explain, failureText } from "./failure.ts";
import { isBrokenPipe, type Output } from "./output.ts";
import { checkWords } from "./words.ts";

export interface Surroundings {
  readonly output: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Runs a verb to its end. Whatever it throws becomes lines on stderr and an exit code; nothing escapes. */
export async function perform(verb: VerbDeclaration, words: Words, around: Surroundings): Promise<number> {
  try {
    checkWords(verb, words);
    const { run } = await verb.load();
    return await run({ ...words, ...around });
  } catch (error) {
    return complain(error, around);
  }
}

export function complain(error: unknown, { output, environment }: Surroundings): number {
  if (isBrokenPipe(error)) return EXIT.done;
  const failure = explain(error, (environment.FLEET_DEBUG ?? "") !== "");
  try {
    output.complain(failureText(failure));
  } catch {
    // A stderr that is gone too leaves only the exit code to speak.
  }
  return failure.exit;
}

import { has, type VerbDeclaration, type Words } from "./declaration.ts";
import { EXIT } from "./exit.ts";
import { explain, failureText } from "./failure.ts";
import { isBrokenPipe, type Output } from "./output.ts";
import { checkWords } from "./words.ts";

const NAGIOS_UNKNOWN = 3;

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
    const code = complain(error, around);
    return has(words, "check") && code === EXIT.failed ? sayUnknown(around.output) : code;
  }
}

/** To a monitor a check that could not be made is UNKNOWN, and it reads stdout. */
function sayUnknown(output: Output): number {
  output.print("UNKNOWN: fleet could not check\n");
  return NAGIOS_UNKNOWN;
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

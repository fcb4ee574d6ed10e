import { FleetError } from "../store/errors.ts";
import type { OptionDeclaration, VerbDeclaration, Words } from "./declaration.ts";

/**
 * The words after a verb, where they are written plainly: `--option`, `--option VALUE`, `--option=VALUE`, `-o` and names. Null
 * for anything else (bundled or unknown flags, `--`, help, too few or too many words): commander then reads them, or says what is
 * wrong. Node's own parseArgs would cost 0.8 ms of each `ps`; a test holds this reader to agree with commander on all it accepts.
 */
export function readWords(verb: VerbDeclaration, argv: readonly string[]): Words | null {
  const given: string[] = [];
  const options: Record<string, true | string | string[]> = {};
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] as string;
    if (!word.startsWith("-")) {
      given.push(word);
      continue;
    }
    const [flag = "", inline] = word.startsWith("--") ? splitOnce(word) : [word];
    const option = verb.options.find(
      ({ name, short }) => flag === `--${name}` || (short !== undefined && flag === `-${short}`),
    );
    if (option === undefined || (option.value === undefined && inline !== undefined)) return null;
    if (option.value === undefined) {
      options[option.name] = true;
      continue;
    }
    const value = inline ?? argv[++at];
    if (value === undefined || (inline === undefined && value.startsWith("-"))) return null;
    if (option.repeatable)
      options[option.name] = [...((options[option.name] as string[] | undefined) ?? []), value];
    else options[option.name] = value;
  }
  return fits(verb, given.length) ? { arguments: given, options } : null;
}

function splitOnce(word: string): [flag: string, value: string | undefined] {
  const at = word.indexOf("=");
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function fits(verb: VerbDeclaration, given: number): boolean {
  const least = verb.arguments.filter((argument) => argument.required).length;
  const most = verb.arguments.some((argument) => argument.variadic)
    ? Number.POSITIVE_INFINITY
    : verb.arguments.length;
  return given >= least && given <= most;
}

/** Refuses values that are not what their option was declared to take; the message names the value received. */
export function checkWords(verb: VerbDeclaration, words: Words): void {
  for (const option of verb.options) {
    const given = words.options[option.name];
    if (given === undefined || given === true || option.value === undefined) continue;
    for (const value of typeof given === "string" ? [given] : given) {
      const wrong = problemWith(option.value, value);
      if (wrong === null) continue;
      throw new FleetError("usage", `--${option.name} ${JSON.stringify(value)}: ${wrong}`, {
        hint: `See \`fleet ${verb.name} --help\`.`,
      });
    }
  }
}

/** A length of time is a number of the unit that its option is in, and no unit is to be given with it: which one that is is said. */
const IN_UNITS: Readonly<Record<string, string>> = { MS: " of milliseconds,", SECONDS: " of seconds," };

function problemWith(
  { name, kind, choices = [] }: NonNullable<OptionDeclaration["value"]>,
  value: string,
): string | null {
  if (kind === "count" && !/^\d{1,15}$/.test(value))
    return `expected a whole number${IN_UNITS[name] ?? " of"} at least 0`;
  if (kind === "choice" && !choices.includes(value)) return `expected one of ${choices.join(", ")}`;
  return value === "" ? "expected a value, got nothing" : null;
}

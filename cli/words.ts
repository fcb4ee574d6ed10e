import { parseArgs } from "node:util";
import { FleetError } from "../store/errors.ts";
import type { VerbDeclaration, Words } from "./declaration.ts";

/**
 * The words after a verb, read by Node's own parser, which costs a `ps` a millisecond where commander costs ten. Null when it
 * would refuse them or when help is asked for: commander then reads them again and says what is wrong. A test holds the two
 * to agree on everything that this one accepts.
 */
export function readWords(verb: VerbDeclaration, argv: readonly string[]): Words | null {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      strict: true,
      allowPositionals: true,
      options: Object.fromEntries(
        verb.options.map(({ name, short, value, repeatable }) => [
          name,
          {
            type: value === undefined ? ("boolean" as const) : ("string" as const),
            ...(short === undefined ? {} : { short }),
            multiple: repeatable === true,
          },
        ]),
      ),
    });
    if (!fits(verb, positionals.length)) return null;
    return { arguments: positionals, options: { ...values } as Words["options"] };
  } catch {
    return null;
  }
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
      const wrong = problemWith(option.value.kind, option.value.choices ?? [], value);
      if (wrong === null) continue;
      throw new FleetError("usage", `--${option.name} ${JSON.stringify(value)}: ${wrong}`, {
        hint: `See \`fleet ${verb.name} --help\`.`,
      });
    }
  }
}

function problemWith(kind: string, choices: readonly string[], value: string): string | null {
  if (kind === "count" && !/^\d{1,15}$/.test(value)) return "expected a whole number of at least 0";
  if (kind === "choice" && !choices.includes(value)) return `expected one of ${choices.join(", ")}`;
  return value === "" ? "expected a value, got nothing" : null;
}

import { Command, CommanderError, Option } from "commander";
import { FleetError } from "../store/errors.ts";
import type { VerbDeclaration, Words } from "./declaration.ts";
import { EXIT } from "./exit.ts";
import { programHelp, verbHelp } from "./help.ts";
import { processOutput } from "./output.ts";
import { complain, perform, type Surroundings } from "./perform.ts";
import { programOptions, verbs } from "./verbs.ts";
import { VERSION } from "./version.ts";

export type Perform = (verb: VerbDeclaration, words: Words) => Promise<void>;

/**
 * Adds every verb to a commander program, so that another command (`mosaic fleet ps`) can offer them as its own. By default
 * a verb prints to this process's output and leaves its exit code in `process.exitCode`.
 */
export function registerFleet(program: Command, performVerb: Perform = performHere): Command {
  for (const verb of verbs) program.addCommand(verbCommand(verb, performVerb));
  return program;
}

async function performHere(verb: VerbDeclaration, words: Words): Promise<void> {
  process.exitCode = await perform(verb, words, {
    output: processOutput(process.env),
    environment: process.env,
  });
}

/** One verb as a commander command, made from its declaration. */
export function verbCommand(verb: VerbDeclaration, performVerb: Perform): Command {
  const command = new Command(verb.name).summary(verb.summary).description(verb.description.join("\n\n"));
  command.helpGroup(`${verb.purpose.replace(/^./, (letter) => letter.toUpperCase())}:`);
  command.helpOption("-h, --help", "show this help");
  for (const { name, required, variadic, description } of verb.arguments) {
    const word = variadic ? `${name}...` : name;
    command.argument(required ? `<${word}>` : `[${word}]`, description);
  }
  for (const { name, short, value, repeatable, description, hidden } of verb.options) {
    const flags = `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` <${value.name}>`}`;
    const option = new Option(flags, description).hideHelp(hidden === true);
    if (repeatable)
      option.argParser((given: string, earlier: string[] | undefined) => [...(earlier ?? []), given]);
    command.addOption(option);
  }
  command.configureHelp({ formatHelp: () => verbHelp(verb, prefixOf(command), helpWidth()) });
  return command.action(async () => {
    await performVerb(verb, wordsOf(verb, command));
  });
}

/** What commander read, in the shape that `readWords` gives. */
function wordsOf(verb: VerbDeclaration, command: Command): Words {
  const options: Record<string, true | string | string[]> = {};
  for (const { name, value } of verb.options) {
    const attribute = new Option(`--${name}`).attributeName();
    if (command.getOptionValueSource(attribute) !== "cli") continue;
    options[name] = value === undefined ? true : (command.getOptionValue(attribute) as string | string[]);
  }
  return { arguments: command.args, options };
}

function prefixOf(command: Command): string {
  const names: string[] = [];
  for (let parent = command.parent; parent !== null; parent = parent.parent) names.unshift(parent.name());
  return names.join(" ") || "fleet";
}

function helpWidth(): number {
  return processOutput(process.env).width() ?? 100;
}

/** The command line of this process. */
export function runFleet(argv: readonly string[]): Promise<number> {
  return runProgram(argv, { output: processOutput(process.env), environment: process.env });
}

/** Everything but the fast path: help, version, every verb, and what is wrong with a command line. */
export async function runProgram(argv: readonly string[], around: Surroundings): Promise<number> {
  let exit: number = EXIT.done;
  const program = new Command("fleet");
  program.configureHelp({ formatHelp: () => programHelp(verbs, programOptions, "fleet", helpWidth()) });
  program.version(VERSION, "-V, --version").helpOption("-h, --help").helpCommand("help [VERB]", "show help");
  registerFleet(program, async (verb, words) => {
    exit = await perform(verb, words, around);
  });
  for (const command of [program, ...program.commands]) {
    command.exitOverride();
    command.configureOutput({ writeOut: (text) => around.output.print(text), writeErr: () => {} });
  }
  if (argv.length === 0) {
    around.output.complain(program.helpInformation());
    return EXIT.usage;
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exit;
  } catch (error) {
    if (!(error instanceof CommanderError)) return complain(error, around);
    if (error.exitCode === 0) return EXIT.done;
    return complain(usageError(error, argv), around);
  }
}

/** Commander's sentence as ours: the suggestion that it appends in parentheses becomes what to do. */
function usageError(error: CommanderError, argv: readonly string[]): FleetError {
  const [problem = "", suggestion] = error.message.replace(/^error: /, "").split("\n");
  const verb = verbs.find(({ name }) => name === argv[0]);
  const help = verb === undefined ? "`fleet --help` lists the verbs." : `See \`fleet ${verb.name} --help\`.`;
  const meant = suggestion?.replace(/^\(|\)$/g, "");
  return new FleetError("usage", problem.replace(/^unknown command/, "unknown verb"), {
    hint: meant === undefined ? help : `${meant} ${help}`,
  });
}

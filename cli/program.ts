import { Command, CommanderError, Option } from "commander";
import { FleetError } from "../store/errors.ts";
import type { GroupDeclaration, VerbDeclaration, Words } from "./declaration.ts";
import { EXIT } from "./exit.ts";
import { groupHelp, programHelp, verbHelp } from "./help.ts";
import { processOutput } from "./output.ts";
import { complain, perform, type Surroundings } from "./perform.ts";
import { groups, programOptions, verbs } from "./verbs.ts";
import { VERSION } from "./version.ts";

/** Which verbs there are; another set only in tests. */
export interface Catalogue {
  readonly verbs: readonly VerbDeclaration[];
  readonly groups: readonly GroupDeclaration[];
}
const ours: Catalogue = { verbs, groups };

export type Perform = (verb: VerbDeclaration, words: Words) => Promise<void>;

/**
 * Adds every verb to a commander program, so that another command (`mosaic fleet ps`) can offer them as its own. By default
 * a verb prints to this process's output and leaves its exit code in `process.exitCode`.
 */
export function registerFleet(
  program: Command,
  performVerb: Perform = performHere,
  catalogue: Catalogue = ours,
): Command {
  for (const { verb, name } of callable(catalogue)) {
    const [first = "", second] = name.split(" ");
    if (second === undefined) program.addCommand(verbCommand(verb, performVerb, name));
    else commandOf(program, first, catalogue).addCommand(verbCommand(verb, performVerb, name));
  }
  return program;
}

/** Adds the verbs of one group to a command that stands for it: `mosaic agent start`. */
export function registerGroup(
  command: Command,
  group: string,
  performVerb: Perform = performHere,
  catalogue: Catalogue = ours,
): Command {
  for (const { verb, name } of callable(catalogue))
    if (name.startsWith(`${group} `)) command.addCommand(verbCommand(verb, performVerb, name));
  return command;
}

/** Adds the verbs on agents to a command of another program: `mosaic agent watch`. */
export function registerAgent(command: Command, performVerb: Perform = performHere): Command {
  return registerGroup(command, "agent", performVerb);
}

/** Every name that a verb goes by. Verbs of one word come first: a verb may be the word of a group too. */
function callable({ verbs }: Catalogue): { verb: VerbDeclaration; name: string }[] {
  const all = verbs.flatMap((verb) => [verb.name, ...(verb.also ?? [])].map((name) => ({ verb, name })));
  const words = ({ name }: { name: string }) => name.split(" ").length;
  return all.sort((a, b) => words(a) - words(b));
}

function commandOf(program: Command, word: string, { verbs, groups }: Catalogue): Command {
  const known = program.commands.find((command) => command.name() === word);
  if (known !== undefined) return known;
  const group = groups.find(({ name }) => name === word) ?? { name: word, summary: "" };
  const command = new Command(word).summary(group.summary).helpOption("-h, --help", "show this help");
  command.configureHelp({ formatHelp: () => groupHelp(group, verbs, prefixOf(command, 1), helpWidth()) });
  program.addCommand(command);
  return command;
}

async function performHere(verb: VerbDeclaration, words: Words): Promise<void> {
  process.exitCode = await perform(verb, words, {
    output: processOutput(process.env),
    environment: process.env,
  });
}

/** One verb as a commander command, made from its declaration; `name` is the one of its names to go by. */
export function verbCommand(verb: VerbDeclaration, performVerb: Perform, name = verb.name): Command {
  const words = name.split(" ");
  const command = new Command(words.at(-1)).summary(verb.summary).description(verb.description.join("\n\n"));
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
  command.configureHelp({
    formatHelp: () => verbHelp(calledAs(verb, name), prefixOf(command, words.length), helpWidth()),
  });
  return command.action(async () => {
    await performVerb(verb, wordsOf(verb, command));
  });
}

function calledAs(verb: VerbDeclaration, name: string): VerbDeclaration {
  const also = [verb.name, ...(verb.also ?? [])].filter((other) => other !== name);
  return { ...verb, name, also };
}

/** What commander read, in the shape that `readWords` gives. */
function wordsOf(verb: VerbDeclaration, command: Command): Words {
  const options: Record<string, true | string | string[]> = {};
  // Commander gives the `--json` of `fleet mirror status --json` to `fleet mirror`, which has one too.
  const outer = verbs.some(({ name }) => name === command.parent?.name()) ? command.parent : null;
  for (const { name, value } of verb.options) {
    const attribute = new Option(`--${name}`).attributeName();
    const holder = [command, outer].find((each) => each?.getOptionValueSource(attribute) === "cli");
    if (!holder) continue;
    options[name] = value === undefined ? true : (holder.getOptionValue(attribute) as string | string[]);
  }
  return { arguments: command.args, options };
}

/** How the program itself was called: the names above the command, without the last `words`, which are the verb's own. */
function prefixOf(command: Command, words: number): string {
  const names: string[] = [];
  for (let each: Command | null = command; each !== null; each = each.parent) names.unshift(each.name());
  return names.slice(0, -words).join(" ") || "fleet";
}

function helpWidth(): number {
  return processOutput(process.env).width() ?? 100;
}

/** The command line of this process. */
export function runFleet(argv: readonly string[]): Promise<number> {
  return runProgram(argv, { output: processOutput(process.env), environment: process.env });
}

/** Everything but the fast path: help, version, every verb, and what is wrong with a command line. */
export async function runProgram(
  argv: readonly string[],
  around: Surroundings,
  catalogue: Catalogue = ours,
): Promise<number> {
  let exit: number = EXIT.done;
  const program = new Command("fleet");
  program.configureHelp({
    formatHelp: () => programHelp(catalogue.verbs, programOptions, "fleet", helpWidth()),
  });
  program.version(VERSION, "-V, --version").helpOption("-h, --help").helpCommand(false);
  const performVerb: Perform = async (verb, words) => {
    exit = await perform(verb, words, around);
  };
  registerFleet(program, performVerb, catalogue);
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap(({ commands }) => commands),
  ]) {
    command.exitOverride();
    command.configureOutput({ writeOut: (text) => around.output.print(text), writeErr: () => {} });
  }
  if (argv.length === 0) {
    around.output.complain(program.helpInformation());
    return EXIT.usage;
  }
  try {
    // `fleet help agent start` as well as `fleet agent start --help`: commander's own word knows one level only.
    const words = argv[0] === "help" ? [...argv.slice(1), "--help"] : [...argv];
    await program.parseAsync(words, { from: "user" });
    return exit;
  } catch (error) {
    if (!(error instanceof CommanderError)) return complain(error, around);
    if (error.exitCode === 0) return EXIT.done;
    // A group's word alone, as no verb at all: the verbs there are.
    if (error.code === "commander.help") {
      const group = program.commands.find((command) => command.name() === argv[0]);
      around.output.complain((group ?? program).helpInformation());
      return EXIT.usage;
    }
    return complain(usageError(error, argv, catalogue), around);
  }
}

/** Commander's sentence as ours: the suggestion that it appends in parentheses becomes what to do. */
function usageError(error: CommanderError, argv: readonly string[], catalogue: Catalogue): FleetError {
  const [problem = "", suggestion] = error.message.replace(/^error: /, "").split("\n");
  const help = whereToRead(argv, catalogue);
  const meant = suggestion?.replace(/^\(|\)$/g, "");
  return new FleetError("usage", problem.replace(/^unknown command/, "unknown verb"), {
    hint: meant === undefined ? help : `${meant} ${help}`,
  });
}

function whereToRead([first = "", second = ""]: readonly string[], catalogue: Catalogue): string {
  const names = callable(catalogue).map(({ name }) => name);
  const named = [`${first} ${second}`, first].find((name) => names.includes(name));
  if (named !== undefined) return `See \`fleet ${named} --help\`.`;
  const isGroup = names.some((name) => name.startsWith(`${first} `));
  return isGroup ? `\`fleet ${first} --help\` lists the verbs.` : "`fleet --help` lists the verbs.";
}

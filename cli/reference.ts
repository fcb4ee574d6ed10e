import type { OptionDeclaration, VerbDeclaration } from "./declaration.ts";
import { PURPOSES } from "./declaration.ts";
import { optionLine, usage } from "./help.ts";

/** docs/cli.md, made from the declarations; a test holds the committed file equal to it. */
export function cliReference(
  verbs: readonly VerbDeclaration[],
  options: readonly OptionDeclaration[],
): string {
  const lines = [
    "# Command reference",
    "",
    "Made from the declarations in `cli/declarations/` by `npx vitest run test/cli/help.test.ts -u`; not edited by hand.",
    "What the statuses and flags mean, and what to do about them, is in [operating.md](operating.md).",
    "",
    "Errors are two lines on stderr: what is wrong, and what to do. Exit codes of every verb:",
    "",
    "| code | meaning |",
    "|---|---|",
    "| 0 | done |",
    "| 1 | failed |",
    "| 2 | the command line is wrong |",
    "| 3 | no such agent |",
    "| 130 | interrupted |",
    "",
    "Options of `fleet` itself:",
    "",
    ...optionTable(options),
  ];
  for (const purpose of PURPOSES) {
    for (const verb of verbs.filter((candidate) => candidate.purpose === purpose))
      lines.push("", ...section(verb));
  }
  return `${lines.join("\n")}\n`;
}

function section(verb: VerbDeclaration): string[] {
  const lines = [
    `## fleet ${verb.name}`,
    "",
    `*${verb.purpose}*: ${verb.summary}.`,
    "",
    "```",
    usage(verb, "fleet"),
    "```",
  ];
  if (verb.also !== undefined)
    lines.push("", `The same verb: ${verb.also.map((name) => `\`fleet ${name}\``).join(", ")}.`);
  for (const paragraph of verb.description) lines.push("", paragraph);
  if (verb.arguments.length > 0) {
    lines.push("", "| argument | meaning |", "|---|---|");
    for (const { name, description } of verb.arguments) lines.push(`| \`${name}\` | ${cell(description)} |`);
  }
  const shown = verb.options.filter((option) => option.hidden !== true);
  if (shown.length > 0) lines.push("", ...optionTable(shown));
  if (verb.exits !== undefined) {
    lines.push("", "| exit code | meaning |", "|---|---|");
    for (const [code, meaning] of verb.exits) lines.push(`| ${code} | ${cell(meaning)} |`);
  }
  if (verb.examples.length > 0) {
    lines.push("", "```sh");
    for (const { command, meaning } of verb.examples) lines.push(`${command}    # ${meaning}`);
    lines.push("```");
  }
  return lines;
}

function optionTable(options: readonly OptionDeclaration[]): string[] {
  const rows = options.map((option) => {
    const [flags, description] = optionLine(option);
    return `| \`${flags.trim()}\` | ${cell(description)} |`;
  });
  return ["| option | meaning |", "|---|---|", ...rows];
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

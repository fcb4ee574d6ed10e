import {
  type GroupDeclaration,
  type OptionDeclaration,
  PURPOSES,
  type VerbDeclaration,
} from "./declaration.ts";
import { pad, widthOf, wrap } from "./render/text.ts";

const HEADINGS = {
  look: "Look",
  remember: "Remember",
  act: "Act",
  "set up": "Set up",
  keep: "Keep",
} as const;
const HELP: OptionDeclaration = { name: "help", short: "h", description: "show this help" };
const WIDEST = 100;

/** `fleet --help`: the verbs by purpose. `prefix` is how the program was called: `fleet`, or `mosaic fleet`. */
export function programHelp(
  verbs: readonly VerbDeclaration[],
  options: readonly OptionDeclaration[],
  prefix: string,
  width: number,
): string {
  const shown = verbs.map((verb) => [verb.name, verb.summary] as const);
  const column = Math.max(...shown.map(([name]) => name.length));
  const lines = [
    `${prefix}: flight recorder and instrument panel for fleets of always-on AI agents`,
    "",
    `Usage: ${prefix} VERB [OPTIONS]`,
  ];
  for (const purpose of PURPOSES) {
    const ours = verbs.filter((verb) => verb.purpose === purpose);
    if (ours.length === 0) continue;
    lines.push(
      "",
      `${HEADINGS[purpose]}:`,
      ...listed(
        ours.map(({ name, summary }) => [name, summary]),
        column,
        width,
      ),
    );
  }
  lines.push("", "Options:", ...listed(options.map(optionLine), undefined, width));
  return `${lines.join("\n")}\n`;
}

/** `fleet agent --help`: the verbs of one group, also those that are listed under another name. */
export function groupHelp(
  group: GroupDeclaration,
  verbs: readonly VerbDeclaration[],
  prefix: string,
  width: number,
): string {
  const rows = verbs.flatMap(({ name, also = [], summary }) =>
    [name, ...also]
      .filter((called) => called.startsWith(`${group.name} `))
      .map((called) => [called.slice(group.name.length + 1), summary] as const),
  );
  const lines = [
    `${prefix} ${group.name}: ${group.summary}`,
    "",
    `Usage: ${prefix} ${group.name} VERB [OPTIONS]`,
  ];
  lines.push(
    "",
    "Verbs:",
    ...listed(rows, undefined, width),
    "",
    "Options:",
    ...listed([optionLine(HELP)], undefined, width),
  );
  return `${lines.join("\n")}\n`;
}

/** `fleet VERB --help`. */
export function verbHelp(verb: VerbDeclaration, prefix: string, width: number): string {
  const cells = Math.min(width, WIDEST);
  const lines = [`Usage: ${usage(verb, prefix)}`];
  if (verb.also !== undefined && verb.also.length > 0)
    lines.push(`Also:  ${verb.also.map((name) => `${prefix} ${name}`).join(", ")}`);
  for (const paragraph of verb.description) lines.push("", ...wrap(paragraph, cells));
  const named = verb.arguments.map(({ name, description }) => [name, description] as const);
  if (named.length > 0) lines.push("", "Arguments:", ...listed(named, undefined, width));
  const options = [...verb.options.filter((option) => option.hidden !== true), HELP].map(optionLine);
  lines.push("", "Options:", ...listed(options, undefined, width));
  if (verb.examples.length > 0) {
    lines.push("", "Examples:");
    for (const { command, meaning } of verb.examples) {
      lines.push(`  ${command.replace(/^fleet\b/, prefix)}`, `      ${meaning}`);
    }
  }
  if (verb.exits !== undefined) {
    lines.push(
      "",
      "Exit codes:",
      ...listed(
        verb.exits.map(([code, meaning]) => [String(code), meaning]),
        3,
        width,
      ),
    );
  }
  return `${lines.join("\n")}\n`;
}

/** `fleet ps [NAME...] [OPTIONS]` */
export function usage(verb: VerbDeclaration, prefix: string): string {
  const words = verb.arguments.map(({ name, required, variadic }) => {
    const word = variadic ? `${name}...` : name;
    return required ? word : `[${word}]`;
  });
  return [prefix, verb.name, ...words, "[OPTIONS]"].join(" ");
}

/** `-f, --follow` / `    --since TIME` with its description. */
export function optionLine(option: OptionDeclaration): readonly [string, string] {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  const value = option.value === undefined ? "" : ` ${option.value.name}`;
  const again = option.repeatable ? " (may be repeated)" : "";
  return [`${short}--${option.name}${value}`, option.description + again];
}

/** Two columns; descriptions are wrapped beside the names. */
function listed(
  rows: readonly (readonly [string, string])[],
  column: number | undefined,
  width: number,
): string[] {
  const first = column ?? Math.max(...rows.map(([name]) => widthOf(name)));
  const room = Math.max(24, Math.min(width, WIDEST) - first - 4);
  return rows.flatMap(([name, text]) =>
    wrap(text, room).map((line, index) => `  ${pad(index === 0 ? name : "", first)}  ${line}`),
  );
}

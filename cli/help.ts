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
/** A description in fewer cells than this is hard to read. */
const LEAST_BESIDE = 20;

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
    ...wrap(
      `${prefix}: flight recorder and instrument panel for fleets of always-on AI agents`,
      Math.min(width, WIDEST),
    ),
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
    ...wrap(`${prefix} ${group.name}: ${group.summary}`, Math.min(width, WIDEST)),
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
  const lines = hanging("Usage: ", usage(verb, prefix), cells);
  if (verb.also !== undefined && verb.also.length > 0)
    lines.push(...hanging("Also:  ", verb.also.map((name) => `${prefix} ${name}`).join(", "), cells));
  for (const paragraph of verb.description) lines.push("", ...wrap(paragraph, cells));
  const named = verb.arguments.map(({ name, description }) => [name, description] as const);
  if (named.length > 0) lines.push("", "Arguments:", ...listed(named, undefined, width));
  const options = [...verb.options.filter((option) => option.hidden !== true), HELP].map(optionLine);
  lines.push("", "Options:", ...listed(options, undefined, width));
  if (verb.examples.length > 0) {
    lines.push("", "Examples:");
    for (const { command, meaning } of verb.examples) {
      // A command is there to be copied: it stays one line.
      lines.push(`  ${command.replace(/^fleet\b/, prefix)}`, ...beneath(meaning, cells, 6));
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

/** Two columns, descriptions wrapped beside the names; where there is no room beside them, beneath. */
function listed(
  rows: readonly (readonly [string, string])[],
  column: number | undefined,
  width: number,
): string[] {
  const first = column ?? Math.max(...rows.map(([name]) => widthOf(name)));
  const cells = Math.min(width, WIDEST);
  const room = cells - first - 4;
  if (room < LEAST_BESIDE) return rows.flatMap(([name, text]) => [`  ${name}`, ...beneath(text, cells, 8)]);
  return rows.flatMap(([name, text]) =>
    wrap(text, room).map((line, index) => `  ${pad(index === 0 ? name : "", first)}  ${line}`),
  );
}

function beneath(text: string, cells: number, indent: number): string[] {
  return wrap(text, cells - indent).map((line) => " ".repeat(indent) + line);
}

function hanging(head: string, text: string, cells: number): string[] {
  return wrap(text, cells - head.length).map(
    (line, index) => (index === 0 ? head : " ".repeat(head.length)) + line,
  );
}

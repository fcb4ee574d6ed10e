import type { VerbDeclaration } from "../declaration.ts";
import { word } from "./shell-words.ts";

/** The fish completion script. */
export function fishCompletion(verbs: readonly VerbDeclaration[]): string {
  const lines = [
    "# fish completion of fleet: made by `fleet completion fish`",
    "complete -c fleet -f",
    "complete -c fleet -n __fish_use_subcommand -l help -s h -d 'show help'",
    "complete -c fleet -n __fish_use_subcommand -l version -s V -d 'print the version'",
  ];
  const agents = "'(fleet completion --agents 2>/dev/null)'";
  for (const verb of verbs) {
    const name = word(verb.name);
    const on = `complete -c fleet -n '__fish_seen_subcommand_from ${name}'`;
    lines.push(`complete -c fleet -n __fish_use_subcommand -a ${name} -d ${fishQuoted(verb.summary)}`);
    const completion = verb.arguments[0]?.completion;
    if (completion === "agents") lines.push(`${on} -a ${agents}`);
    else if (completion !== undefined)
      lines.push(`${on} -a ${fishQuoted(completion.choices.map(word).join(" "))}`);
    for (const option of verb.options.filter(({ hidden }) => hidden !== true)) {
      const short = option.short === undefined ? "" : ` -s ${word(option.short)}`;
      const values = option.value?.choices?.map(word).join(" ");
      const offered =
        option.value?.name === "NAME"
          ? ` -a ${agents}`
          : values === undefined
            ? ""
            : ` -a ${fishQuoted(values)}`;
      const takes = option.value === undefined ? "" : ` -x${offered}`;
      lines.push(`${on} -l ${word(option.name)}${short}${takes} -d ${fishQuoted(option.description)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** In fish a backslash and a quote are escaped inside single quotes, unlike in sh. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

import type { GroupDeclaration, VerbDeclaration } from "../declaration.ts";
import { firstWords, namesOf, secondWords, word, wordsOf } from "./shell-words.ts";

/** The fish completion script. */
export function fishCompletion(
  verbs: readonly VerbDeclaration[],
  groups: readonly GroupDeclaration[],
): string {
  const lines = [
    "# fish completion of fleet: made by `fleet completion fish`",
    "complete -c fleet -f",
    "complete -c fleet -n __fish_use_subcommand -l help -s h -d 'show help'",
    "complete -c fleet -n __fish_use_subcommand -l version -s V -d 'print the version'",
  ];
  const agents = "'(fleet completion --agents 2>/dev/null)'";
  for (const [name, summary] of firstWords(verbs, groups))
    lines.push(`complete -c fleet -n __fish_use_subcommand -a ${word(name)} -d ${fishQuoted(summary)}`);
  for (const { name: group } of groups) {
    const seconds = secondWords(verbs, group);
    const none = seconds.map(([name]) => word(name)).join(" ");
    const on = `complete -c fleet -n '__fish_seen_subcommand_from ${word(group)}; and not __fish_seen_subcommand_from ${none}'`;
    for (const [name, summary] of seconds) lines.push(`${on} -a ${word(name)} -d ${fishQuoted(summary)}`);
  }
  for (const { name, verb } of namesOf(verbs)) {
    const seen = wordsOf(name)
      .split(" ")
      .map((each) => `__fish_seen_subcommand_from ${each}`);
    const on = `complete -c fleet -n '${seen.join("; and ")}'`;
    for (const [place, { completion, variadic }] of verb.arguments.entries()) {
      if (completion === undefined) continue;
      const before = name.split(" ").length + 1 + place;
      const here = ` and test (count (string match -v -- "-*" (commandline -opc))) -eq ${before}`;
      const where = variadic ? on : `complete -c fleet -n '${seen.join("; and ")};${here}'`;
      const offered = completion === "agents" ? agents : fishQuoted(completion.choices.map(word).join(" "));
      lines.push(`${where} -a ${offered}`);
    }
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

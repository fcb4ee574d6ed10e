import type { GroupDeclaration, OptionDeclaration, VerbDeclaration } from "../declaration.ts";
import { firstWords, namesOf, quoted, secondWords, word, wordsOf } from "./shell-words.ts";

/** The zsh completion script, for a file `_fleet` in `fpath`. */
export function zshCompletion(
  verbs: readonly VerbDeclaration[],
  groups: readonly GroupDeclaration[],
): string {
  const described = firstWords(verbs, groups).map((each) => `    ${describe(each)}`);
  const arrays = groups.map(
    ({ name }) => `  local -a of_${word(name)}
  of_${word(name)}=(
${secondWords(verbs, name)
  .map((each) => `    ${describe(each)}`)
  .join("\n")}
  )
`,
  );
  const cases = namesOf(verbs).map(({ name, verb }) => {
    const specs = verb.options.filter((option) => option.hidden !== true).map(optionSpec);
    for (const [place, argument] of verb.arguments.entries()) {
      const action =
        argument.completion === "agents"
          ? "_fleet_agents"
          : argument.completion === undefined
            ? " "
            : `(${argument.completion.choices.map(word).join(" ")})`;
      const at = argument.variadic ? "*" : place + 1;
      specs.push(quoted(`${at}:${argument.name.toLowerCase()}:${action}`));
    }
    return `        ${name.includes(" ") ? quoted(wordsOf(name)) : word(name)}) _arguments -s ${[...specs, quoted("(- *)--help[show help]")].join(" \\\n          ")} ;;`;
  });
  return `#compdef fleet
# zsh completion of fleet: made by \`fleet completion zsh\`
_fleet_agents() {
  local -a names
  names=(\${(f)"$(fleet completion --agents 2>/dev/null)"})
  compadd -a names
}
_fleet() {
  local -a verbs
  verbs=(
${described.join("\n")}
  )
${arrays.join("")}  _arguments -C '(- *)--help[show help]' '(- *)--version[print the version]' '1:verb:->verb' '*::word:->word'
  case $state in
    verb) _describe verb verbs ;;
    word)
${groups.length === 0 ? "      local verb=$words[1]\n" : groupWords(groups)}      case $verb in
${cases.join("\n")}
      esac
      ;;
  esac
}
if [ "$funcstack[1]" = _fleet ]; then _fleet "$@"; else compdef _fleet fleet; fi
`;
}

function describe([name, summary]: readonly [string, string]): string {
  return quoted(`${word(name)}:${summary.replaceAll(":", "\\:")}`);
}

/** After a group's word the next one is completed from the group, or taken as part of the verb. */
function groupWords(groups: readonly GroupDeclaration[]): string {
  return `      local verb=$words[1]
      case $verb in
${groups
  .map(
    ({ name }) => `        ${word(name)})
          if (( CURRENT == 2 )); then _describe verb of_${word(name)}; [[ $words[2] == -* ]] || return; else
            verb="$verb $words[2]"; shift words; (( CURRENT-- ))
          fi ;;`,
  )
  .join("\n")}
      esac
`;
}

function optionSpec({ name, short, value, repeatable, description }: OptionDeclaration): string {
  const text = description.replaceAll("[", "(").replaceAll("]", ")").replaceAll(":", "\\:");
  const action =
    value?.name === "NAME"
      ? "_fleet_agents"
      : value?.choices
        ? `(${value.choices.map(word).join(" ")})`
        : " ";
  const takes = value === undefined ? "" : `:${value.name.toLowerCase()}:${action}`;
  const many = repeatable ? "*" : "";
  const long = quoted(`${many}--${word(name)}[${text}]${takes}`);
  return short === undefined ? long : `${long} ${quoted(`${many}-${word(short)}[${text}]${takes}`)}`;
}

import type { OptionDeclaration, VerbDeclaration } from "../declaration.ts";
import { quoted, word } from "./shell-words.ts";

/** The zsh completion script, for a file `_fleet` in `fpath`. */
export function zshCompletion(verbs: readonly VerbDeclaration[]): string {
  const described = verbs.map(
    ({ name, summary }) => `    ${quoted(`${word(name)}:${summary.replaceAll(":", "\\:")}`)}`,
  );
  const cases = verbs.map((verb) => {
    const specs = verb.options.filter((option) => option.hidden !== true).map(optionSpec);
    const [argument] = verb.arguments;
    if (argument !== undefined) {
      const action =
        argument.completion === "agents"
          ? "_fleet_agents"
          : argument.completion === undefined
            ? " "
            : `(${argument.completion.choices.map(word).join(" ")})`;
      specs.push(quoted(`${argument.variadic ? "*" : "1"}:${argument.name.toLowerCase()}:${action}`));
    }
    return `        ${word(verb.name)}) _arguments -s ${[...specs, quoted("(- *)--help[show help]")].join(" \\\n          ")} ;;`;
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
  _arguments -C '(- *)--help[show help]' '(- *)--version[print the version]' '1:verb:->verb' '*::word:->word'
  case $state in
    verb) _describe verb verbs ;;
    word)
      case $words[1] in
${cases.join("\n")}
      esac
      ;;
  esac
}
if [ "$funcstack[1]" = _fleet ]; then _fleet "$@"; else compdef _fleet fleet; fi
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

import type { GroupDeclaration, OptionDeclaration, VerbDeclaration } from "../declaration.ts";
import { firstWords, flagsOf, namesOf, secondWords, takersOf, word, wordsOf } from "./shell-words.ts";

/** The bash completion script. Names of agents are asked for when they are wanted, never run as shell text. */
export function bashCompletion(
  verbs: readonly VerbDeclaration[],
  groups: readonly GroupDeclaration[],
): string {
  const cases = namesOf(verbs).map(
    ({ name, verb }) => `    ${name.includes(" ") ? `"${wordsOf(name)}"` : word(name)})
      flags=${JSON.stringify(flagsOf(verb).join(" "))}
${argumentWords(name, verb)}      ;;`,
  );
  const grouped = groups.map(
    ({ name }) => `    ${word(name)})
      if [ "$COMP_CWORD" -eq 2 ]; then
        words="$words ${secondWords(verbs, name)
          .map(([second]) => word(second))
          .join(" ")}"
      else
        verb="$verb \${COMP_WORDS[2]}"
      fi
      ;;`,
  );
  const afterFlag = verbs.flatMap((verb) => verb.options.flatMap((option) => valueCase(option)));
  return `# bash completion of fleet: made by \`fleet completion bash\`
# How many words that are no option, nor the value of one ($2), stand before the cursor, from the $1st on.
_fleet_place() {
  local at place=0
  for ((at = $1; at < COMP_CWORD; at++)); do
    case \${COMP_WORDS[at]} in -*) continue ;; esac
    case " $2 " in *" \${COMP_WORDS[at-1]} "*) continue ;; esac
    place=$((place + 1))
  done
  echo "$place"
}
_fleet() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} flags="" words="" verb
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${firstWords(verbs, groups)
      .map(([name]) => word(name))
      .join(" ")} --help --version" -- "$current"))
    return
  fi
  case $previous in
${[...new Set(afterFlag)].join("\n")}
  esac
  verb=\${COMP_WORDS[1]}
${grouped.length === 0 ? "" : `  case $verb in\n${grouped.join("\n")}\n  esac\n`}  case $verb in
${cases.join("\n")}
  esac
  case $current in
    -*) COMPREPLY=($(compgen -W "$flags --help" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
  esac
}
complete -F _fleet fleet
`;
}

/** What may stand in each of its places; nothing behind the last one, unless that may be said again. */
function argumentWords(name: string, verb: VerbDeclaration): string {
  const places = verb.arguments.flatMap(({ completion, variadic }, place) => {
    if (completion === undefined) return [];
    const offered =
      completion === "agents"
        ? "$(fleet completion --agents 2>/dev/null)"
        : completion.choices.map(word).join(" ");
    return [`        ${variadic ? "*" : place}) words="$words ${offered}" ;;\n`];
  });
  if (places.length === 0) return "";
  const first = name.split(" ").length + 1;
  return `      case $(_fleet_place ${first} "${takersOf(verb).join(" ")}") in\n${places.join("")}      esac\n`;
}

/** What may follow an option that takes a value; nothing where only the user knows it. */
function valueCase({ name, value }: OptionDeclaration): string[] {
  if (value === undefined) return [];
  const words =
    value.name === "NAME"
      ? "$(fleet completion --agents 2>/dev/null)"
      : (value.choices ?? []).map(word).join(" ");
  return [`    --${word(name)}) COMPREPLY=($(compgen -W "${words}" -- "$current")); return ;;`];
}

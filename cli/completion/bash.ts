import type { GroupDeclaration, OptionDeclaration, VerbDeclaration } from "../declaration.ts";
import { firstWords, flagsOf, namesOf, secondWords, word, wordsOf } from "./shell-words.ts";

/** The bash completion script. Names of agents are asked for when they are wanted, never run as shell text. */
export function bashCompletion(
  verbs: readonly VerbDeclaration[],
  groups: readonly GroupDeclaration[],
): string {
  const cases = namesOf(verbs).map(({ name, verb }) => {
    const [argument] = verb.arguments;
    const completion = argument?.completion;
    const words =
      completion === "agents"
        ? "$(fleet completion --agents 2>/dev/null)"
        : completion === undefined
          ? ""
          : completion.choices.map(word).join(" ");
    return `    ${name.includes(" ") ? `"${wordsOf(name)}"` : word(name)})
      flags=${JSON.stringify(flagsOf(verb).join(" "))}
      words="$words ${words}"
      ;;`;
  });
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

/** What may follow an option that takes a value; nothing where only the user knows it. */
function valueCase({ name, value }: OptionDeclaration): string[] {
  if (value === undefined) return [];
  const words =
    value.name === "NAME"
      ? "$(fleet completion --agents 2>/dev/null)"
      : (value.choices ?? []).map(word).join(" ");
  return [`    --${word(name)}) COMPREPLY=($(compgen -W "${words}" -- "$current")); return ;;`];
}

import type { PsDocument } from "../query/row.ts";
import { namesIn, valuesOf, type Words } from "./declaration.ts";
import { oddKinds } from "./kinds-asked.ts";

/** The rows that NAME... or --agent, --class and --runtime ask for; of each kind one has to fit. */
export function selectRows(document: PsDocument, words: Words): PsDocument {
  const [names, classes, runtimes] = [namesIn(words), valuesOf(words, "class"), valuesOf(words, "runtime")];
  const agents = document.agents.filter(
    (row) =>
      fits(names, row.name) &&
      fits(classes, row.class) &&
      (runtimes.length === 0 || runtimes.includes(row.runtime ?? "")),
  );
  return { ...document, agents };
}

function fits(wanted: readonly string[], value: string): boolean {
  return wanted.length === 0 || wanted.includes(value);
}

/** A class or a runtime that no row has selects nothing: whoever misspelt it wants to know which there are. */
export function hintOnSelection({ agents }: PsDocument, words: Words): string {
  return oddKinds(agents, words, ["here is", "are"]);
}

/** Names asked for that no row has. */
export function unknownNames(document: PsDocument, words: Words): string[] {
  const known = new Set(document.agents.map(({ name }) => name));
  return namesIn(words).filter((name) => !known.has(name));
}

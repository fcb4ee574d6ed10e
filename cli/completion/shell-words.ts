import type { GroupDeclaration, VerbDeclaration } from "../declaration.ts";

/** A name of ours inside a shell script: the declarations hold nothing else, and a test of them would show it. */
export function word(name: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(name))
    throw new Error(`${JSON.stringify(name)} cannot stand in a shell script`);
  return name;
}

/** A sentence of ours in single quotes. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Long and short flags that people may type. */
export function flagsOf(verb: VerbDeclaration): string[] {
  return verb.options
    .filter((option) => option.hidden !== true)
    .flatMap(({ name, short }) => [`--${word(name)}`, ...(short === undefined ? [] : [`-${word(short)}`])]);
}

/** Names that a shell may be given as they are. A session may be called anything; what is not plain is left out. */
export function plainNames(names: Iterable<string>): string[] {
  return [...new Set(names)].filter((name) => /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(name)).sort();
}

/** What may follow `fleet`: verbs of one word, then the words of groups, each with its sentence. */
export function firstWords(
  verbs: readonly VerbDeclaration[],
  groups: readonly GroupDeclaration[],
): (readonly [name: string, summary: string])[] {
  const single = namesOf(verbs).filter(({ name }) => !name.includes(" "));
  const taken = new Set(single.map(({ name }) => name));
  return [
    ...single.map(({ name, verb }) => [name, verb.summary] as const),
    ...groups.filter(({ name }) => !taken.has(name)).map(({ name, summary }) => [name, summary] as const),
  ];
}

/** What may follow a group's word. */
export function secondWords(
  verbs: readonly VerbDeclaration[],
  group: string,
): (readonly [name: string, summary: string])[] {
  return namesOf(verbs)
    .filter(({ name }) => name.startsWith(`${group} `))
    .map(({ name, verb }) => [name.slice(group.length + 1), verb.summary] as const);
}

/** Every name that a verb goes by. */
export function namesOf(verbs: readonly VerbDeclaration[]): { name: string; verb: VerbDeclaration }[] {
  return verbs.flatMap((verb) => [verb.name, ...(verb.also ?? [])].map((name) => ({ name, verb })));
}

/** The words of a name, each fit to stand in a script. */
export function wordsOf(name: string): string {
  return name.split(" ").map(word).join(" ");
}

/** The options of a verb that take a value, as people may type them. */
export function takersOf(verb: VerbDeclaration): string[] {
  return verb.options
    .filter(({ value }) => value !== undefined)
    .flatMap(({ name, short }) => [`--${word(name)}`, ...(short === undefined ? [] : [`-${word(short)}`])]);
}

import type { VerbDeclaration } from "../declaration.ts";

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

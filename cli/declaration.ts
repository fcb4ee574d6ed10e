import type { Output } from "./output.ts";

/** What a verb is for; `fleet --help` lists verbs under these. */
export const PURPOSES = ["look", "remember", "act", "set up", "keep"] as const;
export type Purpose = (typeof PURPOSES)[number];

export interface ValueDeclaration {
  /** How the value is called in help: `--since TIME`. */
  readonly name: string;
  /** `count` is a whole number of at least 0; `choice` one of `choices`; what the others mean is the verb's business. */
  readonly kind: "text" | "count" | "choice" | "time";
  readonly choices?: readonly string[];
}

export interface OptionDeclaration {
  /** The long name without dashes. `no-…` is a name like any other: it says what is switched off. */
  readonly name: string;
  readonly short?: string;
  /** Absent: a switch. */
  readonly value?: ValueDeclaration;
  /** May be given more than once; all values count. */
  readonly repeatable?: true;
  readonly description: string;
  /** Understood, not listed: for programs of ours, not for people. */
  readonly hidden?: true;
}

export interface ArgumentDeclaration {
  readonly name: string;
  readonly required: boolean;
  readonly variadic: boolean;
  readonly description: string;
  /** What a shell offers for it. */
  readonly completion?: "agents" | { readonly choices: readonly string[] };
}

export interface Example {
  readonly command: string;
  readonly meaning: string;
}

/** One verb as data: the only source of its parser, its help, its completion and its page in docs/cli.md. */
export interface VerbDeclaration {
  /** One word, or a group's word and another: `agent start`. Its module is `verbs/agent-start.ts`. */
  readonly name: string;
  /** Other names of the very same verb: `agent watch` for `watch`. They work, and are left out of the list of verbs. */
  readonly also?: readonly string[];
  readonly purpose: Purpose;
  /** One line for the list of verbs, lower case, no full stop. */
  readonly summary: string;
  /** Paragraphs; each is wrapped to the terminal. */
  readonly description: readonly string[];
  readonly arguments: readonly ArgumentDeclaration[];
  readonly options: readonly OptionDeclaration[];
  readonly examples: readonly Example[];
  /** Exit codes with a meaning of their own, beside those that every verb has. */
  readonly exits?: readonly (readonly [code: number, meaning: string])[];
  readonly load: () => Promise<VerbModule>;
}

/** A word under which several verbs stand. */
export interface GroupDeclaration {
  readonly name: string;
  /** One line, lower case, no full stop. */
  readonly summary: string;
}

export interface VerbModule {
  /** Does the verb and says how it ended (see exit.ts). What went wrong is thrown as a FleetError. */
  run(invocation: Invocation): Promise<number>;
}

/** The words of one command line, read against a declaration. */
export interface Words {
  readonly arguments: readonly string[];
  /** Switches given are true; repeatable options are always an array. What was not given is not there. */
  readonly options: Readonly<Record<string, true | string | readonly string[]>>;
}

export interface Invocation extends Words {
  readonly output: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function has(words: Words, option: string): boolean {
  return words.options[option] !== undefined;
}

/** The value of an option that is given at most once. */
export function textOf(words: Words, option: string): string | undefined {
  const value = words.options[option];
  return typeof value === "string" ? value : undefined;
}

export function valuesOf(words: Words, option: string): readonly string[] {
  const value = words.options[option];
  return Array.isArray(value) ? value : [];
}

/** Who is asked about by name: NAME..., and --agent. */
export function namesIn(words: Words): readonly string[] {
  return [...words.arguments, ...valuesOf(words, "agent")];
}

/** The value of a `count` option; `checkWords` has seen to it that it is one. */
export function countOf(words: Words, option: string): number | undefined {
  const value = textOf(words, option);
  return value === undefined ? undefined : Number(value);
}

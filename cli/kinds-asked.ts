import type { Kinds } from "../query/kinds.ts";
import { valuesOf, type Words } from "./declaration.ts";

/** What --class and --runtime ask for. */
export function kindsOf(words: Words): Kinds {
  return { classes: valuesOf(words, "class"), runtimes: valuesOf(words, "runtime") };
}

/** Only those of some class or runtime are asked about. */
export function asksForSome(words: Words): boolean {
  const { classes, runtimes } = kindsOf(words);
  return classes.length > 0 || runtimes.length > 0;
}

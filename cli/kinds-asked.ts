import type { Kinds } from "../query/kinds.ts";
import { valuesOf, type Words } from "./declaration.ts";
import { inQuotes, visible } from "./render/text.ts";

/** What --class and --runtime ask for. */
export function kindsOf(words: Words): Kinds {
  return { classes: valuesOf(words, "class"), runtimes: valuesOf(words, "runtime") };
}

/** Only those of some class or runtime are asked about. */
export function asksForSome(words: Words): boolean {
  const { classes, runtimes } = kindsOf(words);
  return classes.length > 0 || runtimes.length > 0;
}

/**
 * Of each class and runtime that was asked for and that none of these is of: that, and which there are, or were. A line for each; empty where there is
 * none.
 */
export function oddKinds(
  agents: Iterable<{ readonly class: string; readonly runtime: string | null }>,
  words: Words,
  [is, are]: readonly [is: string, are: string] = ["was then", "were"],
): string {
  const all = [...agents];
  const odd = (option: "class" | "runtime"): string => {
    const known = [...new Set(all.flatMap((one) => one[option] ?? []))].sort();
    const there = known.length === 0 ? "" : `; there ${are}: ${known.map(visible).join(", ")}`;
    return valuesOf(words, option)
      .filter((value) => !known.includes(value))
      .map((value) => `  no agent ${is} of ${option} ${inQuotes(value)}${there}\n`)
      .join("");
  };
  return odd("class") + odd("runtime");
}

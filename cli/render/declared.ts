import type { RosterEntry } from "../../query/history/past.ts";
import { isOfKind, type Kinds, whileRostered } from "../../query/kinds.ts";
import type { DeclaredChange } from "../../query/redeclared.ts";
import { formatLength } from "./duration.ts";
import { visible } from "./text.ts";

interface Kind {
  readonly class: string;
  readonly runtime: string | null;
}

/** A stretch of so many microseconds in which an agent was declared so. */
export interface Stretch extends Kind {
  readonly us: number;
}

/**
 * Of one that was declared anew in the window, and was what is asked for in a part of it: `coder0 was of runtime codex for 12 h of it`.
 * Null where it was so all the time.
 */
export function partOfIt(name: string, declared: readonly Stretch[], kinds: Kinds): string | null {
  const asked = declared.filter((one) => isOfKind(kinds, one));
  if (asked.length === declared.length) return null;
  const us = asked.reduce((sum, one) => sum + one.us, 0);
  const was = [
    ...wordsOn("class", kinds.classes, asked, declared),
    ...wordsOn("runtime", kinds.runtimes, asked, declared),
  ];
  return `${visible(name)} was ${was.join(" and ")} for ${formatLength(us)} of it`;
}

/** `of class reviewer`, where classes were asked for and it had others too. */
function wordsOn(
  kind: keyof Kind,
  wanted: readonly string[],
  asked: readonly Kind[],
  declared: readonly Kind[],
): string[] {
  if (wanted.length === 0 || declared.every((one) => wanted.includes(one[kind] ?? ""))) return [];
  return [`of ${kind} ${[...new Set(asked.map((one) => visible(one[kind] ?? "")))].join(" or ")}`];
}

/** `runtime claude instead of codex, interval 8 s instead of 4 s`: what a new declaration changed. */
export function formatChanges(changes: readonly DeclaredChange[]): string {
  return changes
    .map(({ what, from, to }) => {
      if (what === "expected to beat") return to === "yes" ? what : "no longer expected to beat";
      const [before, after] = [from, to].map((said) => visible(said ?? "none"));
      return `${what} ${after} instead of ${before}`;
    })
    .join(", ");
}

/** Of those that were something else than what is asked for in a part of the window, though all of it is told. */
export function toldWhole(
  entries: readonly Pick<RosterEntry, "name" | "declared" | "stays">[],
  kinds: Kinds,
): string[] {
  return entries.flatMap(({ name, ...entry }) => {
    const stretches = whileRostered(entry).map((one) => ({ ...one, us: one.toUs - one.fromUs }));
    const part = partOfIt(name, stretches, kinds);
    return part === null ? [] : [`${part}: the rest of its time is told, too.`];
  });
}

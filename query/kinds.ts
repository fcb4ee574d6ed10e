import type { Declared, RosterEntry } from "./history/past.ts";
import { overlapOf, type Span } from "./history/span.ts";
import { exactIsoOf } from "./instant.ts";

/** What `--class` and `--runtime` ask for: of each kind one has to fit, and none given is all of them. */
export interface Kinds {
  readonly classes: readonly string[];
  readonly runtimes: readonly string[];
}

export const ANY_KIND: Kinds = { classes: [], runtimes: [] };

/** Whether something that is, or was at some time, of this class and runtime is asked about. */
export function isOfKind(
  { classes, runtimes }: Kinds,
  of: { readonly class: string; readonly runtime: string | null },
): boolean {
  return fits(classes, of.class) && fits(runtimes, of.runtime);
}

function fits(wanted: readonly string[], value: string | null): boolean {
  return wanted.length === 0 || (value !== null && wanted.includes(value));
}

/** Those that touch, and are alike, as one. In order of time. */
export function joined<T extends Span>(pieces: readonly T[], isAlike: (one: T, other: T) => boolean): T[] {
  const found: T[] = [];
  for (const piece of pieces) {
    const last = found.at(-1);
    if (last?.toUs === piece.fromUs && isAlike(last, piece))
      found[found.length - 1] = { ...last, toUs: piece.toUs };
    else found.push(piece);
  }
  return found;
}

/** What it was declared as while it was on the roster: of the time between, whatever that counts to, nobody declared anything. */
export function whileRostered({ declared, stays }: Pick<RosterEntry, "declared" | "stays">): Declared[] {
  return declared.flatMap((one) => overlapOf([one], stays).map((span) => ({ ...one, ...span })));
}

/** As JSON has it. */
export function declaredAs({ fromUs, toUs, class: ofClass, runtime }: Declared) {
  return { from: exactIsoOf(fromUs), to: exactIsoOf(toUs), class: ofClass, runtime };
}

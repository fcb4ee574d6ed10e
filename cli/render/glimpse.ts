import type { Glimpse } from "../../query/known-by.ts";

/** Of what is known of no more than a moment, by whom. */
export function glimpseWords(glimpse: NonNullable<Glimpse>): string {
  return glimpse === "look" ? "seen by a single look" : "known of that moment only";
}

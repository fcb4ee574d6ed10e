import { explainRow } from "../ps.ts";
import type { AsOfInput } from "./as-of.ts";
import { tableAt } from "./as-of.ts";
import type { History } from "./history.ts";
import { once } from "./once.ts";
import type { Past } from "./past.ts";
import { since } from "./span.ts";
import type { Window } from "./sweep.ts";
import { happeningsWithin, isHappening, watchedWithin } from "./when.ts";

/**
 * The same past, of which one stretch of an agent's time is read as a whole and once: within a window its history is that of the whole log. What
 * lies outside of it, or is of somebody else, is asked of the past itself.
 */
export function pastOfStretch(
  past: Past,
  stretch: {
    readonly agent: string;
    /** It ends now at the latest. */
    readonly window: Window;
    readonly read: () => History;
    readonly table: Omit<AsOfInput, "atUs" | "all">;
  },
): Past {
  const { agent, window, table } = stretch;
  const history = once(stretch.read);
  const holds = (name: string, { fromUs, toUs }: Window): boolean =>
    name === agent && window.fromUs <= fromUs && toUs <= window.toUs;
  return {
    ...past,
    explain: (name, atUs) =>
      holds(name, { fromUs: atUs, toUs: atUs })
        ? explainRow(tableAt(history(), { ...table, atUs, all: true }), name)
        : past.explain(name, atUs),
    occurrences: (name, state, asked) =>
      isHappening(state) && holds(name, { fromUs: asked.fromUs - 1, toUs: asked.toUs })
        ? happeningsWithin(history(), name, state, asked)
        : past.occurrences(name, state, asked),
    observed: (name, state, asked) =>
      isHappening(state) && holds(name, { fromUs: asked.fromUs - 1, toUs: asked.toUs })
        ? since(past.beginsUs ?? Infinity, watchedWithin(history(), name, state, asked))
        : past.observed(name, state, asked),
  };
}

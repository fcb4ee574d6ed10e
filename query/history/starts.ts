import type { Past } from "./past.ts";
import type { Window } from "./sweep.ts";

/** When lives of an agent began. */
export interface Starts {
  /** The last that began after the one moment, and by the other; null: none did. */
  lastIn(afterUs: number, byUs: number): number | null;
}

/** For whoever asks about one gap after another: so much is read ahead as may be held, and no more of it kept than the last. */
export function startsOf({ occurrences, parts }: Pick<Past, "occurrences" | "parts">, agent: string): Starts {
  let known: { readonly part: Window; readonly startsUs: readonly number[] } | null = null;
  const around = (us: number) => {
    if (known !== null && known.part.fromUs <= us && us < known.part.toUs) return known;
    const [part = { fromUs: us, toUs: Infinity }] = parts({ fromUs: us, toUs: Infinity });
    known = { part, startsUs: [...occurrences(agent, "started", part)].map(({ fromUs }) => fromUs) };
    return known;
  };
  return {
    lastIn(afterUs, byUs) {
      let last: number | null = null;
      for (let us = afterUs + 1; us <= byUs; ) {
        const { part, startsUs } = around(us);
        last = startsUs.findLast((startUs) => startUs > afterUs && startUs <= byUs) ?? last;
        us = part.toUs;
      }
      return last;
    },
  };
}

import { DAY_US, dayStartUs } from "./day.ts";

/** One life of an agent, from its first moment on. Null: nothing that ran was seen, or nothing could tell one life from another. */
export interface Life {
  readonly fromUs: number;
  readonly incarnation: string | null;
}

export interface Stretch {
  readonly fromUs: number;
  /** Null: it goes on. */
  readonly toUs: number | null;
}

export type Piece<T> = T & {
  readonly fromUs: number;
  readonly toUs: number;
  readonly incarnation: string | null;
};

/**
 * Stretches cut where a UTC day ends and where another life begins, so that each piece belongs to one trace; only pieces that end
 * by `settledUs`. Cutting at midnight is what lets a state that goes on for weeks be seen: its closed days are pieces.
 */
export function* piecesOf<T extends Stretch>(
  stretches: Iterable<T>,
  lives: readonly Life[],
  window: { readonly fromUs: number; readonly settledUs: number },
): Generator<Piece<T>> {
  for (const stretch of stretches) {
    const end = Math.min(stretch.toUs ?? Number.POSITIVE_INFINITY, window.settledUs);
    // What was before the window's first day has been told.
    let from = Math.max(stretch.fromUs, dayStartUs(window.fromUs));
    while (from < end) {
      const to = Math.min(
        dayStartUs(from) + DAY_US,
        nextLifeUs(lives, from),
        stretch.toUs ?? Number.POSITIVE_INFINITY,
      );
      if (to > window.settledUs) break;
      if (to >= window.fromUs)
        yield { ...stretch, fromUs: from, toUs: to, incarnation: lifeAt(lives, from)?.incarnation ?? null };
      from = to;
    }
  }
}

/** The life that a moment belongs to: its last one that had begun. An agent that is dead is dead in the life that ended. */
export function lifeAt(lives: readonly Life[], atUs: number): Life | undefined {
  return lives[lastBegun(lives, atUs)];
}

function nextLifeUs(lives: readonly Life[], atUs: number): number {
  return lives[lastBegun(lives, atUs) + 1]?.fromUs ?? Number.POSITIVE_INFINITY;
}

function lastBegun(lives: readonly Life[], atUs: number): number {
  let low = 0;
  let high = lives.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lives[middle] as Life).fromUs <= atUs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

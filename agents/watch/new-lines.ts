/** Where reading a pane's lines stands. Made by `startAt`, moved by `newLines`. */
export interface Reading {
  /** Lines above the screen when it was read last. */
  readonly history: number;
  /** The lines that were told last, to find the place again when the numbers do not tell it. */
  readonly told: readonly string[];
  /** How many lines had been told, counted from the top of the history. */
  readonly upTo: number;
}

/** One look at the lines of a pane: those that are still kept, from the oldest on. */
export interface Lines {
  readonly history: number;
  /** All lines from `first` on (counted from the top of the history) that will not change any more: those above the cursor's row. */
  readonly first: number;
  readonly done: readonly string[];
}

const KEPT = 12;

export function startAt({ history, first, done }: Lines): Reading {
  return { history, told: done.slice(-KEPT), upTo: first + done.length };
}

/**
 * The lines that have come since. While the history only grows, lines are counted. When it was cut (its limit is reached, it was
 * cleared, the window was resized) the place is found by the lines told last; where those are gone too, `missed` says so.
 */
export function newLines(
  before: Reading,
  now: Lines,
): { readonly reading: Reading; readonly lines: readonly string[]; readonly missed: boolean } {
  const end = now.first + now.done.length;
  const isCounted = now.history >= before.history && before.upTo >= now.first;
  const from = isCounted ? Math.max(before.upTo, now.first) : placeAfter(now, before.told);
  const lines = from === null ? now.done : now.done.slice(from - now.first);
  const told = [...before.told, ...lines].slice(-KEPT);
  // A cursor that went up (a screen was cleared, a TUI redraws) takes no line back that was told.
  const upTo = isCounted ? Math.max(before.upTo, end) : end;
  return { reading: { history: now.history, told, upTo }, lines, missed: from === null };
}

/** Behind the last place where the lines told last stand together. */
function placeAfter({ first, done }: Lines, told: readonly string[]): number | null {
  if (told.length === 0) return first;
  for (let end = done.length; end >= told.length; end -= 1) {
    if (told.every((line, index) => done[end - told.length + index] === line)) return first + end;
  }
  return null;
}

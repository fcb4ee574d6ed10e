/**
 * A value as a function of time that changes only at known moments: `values[i]` holds from `fromUs[i]` (inclusive) until
 * `fromUs[i + 1]`. The first piece begins at -Infinity. Built in place while events are read, and only read afterwards.
 */
export interface Timeline<T> {
  readonly fromUs: readonly number[];
  readonly values: readonly T[];
}

interface Growing<T> {
  fromUs: number[];
  values: T[];
}

/** The same value at all times. */
export function always<T>(value: T): Timeline<T> {
  return { fromUs: [-Infinity], values: [value] };
}

/** The piece that holds at a moment: the last one that begins at or before it. */
export function pieceAt(timeline: Timeline<unknown>, atUs: number): number {
  const { fromUs } = timeline;
  let low = 0;
  let high = fromUs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((fromUs[middle] as number) <= atUs) low = middle;
    else high = middle - 1;
  }
  return low;
}

export function valueAt<T>(timeline: Timeline<T>, atUs: number): T {
  return timeline.values[pieceAt(timeline, atUs)] as T;
}

/** When the piece ends; Infinity for the last one. */
export function endOf(timeline: Timeline<unknown>, piece: number): number {
  return timeline.fromUs[piece + 1] ?? Infinity;
}

/** The value holds from here on for good: whatever was said of later moments is forgotten. */
export function setFrom<T>(timeline: Timeline<T>, fromUs: number, value: T): void {
  evolveFrom(timeline, fromUs, () => value);
}

/** Every value from here on is replaced by what `next` makes of it: one step of a fold, taken at each moment that it reaches. */
export function evolveFrom<T>(timeline: Timeline<T>, fromUs: number, next: (value: T) => T): void {
  evolveWithin(timeline, fromUs, Infinity, next);
}

export function setWithin<T>(timeline: Timeline<T>, fromUs: number, toUs: number, value: T): void {
  evolveWithin(timeline, fromUs, toUs, () => value);
}

function evolveWithin<T>(timeline: Timeline<T>, fromUs: number, toUs: number, next: (value: T) => T): void {
  if (fromUs >= toUs) return;
  const made: Growing<T> = { fromUs: [], values: [] };
  const add = (beginsUs: number, value: T): void => {
    if (made.values.length > 0 && made.values.at(-1) === value) return;
    made.fromUs.push(beginsUs);
    made.values.push(value);
  };
  const first = pieceAt(timeline, fromUs);
  let piece = first;
  for (; piece < timeline.values.length; piece++) {
    const beginsUs = timeline.fromUs[piece] as number;
    const value = timeline.values[piece] as T;
    if (beginsUs >= toUs) break;
    if (beginsUs < fromUs) add(beginsUs, value);
    add(Math.max(beginsUs, fromUs), next(value));
    if (endOf(timeline, piece) > toUs) add(toUs, value);
  }
  const growing = timeline as Growing<T>;
  replace(growing.fromUs, first, piece - first, made.fromUs);
  replace(growing.values, first, piece - first, made.values);
}

/** So many arguments any call takes; a history may have more pieces. */
const ARGUMENTS = 10_000;

function replace<T>(list: T[], at: number, count: number, by: readonly T[]): void {
  if (by.length <= ARGUMENTS) {
    list.splice(at, count, ...by);
    return;
  }
  const rest = list.splice(at).slice(count);
  for (const value of by) list.push(value);
  for (const value of rest) list.push(value);
}

/** All moments at which the value changes, but for the beginning of time. */
export function changesOf(timeline: Timeline<unknown>): readonly number[] {
  return timeline.fromUs.slice(1);
}

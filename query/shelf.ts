/**
 * A list that grows with what is asked about, and is told in its order, or by its places. In memory it is an array; a verb whose answer may be
 * longer than what memory is for keeps it elsewhere.
 */
export interface Shelf<T> extends Iterable<T> {
  readonly length: number;
  at(place: number): T | undefined;
  push(value: T): unknown;
}

/** A new one, for values that JSON can tell. */
export type NewShelf = <T>() => Shelf<T>;

export const inMemory: NewShelf = () => [];

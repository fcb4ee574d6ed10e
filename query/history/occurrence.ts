/** One time that something was so, or happened, within a window. */
export interface Occurrence {
  readonly fromUs: number;
  /** Exclusive. Null: it goes on at the window's end. Equal to `fromUs` for what happens at an instant. */
  readonly toUs: number | null;
  /** It was so already when the window began: `fromUs` is the window's beginning. */
  readonly beganBefore: boolean;
  readonly reason: string | null;
  readonly why: readonly number[];
}

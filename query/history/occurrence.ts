/** One time that something was so, or happened, within a window. */
export interface Occurrence {
  readonly fromUs: number;
  /** Exclusive. Null: it goes on at the window's end. Equal to `fromUs` for what happens at an instant. */
  readonly toUs: number | null;
  /** It was so already when the window began: `fromUs` is the window's beginning. */
  readonly beganBefore: boolean;
  /** It was found so, not broken off by anything else that was seen, so many times; of the time between so much was watched by nobody. */
  readonly found: number;
  readonly unseenUs: number;
  /** Nobody saw it end: at `toUs` watching ended, and what was found next was something else, a new stay, or nothing yet. */
  readonly endUnseen: boolean;
  /** Its source states its moment no finer: it lies in [fromUs, fromUs + withinUs). */
  readonly withinUs?: number;
  readonly reason: string | null;
  readonly why: readonly number[];
}

import type { Cell } from "./screen.ts";

/** A first-run dialog by its words; all patterns must be found. */
export interface DialogMark {
  readonly name: string;
  readonly all: readonly RegExp[];
}

/** A prompt that an Enter would answer: the hint that ends the screen, and where needed what stands above it. */
export interface PromptMark {
  readonly name: string;
  readonly hint: RegExp;
  readonly text?: RegExp;
}

/**
 * What is known of one runtime in one version, as data: how its screen reads. Measured on captured screens
 * (test/fixtures/runtimes); a new version of a runtime is a new entry, and new captures that prove it.
 */
export interface ScreenKnowledge {
  readonly runtime: string;
  /** The version it was measured with. */
  readonly version: string;
  /** Whether its input row lives on the alternate screen. A dialog may not. */
  readonly alternate: boolean;
  readonly input: InputShape;
  /** Text that the runtime shows in place of a big paste. */
  readonly pasted: RegExp;
  /** Cells of an empty input row that are a hint and no draft. */
  isHint(cell: Cell): boolean;
  /** Below the input, every row that is not blank must be one of these; anything else is a screen never seen. */
  readonly footers: readonly RegExp[];
  /** Begins a paragraph of changing words (a tip) that ends with a blank row. */
  readonly tip: RegExp | null;
  /** At least one row below the input must be this: it is what tells this runtime from another one of the same shape. */
  readonly signature: RegExp;
  readonly busy: {
    /** In the rows below the input. */ readonly below: readonly RegExp[];
    /** In the eight rows above the input. */ readonly above: readonly RegExp[];
    /** In the title. Where this is given, a screen without a title is not known to be idle. */
    readonly title: RegExp | null;
  };
  /** Messages that wait behind the running turn, in the rows around the input. */
  readonly queued: readonly RegExp[];
  /** Hints are looked for in so many of the last rows that are not blank. */
  readonly waiting: {
    readonly rows: number;
    readonly marks: readonly PromptMark[];
    readonly title: RegExp | null;
  };
  /** Looked for on a screen without an input row. Never answered, only named. */
  readonly dialogs: readonly DialogMark[];
}

/**
 * How the input is drawn: between two rules, after a marker, or in a box with a bar on its left. `marker` begins the first
 * row, `indent` the others.
 */
export type InputShape =
  | { readonly kind: "rules"; readonly marker: string; readonly indent: string; readonly rule: RegExp }
  | { readonly kind: "marker"; readonly marker: string; readonly indent: string }
  | { readonly kind: "box"; readonly bar: RegExp; readonly label: RegExp; readonly bottom: RegExp };

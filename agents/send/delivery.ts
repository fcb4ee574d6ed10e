import type { NoPane, PaneLook } from "../pane/pane.ts";
import type { Foreground } from "../pane/reader.ts";
import type { Terminal } from "../pane/terminal.ts";
import type { DraftRow } from "./draft-row.ts";

/** What the runtime itself said of this message, through its adapter. */
export interface Acknowledged {
  /** An adapter is at work in this life of the runtime: it will say so, and its silence means something. */
  readonly expected: boolean;
  readonly received: boolean;
  readonly queued: boolean;
  readonly takenUp: boolean;
}

/** Everything that can be seen from outside in one moment. */
export interface Look {
  /** Monotonic. */
  readonly atMs: number;
  readonly pane: PaneLook | NoPane;
  readonly foreground: Foreground;
  /** Null: the kernel could not be asked. */
  readonly terminal: Terminal | null;
  readonly acknowledged: Acknowledged;
}

/** A look at a pane that is there. */
export interface Seen extends Look {
  readonly pane: PaneLook;
}

export interface Order {
  /** What is typed. */
  readonly text: string;
  readonly bytes: number;
  readonly deadlineMs: number;
  /** Type behind what already stands in the input row. */
  readonly append: boolean;
  /** The pane's process when it was found. */
  readonly pid: number;
}

/** Where a delivery stands. Made by `begin`, moved only by `advance`. */
export interface Delivery {
  readonly order: Order;
  readonly phase: "checking" | "typed" | "submitted";
  /** The last look before anything was typed. */
  readonly before: Seen | null;
  /** The last look before Enter. */
  readonly entered: Seen | null;
  readonly draft: DraftRow | null;
  /** Since when all that is needed for the next step has been true. */
  readonly sinceMs: number | null;
}

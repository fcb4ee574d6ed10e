import type { NewEvent, Source } from "./envelope.ts";
import type { Snapshot } from "./snapshot.ts";

/** A durable position in a source. It moves by compare-and-set, in the transaction of the events it stands for. */
export interface CursorMove {
  readonly name: string;
  /** What this collector believes the cursor is; another value in the log means that another writer was here first. */
  readonly expected: string | null;
  readonly next: string;
}

/** Everything one `emit` puts into one transaction: all of it is in the log afterwards, or nothing. */
export interface Batch {
  readonly source: Source;
  readonly events?: readonly NewEvent[];
  readonly snapshot?: Snapshot;
  readonly cursor?: CursorMove;
  /** A successful look that may have changed nothing: it only refreshes how old the source's answers are. A snapshot implies it. */
  readonly observed?: { readonly scope: string; readonly atUs: number };
  /** Volatile readings of the present (window activity per pane, in us), shown by `ps` and never by history. */
  readonly gauges?: { readonly scope: string; readonly values: Readonly<Record<string, number>> };
}

export type Appended =
  | { readonly ok: true; readonly count: number; readonly lastSeq: number }
  /** The cursor stood elsewhere, nothing was written: read it again and go on from there. */
  | { readonly ok: false; readonly reason: "cursor-moved"; readonly actual: string | null };

export type Emit = (batch: Batch) => Appended;

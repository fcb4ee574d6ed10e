import type { ChronicleView } from "./chronicle-view.ts";
import type { Documents, FoldEvent, ReadonlyDocuments, Repetition } from "./projection.ts";

/**
 * A projection over time, handed to the store beside the folds: it watches them change the documents and keeps what the
 * documents were, from when on. The store runs it inside the append transaction and again on rebuild.
 */
export interface Chronicle {
  readonly name: string;
  readonly version: number;
  /** Families of documents that it keeps no lines of. */
  readonly ignores: ReadonlySet<string>;
  /** How a rebuild may fold in two halves side by side; null: it may not. */
  readonly halves: Halves | null;
  /** For one (tenant, host). It remembers nothing that is not in the tables, or can be read from them. */
  open(tables: ChronicleTables, part?: Part): Chronicler;
  /** Writes some of the verdicts that can be settled, in one transaction: up to this place of the log; null = there is no more to do. */
  settle(view: ChronicleView, verdicts: VerdictTable): number | null;
}

/** What is folded: everything, or of a log in two halves the many events that repeat themselves, or all the others. */
export type Part = "whole" | "samples" | "rest";

export interface Halves {
  /** Events of types that begin so change documents of this one family and read no other but those that `with` makes. */
  readonly samples: string;
  readonly family: string;
  /** Events of types that begin so belong to both halves. */
  readonly with: string;
  /** Samples that were recorded later than this after they occurred are passed to the rest as well. */
  readonly lateUs: number;
  /** Events of this source ask when the one before them was recorded. */
  readonly boundBy: string;
  /** After so many events all documents are kept, each half those that it makes. */
  readonly documentsEvery: number;
  /** The kind of the checkpoints that hold them: an array, the rest before the samples. */
  readonly documentsKind: string;
  /** Whether anything is kept at this place of the log. */
  isDue(seq: number): boolean;
}

export interface Chronicler {
  /** An event is about to be folded; `previousUs` is when the one before it in the log was recorded. */
  begin(event: FoldEvent, previousUs: number): void;
  /** A fold changes a document; undefined = it is deleted. */
  tell(family: string, id: string, before: unknown, document: unknown): void;
  /** It has been folded. */
  end(event: FoldEvent, documents: ReadonlyDocuments): void;
  /** An event of the other half, which nothing was folded of: what is due at its place, or late, is kept all the same. */
  pass(event: FoldEvent, documents: ReadonlyDocuments): void;
  /** What `begin` and `end` would have done; asked only after the folds have taken the event so. */
  repetition(event: FoldEvent): Repetition | null;
  /** The tables were changed by somebody else, or changes to them were undone. */
  forget(): void;
}

/** A value from a moment on, until the next piece of its line. */
export interface Piece {
  readonly fromUs: number;
  /** Undefined: nothing. Not to be changed in place. */
  readonly value: unknown;
}

export interface Happened {
  readonly kind: string;
  readonly id: string;
  readonly atUs: number;
  readonly seq: number;
  readonly value: unknown;
}

export interface Checkpoint {
  readonly seq: number;
  readonly recordedAtUs: number;
  readonly value: unknown;
}

/** `deflated` takes less room, and a process that reads none but plain ones starts 5 to 15 ms sooner: it needs no `node:zlib`. */
export type CheckpointForm = "plain" | "deflated";

/** What a chronicler may do. Times are whole microseconds. */
export interface ChronicleTables {
  /** The last piece of a line; null where it has none. */
  last(family: string, id: string): Piece | null;
  /** When the last piece begins; -Infinity where there is none. Cheap. */
  lastFromUs(family: string, id: string): number;
  /** The value holds from here on for good: pieces that begin later are forgotten. */
  setFrom(family: string, id: string, fromUs: number, value: unknown): void;
  /** Pieces that begin here or later are forgotten. */
  dropFrom(family: string, id: string, fromUs: number): void;
  /** Every value from here on is replaced by what `next` makes of it. */
  evolveFrom(family: string, id: string, fromUs: number, next: (value: unknown) => unknown): void;
  /** Lines with a piece that begins after this moment, with the last one. */
  linesBeyond(us: number): readonly { readonly family: string; readonly id: string; readonly last: Piece }[];
  happen(happened: Happened): void;
  /** Each of a kind that is dated at this moment or later is replaced by what `next` makes of it; null = it is forgotten. */
  move(kind: string, fromUs: number, next: (happened: Happened) => Happened | null): void;
  checkpoint(kind: string, checkpoint: Checkpoint, form: CheckpointForm): void;
  /** The last that was made at this place of the log or before. */
  lastCheckpoint(kind: string, throughSeq: number): Checkpoint | null;
  /** Events of this partition after a place in the log, of types that begin so. */
  eventsAfter(seq: number, types: readonly string[]): Iterable<FoldEvent>;
  /** Verdicts from this moment on may have changed, for one agent or ('') for all. */
  unsettle(plane: string, agent: string, fromUs: number): void;
}

/** The documents as the folds see them while a chronicler watches. */
export function watchedBy(
  chronicler: Chronicler,
  ignores: ReadonlySet<string>,
  documents: Documents,
): Documents {
  return {
    get: documents.get,
    list: documents.list,
    set(family, id, document) {
      if (!ignores.has(family)) chronicler.tell(family, id, documents.get(family, id), document);
      documents.set(family, id, document);
    },
    delete(family, id) {
      const before = documents.get(family, id);
      if (before !== undefined && !ignores.has(family)) chronicler.tell(family, id, before, undefined);
      documents.delete(family, id);
    },
  };
}

/** A verdict as it is kept. `fromUs` and `toUs` may be infinite. */
export interface KeptVerdict {
  readonly fromUs: number;
  readonly toUs: number;
  readonly status: string | null;
  readonly reason: string | null;
  readonly why: readonly number[];
  readonly rules: number;
}

/** Evidence that came since verdicts were settled. */
export interface Unsettled {
  readonly plane: string;
  /** '': everybody. */
  readonly agent: string;
  readonly fromUs: number;
}

export interface VerdictReader {
  /** Until when an agent's verdicts are kept; -Infinity where none are. */
  untilUs(agent: string): number;
  /** Those that meet the time from `fromUs` to `toUs`, in order of time. */
  verdicts(agent: string, fromUs: number, toUs: number): Iterable<KeptVerdict>;
  /** Only those that are neither healthy, busy, starting nor running; between them lie such. */
  notWell(agent: string, fromUs: number, toUs: number): Iterable<KeptVerdict>;
  unsettled(): readonly Unsettled[];
}

/** One partition's verdicts. An agent's rows follow one another without a hole. */
export interface VerdictTable extends VerdictReader {
  /** Nothing is kept of this moment and later. */
  cut(agent: string, fromUs: number): void;
  /** The next verdicts, from where the kept ones end. */
  extend(agent: string, verdicts: readonly KeptVerdict[]): void;
  /** The evidence that came since has been taken into account. */
  allSettled(): void;
  /** All that could be settled is, with the events up to this one. */
  settledThrough(seq: number): void;
}

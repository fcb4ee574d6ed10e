import type { NewEvent } from "./events/envelope.ts";
import type { Snapshot } from "./events/snapshot.ts";

/**
 * The documents folded from the log for one (tenant, host): small JSON values under a family and an id
 * (`heartbeat` / `coder0`). Values are never mutated in place; a change is a `set` of a new value.
 */
export interface Documents {
  get(family: string, id: string): unknown;
  list(family: string): Iterable<readonly [id: string, document: unknown]>;
  set(family: string, id: string, document: unknown): void;
  delete(family: string, id: string): void;
}
export type ReadonlyDocuments = Pick<Documents, "get" | "list">;

/** An event as a fold sees it. `payload` is whatever the log holds: a fold checks the version before it trusts the shape. */
export interface FoldEvent {
  readonly seq: number;
  readonly agent: string | null;
  readonly type: string;
  readonly schemaVersion: number;
  readonly source: string;
  readonly occurredAtUs: number;
  readonly precision: "s" | "ms" | "us";
  readonly recordedAtUs: number;
  readonly payload: unknown;
}

/**
 * A fold handed to the store: a pure, deterministic function of (documents, event). The store runs it inside the append
 * transaction and again on rebuild, and never looks inside. A new `version` makes the store rebuild the documents.
 */
export interface Projection {
  readonly name: string;
  readonly version: number;
  /** Types this fold reads; others never reach it. Null = all. */
  readonly types: ReadonlySet<string> | null;
  evolve(documents: Documents, event: FoldEvent): void;
  /** See `Repetition`; asked during a rebuild, right after the event was folded. Null = each is folded for itself. */
  repetition?(documents: Documents, event: FoldEvent): Repetition | null;
}

/**
 * Nine events of ten are a beat like the one before it. Takes one more event of the same series with the same payload and does what
 * `evolve` would have done, or says false and leaves it to `evolve`. It may change the document in place, and it stands only as long as
 * no other event of that agent, nor one of nobody, is folded.
 */
export type Repetition = (seq: number, occurredAtUs: number, recordedAtUs: number) => boolean;

/** Times on the log's own clock (the one `recordedAtUs` is stamped from, which never goes back). */
export interface DeriveContext {
  /** What `recordedAtUs` of the derived events will be, at least. */
  readonly nowUs: number;
  /** The snapshot's `begunAtUs`, carried over to the log's clock: a document last changed after it (`recordedAtUs` >) was
   *  seen more freshly by somebody else, so this snapshot says nothing about it. */
  readonly begunUs: number;
}

/** Which transitions a snapshot means, given what the log already says. Pure; it may be run again. */
export type Derive = (documents: ReadonlyDocuments, snapshot: Snapshot, context: DeriveContext) => NewEvent[];

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
}

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

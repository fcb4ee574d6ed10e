import type { Documents } from "./projection.ts";

export interface Change {
  readonly family: string;
  readonly id: string;
  /** The document as it is now; undefined = deleted. */
  readonly document: unknown;
}

/** The documents of one partition in memory, with what changed since `settle`. */
export interface DocumentSet extends Documents {
  /** Puts a document there without calling it a change. */
  load(family: string, id: string, document: unknown): void;
  /** Each changed document once, however often it changed. */
  changes(): Iterable<Change>;
  settle(): void;
  all(): Iterable<Change>;
}

interface Family {
  readonly documents: Map<string, unknown>;
  readonly changed: Set<string>;
  /** Ids in order, or null when one came or went. Folds that list must meet the same order live and on a rebuild. */
  ids: readonly string[] | null;
}

/** `untracked`: for a rebuild, which writes all documents in the end and has no use for which of them changed. */
export function createDocuments(tracking: "tracked" | "untracked" = "tracked"): DocumentSet {
  const isTracked = tracking === "tracked";
  const families = new Map<string, Family>();

  const familyOf = (name: string): Family => {
    let family = families.get(name);
    if (family === undefined) {
      family = { documents: new Map(), changed: new Set(), ids: null };
      families.set(name, family);
    }
    return family;
  };
  const put = (family: Family, id: string, document: unknown): void => {
    const before = family.documents.size;
    family.documents.set(id, document);
    if (family.documents.size !== before) family.ids = null;
  };

  return {
    get: (family, id) => families.get(family)?.documents.get(id),
    list(name) {
      const family = families.get(name);
      if (family === undefined) return [];
      family.ids ??= [...family.documents.keys()].sort();
      return family.ids.map((id) => [id, family.documents.get(id)] as const);
    },
    set(name, id, document) {
      const family = familyOf(name);
      put(family, id, document);
      if (isTracked) family.changed.add(id);
    },
    delete(name, id) {
      const family = families.get(name);
      if (!family?.documents.delete(id)) return;
      family.ids = null;
      if (isTracked) family.changed.add(id);
    },
    load: (name, id, document) => put(familyOf(name), id, document),
    *changes() {
      for (const [family, { documents, changed }] of families)
        for (const id of changed) yield { family, id, document: documents.get(id) };
    },
    settle() {
      for (const { changed } of families.values()) if (changed.size > 0) changed.clear();
    },
    *all() {
      for (const [family, { documents }] of families)
        for (const [id, document] of documents) yield { family, id, document };
    },
  };
}

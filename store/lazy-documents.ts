import { FleetError } from "./errors.ts";
import type { ReadonlyDocuments } from "./projection.ts";

/** A document as it is stored. */
export type DocumentRow = [family: string, id: string, document: string];

/** Stored documents, each parsed when it is first asked for: a reader seldom needs all. */
export function lazyDocuments(rows: readonly DocumentRow[]): ReadonlyDocuments {
  const families = new Map<string, Map<string, { text: string | null; value: unknown }>>();
  for (const [name, id, text] of rows) {
    let family = families.get(name);
    if (family === undefined) {
      family = new Map();
      families.set(name, family);
    }
    family.set(id, { text, value: undefined });
  }
  const value = (document: { text: string | null; value: unknown }): unknown => {
    if (document.text !== null) {
      document.value = parsedDocument(document.text);
      document.text = null;
    }
    return document.value;
  };
  return {
    get(family, id) {
      const document = families.get(family)?.get(id);
      return document && value(document);
    },
    list: (family) =>
      [...(families.get(family) ?? [])]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([id, document]) => [id, value(document)] as const),
  };
}

export function parsedDocument(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FleetError("corrupt", `a document beside the log is damaged: ${text.slice(0, 80)}`, {
      hint: "Run `fleet rebuild`: documents are folded from the log and can be made again at will.",
      cause: error,
    });
  }
}

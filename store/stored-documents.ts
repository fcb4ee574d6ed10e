import type { Database } from "better-sqlite3";
import type { DocumentSet } from "./documents.ts";
import { createDocuments } from "./documents.ts";
import { FleetError } from "./errors.ts";
import { prepared } from "./prepared.ts";
import type { ReadonlyDocuments } from "./projection.ts";

type Row = [family: string, id: string, document: string];

const OF_PARTITION = "SELECT family, id, document FROM documents WHERE partition_id = ?";

/** The documents of a partition as they are now. Each is parsed when it is first asked for: a reader seldom needs all. */
export function readDocuments(database: Database, partitionId: number): ReadonlyDocuments {
  const families = new Map<string, Map<string, { text: string | null; value: unknown }>>();
  for (const [name, id, text] of database.prepare(OF_PARTITION).raw().all(partitionId) as Row[]) {
    let family = families.get(name);
    if (family === undefined) {
      family = new Map();
      families.set(name, family);
    }
    family.set(id, { text, value: undefined });
  }
  const value = (document: { text: string | null; value: unknown }): unknown => {
    if (document.text !== null) {
      document.value = parsed(document.text);
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

/** The documents of a writer's own partition, kept in memory between its transactions. */
export function openDocumentTable(database: Database, partitionId: number) {
  const read = prepared(database, OF_PARTITION, "raw");
  const put = prepared(
    database,
    "INSERT OR REPLACE INTO documents (partition_id, family, id, document) VALUES (?, ?, ?, ?)",
  );
  const drop = prepared(database, "DELETE FROM documents WHERE partition_id = ? AND family = ? AND id = ?");
  return {
    load(): DocumentSet {
      const documents = createDocuments();
      for (const [family, id, text] of read().all(partitionId) as Row[])
        documents.load(family, id, parsed(text));
      return documents;
    },
    save(documents: DocumentSet): void {
      for (const { family, id, document } of documents.changes()) {
        if (document === undefined) drop().run(partitionId, family, id);
        else put().run(partitionId, family, id, JSON.stringify(document));
      }
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FleetError("corrupt", `a document beside the log is damaged: ${text.slice(0, 80)}`, {
      hint: "Run `fleet rebuild`: documents are folded from the log and can be made again at will.",
      cause: error,
    });
  }
}

import type { Database } from "better-sqlite3";
import type { DocumentSet } from "./documents.ts";
import { createDocuments } from "./documents.ts";
import { type DocumentRow, lazyDocuments, parsedDocument } from "./lazy-documents.ts";
import { prepared } from "./prepared.ts";
import type { ReadonlyDocuments } from "./projection.ts";

const OF_PARTITION = "SELECT family, id, document FROM documents WHERE partition_id = ?";

/** The documents of a partition as they are now. */
export function readDocuments(database: Database, partitionId: number): ReadonlyDocuments {
  return lazyDocuments(database.prepare(OF_PARTITION).raw().all(partitionId) as DocumentRow[]);
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
      for (const [family, id, text] of read().all(partitionId) as DocumentRow[])
        documents.load(family, id, parsedDocument(text));
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

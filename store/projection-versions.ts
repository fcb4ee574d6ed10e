import type { Database } from "better-sqlite3";

/** What is folded from the log: the projections, and the chronicle where there is one. */
export type Folded = { readonly name: string; readonly version: number } | null;

/**
 * How the documents in the database stand to the folds of this program: kept by the same ones, by older ones (or with
 * some missing), or by newer ones or ones unknown here, which this program must not write beside.
 */
export function storedVersions(database: Database, folded: readonly Folded[]): "same" | "older" | "newer" {
  const rows = database.prepare("SELECT name, version FROM projections").raw().all() as [string, number][];
  const own = new Map(kept(folded).map(({ name, version }) => [name, version]));
  let older = false;
  for (const [name, version] of rows) {
    const known = own.get(name);
    if (known === undefined || version > known) return "newer";
    if (version < known) older = true;
    own.delete(name);
  }
  return older || own.size > 0 ? "older" : "same";
}

/** Whether any fold has run over this log: over one that an import has just filled none has. */
export function wasFolded(database: Database): boolean {
  return database.prepare("SELECT EXISTS (SELECT 1 FROM projections)").pluck().get() === 1;
}

export function storeVersions(database: Database, folded: readonly Folded[]): void {
  const put = database.prepare("INSERT OR REPLACE INTO projections (name, version) VALUES (?, ?)");
  for (const { name, version } of kept(folded)) put.run(name, version);
}

function kept(folded: readonly Folded[]) {
  return folded.filter((each) => each !== null);
}

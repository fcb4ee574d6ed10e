import type { ReadonlyDocuments } from "../store/projection.ts";
import type { Reader } from "../store/reader.ts";

/** What a log knows agents by: a roster named them, a session was called so, or a beat was theirs. */
const FAMILIES = ["roster", "agent", "heartbeat"] as const;

/** Everyone whom a log knows by name. Only ids are asked for: `fleet events` starts without the code that knows what the documents say. */
export function agentsIn(documents: ReadonlyDocuments): string[] {
  return FAMILIES.flatMap((family) => [...documents.list(family)].map(([id]) => id));
}

/** One of those who were asked for that is nobody on any host of this log, and of whom no event is; and who there is. */
export function unknownAmong(
  reader: Reader,
  asked: readonly string[],
): { readonly name: string; readonly known: readonly string[] } | null {
  if (asked.length === 0) return null;
  const known = new Set(reader.partitions().flatMap((partition) => agentsIn(reader.documents(partition))));
  const isSilent = (agent: string) => [...reader.events({ agent, limit: 1 })].length === 0;
  const name = asked.find((agent) => !known.has(agent) && isSilent(agent));
  return name === undefined ? null : { name, known: [...known].sort() };
}

import type { Partition } from "../store/identity.ts";
import type { ReadonlyDocuments } from "../store/projection.ts";
import type { Reader } from "../store/reader.ts";
import { visible } from "./render/text.ts";

/** What a log knows agents by: a roster named them, a session was called so, or a beat was theirs. */
const FAMILIES = ["roster", "agent", "heartbeat"] as const;

/** Everyone whom a log knows by name. Only ids are asked for: `fleet events` starts without the code that knows what the documents say. */
export function agentsIn(documents: ReadonlyDocuments): string[] {
  return FAMILIES.flatMap((family) => [...documents.list(family)].map(([id]) => id));
}

/** The other hosts of a log on which somebody is or was called so, as the words that ask for them. */
export function elsewhereIn(reader: Reader, own: Partition, agent: string): string[] {
  return reader.partitions().flatMap((partition) => {
    const { tenantId, host } = partition;
    if (tenantId === own.tenantId && host === own.host) return [];
    const isKnown =
      agentsIn(reader.documents(partition)).includes(agent) ||
      [...reader.events({ ...partition, agent, limit: 1 })].length > 0;
    const tenant = tenantId === own.tenantId ? "" : `--tenant ${visible(tenantId)} `;
    return isKnown ? [`${tenant}--host ${visible(host)}`] : [];
  });
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

import type { PsDocument } from "../query/row.ts";
import type { Variables } from "./environment.ts";
import { openExistingLog } from "./existing-log.ts";
import { lookAround } from "./here.ts";
import { elsewhereIn } from "./known-agents.ts";
import { sayNobody } from "./no-such-agent.ts";
import type { Output } from "./output.ts";

/** Of a name that no row of the present has: the log may know it of another host. */
export function sayNobodyHere(
  { output, environment }: { readonly output: Output; readonly environment: Variables },
  unknown: string,
  { tenant_id, host, agents }: PsDocument,
): number {
  const known = agents.map(({ name }) => name);
  const reader = openExistingLog(lookAround(environment));
  try {
    const elsewhere = reader === null ? [] : elsewhereIn(reader, { tenantId: tenant_id, host }, unknown);
    return sayNobody(output, { unknown, known, elsewhere });
  } finally {
    reader?.close();
  }
}

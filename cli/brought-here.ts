import { hostname } from "node:os";
import type { Partition } from "../store/identity.ts";
import type { Reader } from "../store/reader.ts";
import { type Names, resolveNames, type Variables } from "./environment.ts";
import type { Here } from "./here.ts";
import { machineId } from "./machine-id.ts";
import { visible } from "./render/text.ts";
import { readRosterFile } from "./roster-file.ts";
import { userName } from "./user-name.ts";

/** A log that was brought here and is of others than who would write to it now. */
export interface BroughtHere {
  readonly of: Partition;
  readonly here: Partition;
}

/**
 * Whether a log is of somebody else: its newest event was imported, or written on another machine, and for another tenant or host than this one.
 * What was brought back to where it was written is not: it is gone on with. Nor is the log of a host that was only given another name.
 */
export function broughtHere(reader: Reader, here: Here, variables: Variables): BroughtHere | null {
  if (!reader.isImported() && !isOfAnotherMachine(reader)) return null;
  const names = resolveNames(variables, { ...here.account, hostname: hostname() });
  const [of, own] = [reader.identity(), { tenantId: tenantHere(names, here), host: names.host }];
  return of.tenantId === own.tenantId && of.host === own.host ? null : { of, here: own };
}

function isOfAnotherMachine(reader: Reader): boolean {
  const [here, there] = [machineId(), reader.writtenOn()];
  return here !== null && there !== null && here !== there;
}

/** FLEET_TENANT, the roster, the user's name. */
export function tenantHere(names: Names, here: Here): string {
  if (names.tenantOverride !== null) return names.tenantOverride;
  const roster = readRosterFile(here.places.roster);
  return (roster?.ok ? roster.roster.tenant_id : undefined) ?? userName(here.account.uid);
}

export function nameOf({ tenantId, host }: Partition): string {
  return visible(`${tenantId}@${host}`);
}

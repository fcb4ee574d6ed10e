import { FleetError } from "../store/errors.ts";
import type { Partition } from "../store/identity.ts";
import type { Reader } from "../store/reader.ts";
import { textOf, type Words } from "./declaration.ts";
import { visible } from "./render/text.ts";

/**
 * What else this log holds, where somebody asked about its own host without naming it: a host that was called otherwise before, or another that
 * was imported. Empty: nothing.
 */
export function othersThan(own: Partition, words: Words, reader: Reader): string {
  if (textOf(words, "tenant") !== undefined || textOf(words, "host") !== undefined) return "";
  return reader
    .partitions()
    .filter(({ tenantId, host }) => tenantId !== own.tenantId || host !== own.host)
    .map(({ tenantId, host }) => visible(`${tenantId}@${host}`))
    .join(", ");
}

/** The host that --host and --tenant name; null where they do not: all of them. */
export function namedPartition(words: Words, reader: Reader): Partition | null {
  const isNamed = textOf(words, "host") !== undefined || textOf(words, "tenant") !== undefined;
  return isNamed ? partitionOf(words, reader) : null;
}

/** The host that is asked about: the log's own, or the one that --host and --tenant name. */
export function partitionOf(words: Words, reader: Reader): Partition {
  const [tenant, host] = [textOf(words, "tenant"), textOf(words, "host")];
  const own = reader.identity();
  if (tenant === undefined && host === undefined) return own;
  const known = reader.partitions();
  const fits = known.filter(
    (partition) =>
      partition.tenantId === (tenant ?? partition.tenantId) && partition.host === (host ?? partition.host),
  );
  const found =
    fits.length === 1 ? fits[0] : fits.find((one) => one.tenantId === own.tenantId && one.host === own.host);
  if (found !== undefined) return found;
  const named = JSON.stringify(`${tenant ?? "*"}@${host ?? "*"}`);
  const names = known.map(({ tenantId, host: name }) => `${tenantId}@${name}`).join(", ");
  const problem =
    fits.length === 0 ? `this log holds nothing of ${named}` : `${named} is more than one host of this log`;
  throw new FleetError("usage", problem, { hint: `It holds: ${names}.` });
}

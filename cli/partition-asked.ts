import { FleetError } from "../store/errors.ts";
import type { Partition } from "../store/identity.ts";
import type { Reader } from "../store/reader.ts";
import { textOf, type Words } from "./declaration.ts";

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

import type { Partition } from "../store/identity.ts";
import { visible } from "./render/text.ts";

/** How each of several hosts is called in a list; null where there is only one, which need not be said. */
export type HostsShown = ((of: Partition) => string) | null;

/** The tenant is said, too, where one host has several. */
export function hostsShown(all: Iterable<Partition>): HostsShown {
  const tenants = new Map<string, Set<string>>();
  for (const { tenantId, host } of all) tenants.set(host, (tenants.get(host) ?? new Set()).add(tenantId));
  const isShared = [...tenants.values()].some(({ size }) => size > 1);
  if (tenants.size < 2 && !isShared) return null;
  return ({ tenantId, host }) => visible(isShared ? `${tenantId}@${host}` : host);
}

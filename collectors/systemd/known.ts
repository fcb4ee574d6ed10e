import type { SystemdSnapshot } from "../../store/events/snapshot.ts";
import type { ManagerState } from "./manager-facts.ts";
import type { ListedUnit } from "./show.ts";

/** What the last looks said, kept to notice what needs another one. It decides nothing: the store derives what changed. */
export interface Known {
  saw(snapshot: SystemdSnapshot): void;
  /** Units whose row in a cheap list differs from what was seen of them: changed, newly loaded, or unloaded since. */
  changedUnits(listed: readonly ListedUnit[]): string[];
  /** Units whose enabling link came or went since this was last asked. Null (not readable) is no change. */
  changedLinks(linked: ReadonlySet<string> | null): string[];
  /** The manager's state where these facts differ from the last ones seen, else null. It counts as seen then. */
  changedManager(facts: Omit<ManagerState, "version">): ManagerState | null;
}

export function createKnown(): Known {
  const units = new Map<string, string>();
  let links: ReadonlySet<string> | null = null;
  let manager: ManagerState | null = null;

  return {
    saw(snapshot) {
      if (snapshot.complete) units.clear();
      for (const { unit } of snapshot.units) units.set(unit.unit, rowOf(unit));
      manager = snapshot.manager;
    },

    changedUnits(listed) {
      const changed: string[] = [];
      const unlisted = new Map(units);
      for (const row of listed) {
        if (units.get(row.unit) !== rowOf(row)) changed.push(row.unit);
        unlisted.delete(row.unit);
      }
      // Only loaded units are listed; one that is not loaded is inactive, which is how it was seen or a change.
      for (const [unit, row] of unlisted) if (!row.includes(" inactive ")) changed.push(unit);
      return changed;
    },

    changedLinks(linked) {
      const before = links;
      if (linked === null) return [];
      links = linked;
      if (before === null) return [];
      const came = [...linked].filter((unit) => !before.has(unit));
      const went = [...before].filter((unit) => !linked.has(unit));
      return [...came, ...went];
    },

    changedManager(facts) {
      if (manager === null) return null;
      const same =
        manager.bootId === facts.bootId &&
        manager.bootedAtUs === facts.bootedAtUs &&
        manager.linger === facts.linger;
      if (same) return null;
      manager = { ...facts, version: manager.version };
      return manager;
    },
  };
}

function rowOf(unit: { load: string; active: string; sub: string }): string {
  return `${unit.load} ${unit.active} ${unit.sub}`;
}

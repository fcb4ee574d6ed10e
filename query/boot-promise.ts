import { judgeBoot } from "./boot.ts";
import { documentOf, documentsOf, ONLY } from "./planes/documents.ts";
import { explainRow, type PsInput, tableOfNow } from "./ps.ts";
import type { BootReason } from "./row.ts";

/** What is promised of one agent for the next boot. */
export interface PromisedAgent {
  readonly name: string;
  readonly returns: "yes" | "no" | "unknown";
  readonly reasons: readonly BootReason[];
}

/** A promise with what holds of the agent now. */
export interface BootOutlook extends PromisedAgent {
  readonly unit: string;
  /** `masked`: to enable it is refused until it is unmasked; null: systemd did not say. */
  readonly fileState: string | null;
  /** Null = not known. */
  readonly runs: boolean | null;
}

/**
 * "If this host rebooted now": of every agent that should always run, and of the holder, whether it would be started at boot. Also of
 * those that are down at the moment: what is enabled comes back, wanted or not.
 */
export function bootOutlook(input: PsInput): BootOutlook[] {
  const table = tableOfNow(input);
  return [...documentsOf(input.documents, "roster")]
    .filter(([, { declaration }]) => declaration.lifecycle === "always")
    .sort(([, a], [, b]) => a.declaredSeq - b.declaredSeq)
    .map(([name]) => {
      const { facts } = explainRow(table, name);
      const { pane } = facts.evidence;
      const known = facts.watch.systemd.state === "fresh";
      const gap = judgeBoot({
        active: true,
        known,
        unit: facts.unit,
        manager: facts.manager,
        strayed: false,
      });
      const reasons = [...new Set([...gap.reasons, ...facts.boot.reasons])];
      const returns = reasons.length > 0 ? "no" : gap.state === "no" ? "yes" : "unknown";
      const runs = pane.known ? pane.state === "alive" : null;
      const fileState = facts.unit?.unit.fileState ?? null;
      return { name, returns, reasons, unit: facts.unitName, fileState, runs };
    });
}

export interface BootComparison {
  /** Promised and running. */
  readonly returned: readonly string[];
  /** Promised, and not running. */
  readonly missing: readonly string[];
  /** Said not to come back, and running. */
  readonly unexpected: readonly string[];
  /** Whether they run is not known. */
  readonly unknown: readonly string[];
}

/** What was promised before a reboot against what runs after it. Who has left the roster meanwhile is no longer owed. */
export function compareBoot(
  promised: readonly PromisedAgent[],
  now: readonly Pick<BootOutlook, "name" | "runs">[],
): BootComparison {
  const runs = new Map(now.map((agent) => [agent.name, agent.runs]));
  const owed = promised.filter(({ name }) => runs.has(name));
  const named = (holds: (agent: PromisedAgent, running: boolean | null) => boolean) =>
    owed.filter((agent) => holds(agent, runs.get(agent.name) ?? null)).map(({ name }) => name);
  return {
    returned: named(({ returns }, running) => returns === "yes" && running === true),
    missing: named(({ returns }, running) => returns === "yes" && running === false),
    unexpected: named(({ returns }, running) => returns === "no" && running === true),
    unknown: named((_, running) => running === null),
  };
}

export function isSamePromise(one: readonly PromisedAgent[], other: readonly PromisedAgent[]): boolean {
  const told = (promise: readonly PromisedAgent[]) =>
    promise.map(({ name, returns, reasons }) => `${name} ${returns} ${reasons.join(" ")}`).join("\n");
  return told(one) === told(other);
}

/** What the log last promised, and of which boot. */
export function lastPromise(
  documents: PsInput["documents"],
): { readonly bootId: string; readonly agents: readonly PromisedAgent[] } | null {
  const document = documentOf(documents, "bootpromise", ONLY);
  if (document === undefined) return null;
  return { bootId: document.bootId, agents: document.agents as readonly PromisedAgent[] };
}

import { remembered } from "./history/once.ts";
import type { Past, RosterEntry } from "./history/past.ts";
import type { Window } from "./history/sweep.ts";
import type { Uptime } from "./history/uptime.ts";
import { meansOf, NO_OUTAGES, together } from "./history/uptime.ts";
import { exactIsoOf } from "./instant.ts";
import { ANY_KIND, declaredAs, isOfKind, joined, type Kinds, whileRostered } from "./kinds.ts";
import type { AgentStatus } from "./row.ts";

/** Times in whole microseconds: the four buckets add up to `window_us` exactly. */
export interface UptimeFigures {
  window_us: number;
  healthy_us: number;
  unhealthy_us: number;
  planned_us: number;
  unobserved_us: number;
  /** Of the healthy time: it waited for a human. */
  waiting_us: number;
  unhealthy_by_kind_us: Partial<Record<AgentStatus, number>>;
  /** healthy / (healthy + unhealthy): over observed time in which it should have run. Null: there was none. */
  availability: number | null;
  /** Of the window; what availability says nothing about. */
  unobserved_share: number;
  outages: number;
  mtbf_us: number | null;
  mttr_us: number | null;
  longest_us: number | null;
  /** There were outages, and of none was anything known but single moments, most of them looks: for how long it was down is not known. */
  looks_only: boolean;
}

export interface UptimeDocument {
  schema: "fleet.uptime.v1";
  tenant_id: string;
  host: string;
  at: string;
  log_seq: number;
  window: { from: string; to: string };
  /**
   * Where classes or runtimes were asked for, each agent's time of them only: `window_us` is then less than the window of one that was
   * something else, too. `class` and `runtime` are the last ones of that time.
   */
  agents: ({
    name: string;
    runtime: string | null;
    class: string;
    /**
     * What it was declared as when, within the whole window, and which of it counts here. Time that is in none of these it was off the
     * roster: that counts, as planned, to what it had been, or came to be.
     */
    declared: { from: string; to: string; class: string; runtime: string | null; counted: boolean }[];
  } & UptimeFigures)[];
  /** Agents of one class together: agent-time, so the window counts once for each, and of one that changed its class the part that was of it. */
  classes: ({ class: string; agents: number } & UptimeFigures)[];
  /** All agents of the host, without the holder. */
  total: { agents: number } & UptimeFigures;
}

export interface UptimeInput {
  readonly entries: readonly RosterEntry[];
  /** Only time in which an agent was of such a kind counts, for whoever is asked about. */
  readonly kinds?: Kinds;
  readonly window: Window;
  readonly atUs: number;
}

export function uptimeDocument(past: Past, input: UptimeInput): UptimeDocument {
  const { entries, kinds = ANY_KIND, window, atUs } = input;
  const each = entries.map((entry) => {
    const counted = entry.declared.filter((one) => isOfKind(kinds, one));
    // Most are of one kind all the time: what is asked once is told of them, and of their class.
    const read = remembered((span) => {
      const [fromUs = 0, toUs = 0] = span.split(" ").map(Number);
      return past.uptime(entry.name, { fromUs, toUs });
    });
    const uptimeOf = ({ fromUs, toUs }: Window): Uptime => read(`${fromUs} ${toUs}`);
    // An outage that lasts while it is declared anew is one.
    const stays = joined(counted, (one, other) => one.class === other.class);
    const parts = stays.map((stay) => ({ class: stay.class, uptime: uptimeOf(stay) }));
    return { ...entry, counted, parts, uptimes: joined(counted, () => true).map(uptimeOf) };
  });
  const classes = [...new Set(each.flatMap(({ parts }) => parts.map((part) => part.class)))];
  const ofClass = (name: string) =>
    each.flatMap(({ parts }) => {
      const own = parts.filter((part) => part.class === name);
      return own.length === 0 ? [] : [own.map(({ uptime }) => uptime)];
    });
  const asGroup = (members: readonly (readonly Uptime[])[]) => ({
    agents: members.length,
    ...figuresOf(members.flat()),
  });
  return {
    schema: "fleet.uptime.v1",
    tenant_id: past.tenantId,
    host: past.host,
    at: exactIsoOf(atUs),
    log_seq: past.logSeq,
    window: { from: exactIsoOf(window.fromUs), to: exactIsoOf(window.toUs) },
    agents: each.map(({ name, declaration, declared, stays, counted, uptimes }) => ({
      name,
      runtime: (counted.at(-1) ?? declaration).runtime,
      class: (counted.at(-1) ?? declaration).class,
      declared: whileRostered({ declared, stays }).map((one) => ({
        ...declaredAs(one),
        counted: isOfKind(kinds, one),
      })),
      ...figuresOf(uptimes),
    })),
    classes: classes.map((name) => ({ class: name, ...asGroup(ofClass(name)) })),
    total: asGroup(
      each.filter(({ declaration }) => declaration.role === "agent").map(({ uptimes }) => uptimes),
    ),
  };
}

/** Several together: times and outages are added, means are taken over all outages. */
export function figuresOf(uptimes: readonly Uptime[]): UptimeFigures {
  const sum = (read: (uptime: Uptime) => number): number =>
    uptimes.reduce((total, uptime) => total + read(uptime), 0);
  const kinds: Partial<Record<AgentStatus, number>> = {};
  for (const { unhealthyByKindUs } of uptimes)
    for (const [kind, us] of Object.entries(unhealthyByKindUs) as [AgentStatus, number][])
      kinds[kind] = (kinds[kind] ?? 0) + us;
  const outages = uptimes.map((uptime) => uptime.outages).reduce(together, NO_OUTAGES);
  const windowUs = sum((uptime) => uptime.windowUs);
  const [healthyUs, unhealthyUs] = [sum((uptime) => uptime.healthyUs), sum((uptime) => uptime.unhealthyUs)];
  const { mtbfUs, mttrUs, longestUs } = meansOf(outages, healthyUs);
  const unobservedUs = sum((uptime) => uptime.unobservedUs);
  return {
    window_us: windowUs,
    healthy_us: healthyUs,
    unhealthy_us: unhealthyUs,
    planned_us: sum((uptime) => uptime.plannedUs),
    unobserved_us: unobservedUs,
    waiting_us: sum((uptime) => uptime.waitingUs),
    unhealthy_by_kind_us: kinds,
    availability: healthyUs + unhealthyUs > 0 ? healthyUs / (healthyUs + unhealthyUs) : null,
    unobserved_share: windowUs > 0 ? unobservedUs / windowUs : 0,
    outages: outages.count,
    mtbf_us: mtbfUs,
    mttr_us: mttrUs,
    longest_us: longestUs,
    looks_only: outages.count > 0 && outages.looksOnly,
  };
}

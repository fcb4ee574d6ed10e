import type { Cause } from "./cause.ts";
import {
  MOMENT_US,
  NEARBY_US,
  shutdowns,
  userManagerBegan,
  userManagersStopped,
  userManagerWent,
} from "./cause.ts";
import type { AskedIncidents, Certified, Death } from "./certificate.ts";
import { certify } from "./certificate.ts";
import type { Outage } from "./history/outages.ts";
import type { Past, RosterEntry } from "./history/past.ts";
import type { Window } from "./history/sweep.ts";
import { exactIsoOf } from "./instant.ts";
import { type EventSource, lately, latelyOver } from "./lately.ts";
import { EXIT_TAKES_US } from "./planes/manager-exits.ts";

export interface Incident {
  at: string;
  cause: Cause | null;
  deaths: Death[];
}

export interface IncidentsDocument {
  schema: "fleet.incidents.v1";
  tenant_id: string;
  host: string;
  at: string;
  log_seq: number;
  window: { from: string; to: string };
  incidents: Incident[];
}

export function incidentsDocument(
  past: Past,
  input: {
    readonly entries: readonly RosterEntry[];
    /** Only what an agent was down for while it was of one of these; none: all of it. */
    readonly classes?: readonly string[];
    readonly window: Window;
    readonly atUs: number;
    readonly events: EventSource;
  },
): IncidentsDocument {
  const { entries, classes = [], window, atUs, events } = input;
  const managerWent = rememberedBySecond((us) => userManagerWent(past, us));
  const managerBegan = userManagerBegan((span) => events.between(null, ["journal.unit.logged"], span));
  const asked: AskedIncidents = {
    ...{ past, events, window, managerWent, managerBegan },
    managerStopped: userManagersStopped(() =>
      events.between(null, ["journal.unit.logged"], { ...window, fromUs: window.fromUs - EXIT_TAKES_US }),
    ),
    shutdownAt: shutdowns(past),
    ...lately(past, events),
  };
  const found = entries
    .flatMap((entry) => {
      const outages = [...past.outages(entry.name, window)];
      const told = outages.filter((outage) => classes.length === 0 || isWhileOf(classes, entry, outage));
      return [...certified(asked, entry, told)];
    })
    .sort((a, b) => a.atUs - b.atUs || a.beganUs - b.beganUs || (a.death.agent < b.death.agent ? -1 : 1));
  return {
    schema: "fleet.incidents.v1",
    tenant_id: past.tenantId,
    host: past.host,
    at: exactIsoOf(atUs),
    log_seq: past.logSeq,
    window: { from: exactIsoOf(window.fromUs), to: exactIsoOf(window.toUs) },
    incidents: grouped(found),
  };
}

/** So many outages are certified from one reading of the time around them, where they lie close enough to be read together. */
const AT_ONCE = 64;

/** The certificates of an agent's outages, in their order. */
function* certified(
  asked: AskedIncidents,
  entry: RosterEntry,
  outages: readonly Outage[],
): Generator<Certified> {
  const { past, events, window } = asked;
  let count = 1;
  for (let next = 0; next < outages.length; next += count) {
    count = Math.min(2 * count, AT_ONCE, outages.length - next);
    let near: AskedIncidents = asked;
    for (; count > 1; count >>= 1) {
      const span = spanOf(outages.slice(next, next + count), window);
      const stretch = past.stretch(entry.name, span);
      if (stretch === null) continue;
      near = { ...asked, past: stretch, ...latelyOver(past, events, entry.name, span) };
      break;
    }
    for (const outage of outages.slice(next, next + count)) yield certify(near, entry, outage);
  }
}

/** All that is asked about them, but for those that had begun before the window. */
function spanOf(outages: readonly Outage[], window: Window): Window {
  const [first, last] = [outages[0], outages.at(-1)];
  const [fromUs, toUs] = [first?.fromUs ?? window.fromUs, last?.toUs ?? window.toUs];
  return { fromUs: fromUs - NEARBY_US - 1, toUs: toUs + NEARBY_US + 1 };
}

function isWhileOf(classes: readonly string[], entry: RosterEntry, { fromUs, toUs }: Outage): boolean {
  return entry.classes.some(
    (stay) => classes.includes(stay.class) && fromUs < stay.toUs && (toUs ?? Infinity) > stay.fromUs,
  );
}

/**
 * Deaths of one cause are one incident; those of no cause that is theirs alone (none is known, or nobody watched) are shown together where
 * they fell within one moment.
 */
function grouped(found: readonly Certified[]): Incident[] {
  const groups: Certified[][] = [];
  const byKey = new Map<string, Certified[]>();
  const lastByKind = new Map<string, Certified[]>();
  for (const one of found) {
    const kind = one.cause?.kind ?? (one.death.witnessed && isEnd(one.death) ? "end" : "");
    const last = lastByKind.get(kind);
    const near =
      last?.[0] !== undefined && kind !== "" && Math.abs(one.beganUs - last[0].beganUs) <= MOMENT_US;
    const group = one.key === null ? (near ? last : undefined) : byKey.get(one.key);
    if (group !== undefined) {
      group.push(one);
      continue;
    }
    const opened = [one];
    groups.push(opened);
    if (one.key === null) lastByKind.set(kind, opened);
    else byKey.set(one.key, opened);
  }
  return groups.map((group) => {
    const [first] = group as [Certified, ...Certified[]];
    const together = group.length > 1 && first.cause === null;
    return {
      at: exactIsoOf(first.atUs),
      cause: together ? { kind: "same-moment", detail: "no common cause is known", at: null } : first.cause,
      deaths: group.map(({ death }) => death),
    };
  });
}

/** Beats that stop at one time are no common death; processes that end are. */
function isEnd({ course }: Death): boolean {
  return course[0]?.status === "failed" || course[0]?.status === "dead";
}

/** A server takes many agents with it in one second: what is asked of that second is asked once. */
function rememberedBySecond(ask: (us: number) => boolean): (us: number) => boolean {
  const known = new Map<number, boolean>();
  return (us) => {
    const second = Math.floor(us / 1e6);
    const answer = known.get(second) ?? ask(us);
    known.set(second, answer);
    return answer;
  };
}

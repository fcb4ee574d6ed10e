import type { StoredEvent } from "../store/events/envelope.ts";
import type { Past, RosterEntry } from "./history/past.ts";
import type { Boot } from "./history/server-timeline.ts";
import type { Window } from "./history/sweep.ts";
import type { Outage } from "./history/uptime.ts";
import { bucketOf } from "./history/uptime.ts";
import { exactIsoOf, exactIsoOrNull } from "./instant.ts";
import { within } from "./planes/documents.ts";
import type { Explained } from "./ps.ts";
import type { AgentStatus } from "./row.ts";

/** What joins several deaths. `unwatched`: they were found by the same look, after time in which nobody watched. */
export type CauseKind = "reboot" | "user-manager" | "tmux-server" | "unwatched" | "same-moment";

export interface Cause {
  kind: CauseKind;
  detail: string;
}

/** A death certificate: one failure of one agent, with all that is known of its end. */
export interface Death {
  agent: string;
  runtime: string | null;
  class: string;
  /** When it was first unwell. */
  at: string;
  /** Somebody watched it go. Else it happened after `not_before`, the last moment at which it was known to be well. */
  witnessed: boolean;
  not_before: string | null;
  /** It was unwell already when the window began; `at` is that beginning. */
  began_before: boolean;
  /** When it was seen well, or wanted down, again; null: not within the window. */
  until: string | null;
  /** The part of it that was seen. */
  seconds_down: number;
  course: { from: string; status: AgentStatus; reason: string | null; why: number[] }[];
  pane: {
    state: "dead" | "missing";
    id: string | null;
    pid: number | null;
    exit_status: number | null;
    signal: number | null;
    at: string | null;
  } | null;
  unit: { name: string; active: string; result: string | null } | null;
  last_beat: { at: string; status: string; pid: number } | null;
  last_message: { at: string; seq: number } | null;
  attached: { client: string | null; since: string; read_only: boolean }[];
  /** The kernel ended it for want of memory, by the word of systemd: the event that says so. */
  out_of_memory: { seq: number } | null;
}

/** Single events that no table holds; the reader of the log is handed in. */
export interface EventSource {
  event(seq: number): StoredEvent | null;
  between(agent: string, types: readonly string[], span: Window): Iterable<StoredEvent>;
}

/** What a certificate is made from. */
export interface AskedIncidents {
  readonly past: Past;
  readonly events: EventSource;
  readonly window: Window;
  /** Whether the user manager went at that moment: see `userManagerWent`. */
  readonly managerWent: (atUs: number) => boolean;
}

/** Deaths this close to one another are one moment: a look at all panes takes no longer. */
export const MOMENT_US = 1_000_000;
/** systemd writes its line about a unit a little after the process has gone. */
const NEARBY_US = 5_000_000;
/** An incarnation begins with so much of the boot's id. */
const BOOT_IN_INCARNATION = 8;
/** A message older than this is no part of a death. */
const LOOK_BACK_US = 7 * 86_400_000_000;

export interface Certified {
  readonly atUs: number;
  readonly death: Death;
  readonly cause: Cause | null;
  /** Deaths with the same key share their cause; null: it is shared with no other for certain. */
  readonly key: string | null;
}

/** One failure of one agent, with all that is known of its end and of what brought it about. */
export function certify(asked: AskedIncidents, entry: RosterEntry, outage: Outage): Certified {
  const { past, events, window } = asked;
  const { name, declaration } = entry;
  const atUs = outage.fromUs;
  const endUs = outage.toUs ?? window.toUs;
  const before = [...past.intervals(name, { fromUs: atUs - 1, toUs: atUs })].at(-1);
  const witnessed = before?.status !== "unobserved" || outage.beganBefore;
  const notBeforeUs = witnessed ? null : before?.fromUs === -Infinity ? null : (before?.fromUs ?? null);
  const course = [...past.intervals(name, { fromUs: atUs, toUs: endUs })].flatMap((interval) =>
    interval.status !== null && bucketOf(interval.status) === "unhealthy"
      ? [{ ...interval, status: interval.status, fromUs: Math.max(interval.fromUs, atUs) }]
      : [],
  );
  const stages = course.map(({ fromUs }) => past.explain(name, fromUs));
  const [first] = stages;
  // What systemd says of an end comes a little after it.
  const settled = past.explain(name, Math.min(endUs - 1, (course.at(-1)?.fromUs ?? atUs) + NEARBY_US));
  const end = stages.find(({ row }) => row.pane.state === "dead" || row.pane.state === "missing");
  const { cause, key } = first
    ? causeOf(asked, first, atUs, notBeforeUs, witnessed)
    : { cause: null, key: null };
  return {
    atUs,
    cause,
    key,
    death: {
      agent: name,
      runtime: declaration.runtime,
      class: declaration.class,
      at: exactIsoOf(atUs),
      witnessed,
      not_before: exactIsoOrNull(notBeforeUs),
      began_before: outage.beganBefore,
      until: exactIsoOrNull(outage.toUs),
      seconds_down: outage.downUs / 1e6,
      course: course.map(({ fromUs, status, reason, why }) => ({
        from: exactIsoOf(fromUs),
        status,
        reason,
        why: [...why],
      })),
      pane: end ? paneOf(end) : null,
      unit: unitOf(settled),
      last_beat: lastBeat(first),
      last_message: lastMessage(past, name, atUs),
      attached: attachedTo(past, events, name, atUs),
      out_of_memory: outOfMemory(events, name, settled, {
        fromUs: atUs - NEARBY_US,
        toUs: endUs + NEARBY_US,
      }),
    },
  };
}

function causeOf(
  { past, managerWent }: AskedIncidents,
  first: Explained,
  atUs: number,
  notBeforeUs: number | null,
  witnessed: boolean,
): { cause: Cause | null; key: string | null } {
  const { verdict } = first;
  const { server, pane } = first.facts;
  const booted = bootThatEnded(past, first, notBeforeUs ?? atUs, atUs);
  if (booted !== null && (server?.reason === "rebooted" || !witnessed)) {
    const detail = `boot ${booted.bootId.slice(0, 8)} at ${exactIsoOf(booted.atUs)}`;
    return { cause: { kind: "reboot", detail }, key: `reboot ${booted.bootId}` };
  }
  if (verdict.reason === "tmux server gone" && server !== undefined) {
    const socket = pane.socket ?? "";
    const pid = pane.own?.server ?? server.pid;
    const name = `process ${pid} on ${socket.slice(socket.lastIndexOf("/") + 1)}`;
    const kind = managerWent(atUs) ? "user-manager" : "tmux-server";
    return { cause: { kind, detail: name }, key: `server ${within(socket, String(pid))}` };
  }
  if (!witnessed) {
    const detail = "found so when watching began again";
    return { cause: { kind: "unwatched", detail }, key: null };
  }
  return { cause: null, key: null };
}

/**
 * The boot that ended this life. A kernel tells its hour in whole seconds, which may be before the last word of the life that it ended:
 * so it is known by its name, which the incarnation begins with. Without one (a pane whose process was gone too soon) its hour decides.
 */
function bootThatEnded(past: Past, { facts }: Explained, fromUs: number, toUs: number): Boot | null {
  const untilUs = Math.min(toUs + NEARBY_US, past.nowUs);
  const life = facts.pane.own?.incarnation?.slice(0, BOOT_IN_INCARNATION) ?? null;
  if (life === null) return [...past.boots({ fromUs, toUs: toUs + 1 })].at(-1) ?? null;
  const now = past.explain(facts.name, untilUs).facts.manager?.manager.bootId;
  if (now === undefined || now.startsWith(life)) return null;
  const boots = past.boots({ fromUs: past.beginsUs ?? fromUs, toUs: untilUs + 1 });
  return [...boots].find(({ bootId }) => bootId === now) ?? null;
}

/** systemd answered before that moment and could not be asked right after it. */
export function userManagerWent(past: Past, atUs: number): boolean {
  const stateAt = (us: number) => past.table(us, false).observer.sources.systemd?.state;
  const afterUs = Math.min(atUs + NEARBY_US, past.nowUs);
  return stateAt(atUs - NEARBY_US) === "fresh" && stateAt(afterUs) === "unavailable";
}

function paneOf({ row, facts }: Explained): Death["pane"] {
  const { pane } = row;
  if (pane.state !== "dead" && pane.state !== "missing") return null;
  const own = facts.pane.own;
  const known = facts.evidence.pane;
  return {
    state: pane.state,
    id: own?.pane ?? null,
    pid: own?.pid ?? null,
    exit_status: own?.status ?? null,
    signal: own?.signal ?? null,
    at: exactIsoOrNull(known.known ? known.atUs : null),
  };
}

function unitOf(last: Explained | undefined): Death["unit"] {
  const { unit, unitName, evidence } = last?.facts ?? {};
  if (unit === undefined || unitName === undefined || evidence?.unit.known !== true || unit.seq === 0)
    return null;
  return { name: unitName, active: evidence.unit.active, result: evidence.unit.result };
}

function lastBeat(first: Explained | undefined): Death["last_beat"] {
  const beat = first?.facts.heartbeat;
  return beat === undefined
    ? null
    : { at: exactIsoOf(beat.atUs), status: beat.beat.status, pid: beat.beat.pid };
}

function lastMessage(past: Past, agent: string, atUs: number): Death["last_message"] {
  const window = { fromUs: atUs - LOOK_BACK_US, toUs: atUs + 1 };
  const last = [...past.occurrences(agent, "sent", window)].at(-1);
  return last === undefined ? null : { at: exactIsoOf(last.fromUs), seq: last.why[0] ?? 0 };
}

function attachedTo(past: Past, events: EventSource, agent: string, atUs: number): Death["attached"] {
  const window = { fromUs: atUs - MOMENT_US, toUs: atUs + 1 };
  return [...past.occurrences(agent, "attached", window)].map(({ fromUs, reason, why }) => {
    const event = events.event(why[0] ?? 0);
    const client = (event?.payload as { client?: unknown } | null | undefined)?.client;
    return {
      client: typeof client === "string" ? client : null,
      since: exactIsoOf(event?.occurredAtUs ?? fromUs),
      read_only: reason === "read-only",
    };
  });
}

const OUT_OF_MEMORY = "oom-kill";

function outOfMemory(
  events: EventSource,
  agent: string,
  { facts }: Explained,
  span: Window,
): Death["out_of_memory"] {
  const { unit, evidence } = facts;
  if (unit !== undefined && evidence.unit.known && evidence.unit.result === OUT_OF_MEMORY)
    return { seq: unit.seq };
  for (const { seq, payload } of events.between(agent, ["journal.unit.logged"], span))
    if ((payload as { unitResult?: unknown } | null)?.unitResult === OUT_OF_MEMORY) return { seq };
  return null;
}

import type { PayloadOf } from "../store/events/catalogue.ts";
import type { StoredEvent } from "../store/events/envelope.ts";
import { SERVER_GONE } from "./death.ts";
import { once } from "./history/once.ts";
import type { Past } from "./history/past.ts";
import type { Boot } from "./history/server-timeline.ts";
import type { Window } from "./history/sweep.ts";
import { exactIsoOf } from "./instant.ts";
import { within } from "./planes/documents.ts";
import { AT_ONCE_US, EXIT_TAKES_US, managerWord, SESSION_TARGET } from "./planes/manager-exits.ts";
import type { Explained } from "./ps.ts";

/** What joins several deaths. `unwatched`: they were found by the same look, after time in which nobody watched. */
export type CauseKind = "reboot" | "user-manager" | "tmux-server" | "unwatched" | "same-moment";

export interface Cause {
  kind: CauseKind;
  detail: string;
  /** Its own moment, where it states one: a kernel's boot. */
  at: string | null;
}

/** Deaths this close to one another are one moment: a look at all panes takes no longer. */
export const MOMENT_US = 1_000_000;
/** A machine that loses its power, or all of whose processes are killed, ends all at once: its recorder lives no longer than this after another's death. */
const SUDDEN_US = 250_000;
/** systemd writes its line about a unit a little after the process has gone. */
export const NEARBY_US = 5_000_000;
/** An incarnation begins with so much of the boot's id. */
const BOOT_IN_INCARNATION = 8;

/** What is asked of a moment of a fleet, whoever died then. */
export interface Circumstances {
  readonly past: Past;
  /** Whether the user manager went at that moment: see `userManagerWent`. */
  readonly managerWent: (atUs: number) => boolean;
  /** Whether another one began within that time: see `userManagerBegan`. */
  readonly managerBegan: (fromUs: number, toUs: number) => boolean;
  /** The user manager that was stopping all it ran within that time: see `userManagersStopped`. */
  readonly managerStopped: (fromUs: number, toUs: number) => ManagerStop | null;
  /** The boot whose shutdown was under way at that moment: see `shutdowns`. */
  readonly shutdownAt: (atUs: number, endedByUs: number) => Boot | null;
}

/** What brought a death about, and the key of others that share it. */
export function causeOf(
  { past, managerWent, managerBegan, managerStopped, shutdownAt }: Circumstances,
  first: Explained,
  atUs: number,
  notBeforeUs: number | null,
  witnessed: boolean,
): { cause: Cause | null; key: string | null } {
  const { verdict } = first;
  const { server, pane, bornUnseenUs: bornUs } = first.facts;
  const unseenSinceUs = notBeforeUs ?? atUs;
  const ended =
    bornUs === null
      ? bootThatEnded(past, first, unseenSinceUs, atUs)
      : bootWithin(past, Math.max(bornUs, unseenSinceUs), atUs);
  const isSeen = witnessed && server?.reason !== "rebooted";
  // What is seen to die in the moment in which the recorder itself is taken down goes down with it.
  const booted = isSeen ? shutdownAt(atUs, Math.max(atUs, pane.own?.endedByUs ?? atUs)) : ended;
  if (booted !== null) {
    const detail = `boot ${booted.bootId.slice(0, 8)}`;
    return { cause: { kind: "reboot", detail, at: exactIsoOf(booted.atUs) }, key: `reboot ${booted.bootId}` };
  }
  const stop = hasEnded(first) ? managerStopped(witnessed ? atUs : unseenSinceUs, atUs) : null;
  if (stop !== null) {
    const detail = `${SESSION_TARGET} stopped`;
    const cause: Cause = { kind: "user-manager", detail, at: exactIsoOf(stop.atUs) };
    return { cause, key: `manager ${stop.seq}` };
  }
  if (verdict.reason === SERVER_GONE && server !== undefined && bornUs === null) {
    const socket = pane.socket ?? "";
    const pid = pane.own?.server ?? server.pid;
    const name = `process ${pid} on ${socket.slice(socket.lastIndexOf("/") + 1)}`;
    const isManager = managerWent(atUs) || (!witnessed && managerBegan(unseenSinceUs, atUs + NEARBY_US));
    const kind = isManager ? "user-manager" : "tmux-server";
    return { cause: { kind, detail: name, at: null }, key: `server ${within(socket, String(pid))}` };
  }
  if (!witnessed) {
    const detail = "found so by the next look";
    return { cause: { kind: "unwatched", detail, at: null }, key: null };
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
  if (life === null) return bootWithin(past, fromUs, toUs);
  const now = past.explain(facts.name, untilUs).facts.manager?.manager.bootId;
  if (now === undefined || now.startsWith(life)) return null;
  const boots = past.boots({ fromUs: past.beginsUs ?? fromUs, toUs: untilUs + 1 });
  return [...boots].find(({ bootId }) => bootId === now) ?? null;
}

function bootWithin(past: Past, fromUs: number, toUs: number): Boot | null {
  return [...past.boots({ fromUs, toUs: toUs + 1 })].at(-1) ?? null;
}

/**
 * The boots of the log, by the moment of a death (told in whole seconds it had come by `endedByUs`) after which the recorder ended that no other
 * followed until then. A shutdown stops one after another, and the recorder says that it was stopped; where it ended without a word, the machine
 * ended with it, and nothing died of that while it was still heard.
 */
export function shutdowns(past: Past): Circumstances["shutdownAt"] {
  const whole = once(() => {
    const window = { fromUs: past.beginsUs ?? past.nowUs, toUs: past.nowUs };
    return { gaps: [...past.gaps(window)], boots: [...past.boots(window)] };
  });
  return (atUs, endedByUs) => {
    const { gaps, boots } = whole();
    const gap = gaps.find(({ fromUs, cause }) => {
      const untilUs = cause === "lapsed" ? endedByUs + SUDDEN_US : atUs + MOMENT_US;
      return fromUs >= atUs && fromUs <= untilUs;
    });
    if (gap === undefined) return null;
    const untilUs = gap.toUs ?? past.nowUs;
    return boots.find((boot) => boot.atUs + boot.withinUs > gap.fromUs && boot.atUs <= untilUs) ?? null;
  };
}

/**
 * A user manager says once in its life that it has reached its default target. Where the machine did not boot meanwhile, one that says so has taken the
 * place of another, and all that the other ran went with it.
 */
export function userManagerBegan(
  linesBetween: (span: Window) => Iterable<Pick<StoredEvent, "payload">>,
): Circumstances["managerBegan"] {
  return (fromUs, toUs) => {
    for (const { payload } of linesBetween({ fromUs, toUs }))
      if (managerWord(payload as Partial<PayloadOf<"journal.unit.logged">>) === "began") return true;
    return false;
  };
}

/** A user manager began to stop what it ran. */
export interface ManagerStop {
  readonly atUs: number;
  readonly seq: number;
}

/**
 * What a user manager ran when it was stopped, or restarted, it stopped by its own jobs. It says first of all that its default target has stopped,
 * and the next one that it has reached it.
 */
export function userManagersStopped(
  lines: () => Iterable<Pick<StoredEvent, "payload" | "occurredAtUs" | "seq">>,
): Circumstances["managerStopped"] {
  const stops = once(() => {
    const found: { fromUs: number; toUs: number; stop: ManagerStop }[] = [];
    // Lines that were read late stand later in the log.
    const inTime = wordsIn(lines()).sort((a, b) => a.atUs - b.atUs || a.seq - b.seq);
    for (const { atUs, seq, word } of inTime) {
      const last = found.at(-1);
      if (word === "stops")
        found.push({ fromUs: atUs - AT_ONCE_US, toUs: atUs + EXIT_TAKES_US, stop: { atUs, seq } });
      else if (last !== undefined) last.toUs = Math.min(last.toUs, atUs);
    }
    return found;
  });
  // What it stopped is missed from the very moment on in which the next one is there.
  return (fromUs, toUs) =>
    stops().findLast((exit) => exit.fromUs <= toUs && fromUs <= exit.toUs)?.stop ?? null;
}

function wordsIn(lines: Iterable<Pick<StoredEvent, "payload" | "occurredAtUs" | "seq">>) {
  const found: (ManagerStop & { readonly word: "stops" | "began" })[] = [];
  for (const { payload, occurredAtUs: atUs, seq } of lines) {
    const word = managerWord(payload as Partial<PayloadOf<"journal.unit.logged">>);
    if (word !== null) found.push({ atUs, seq, word });
  }
  return found;
}

function hasEnded({ row }: Explained): boolean {
  return row.pane.state === "dead" || row.pane.state === "missing";
}

/** systemd answered before that moment and could not be asked right after it. */
export function userManagerWent(past: Past, atUs: number): boolean {
  const stateAt = (us: number) => past.table(us, false).observer.sources.systemd?.state;
  const afterUs = Math.min(atUs + NEARBY_US, past.nowUs);
  return stateAt(atUs - NEARBY_US) === "fresh" && stateAt(afterUs) === "unavailable";
}

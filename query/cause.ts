import type { PayloadOf } from "../store/events/catalogue.ts";
import type { StoredEvent } from "../store/events/envelope.ts";
import { SERVER_GONE } from "./death.ts";
import { once } from "./history/once.ts";
import type { Past } from "./history/past.ts";
import type { Boot } from "./history/server-timeline.ts";
import type { Window } from "./history/sweep.ts";
import { exactIsoOf } from "./instant.ts";
import { within } from "./planes/documents.ts";
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
  /** The boot whose shutdown was under way at that moment: see `shutdowns`. */
  readonly shutdownAt: (atUs: number) => Boot | null;
}

/** What brought a death about, and the key of others that share it. */
export function causeOf(
  { past, managerWent, managerBegan, shutdownAt }: Circumstances,
  first: Explained,
  atUs: number,
  notBeforeUs: number | null,
  witnessed: boolean,
): { cause: Cause | null; key: string | null } {
  const { verdict } = first;
  const { server, pane } = first.facts;
  const ended = bootThatEnded(past, first, notBeforeUs ?? atUs, atUs);
  const isSeen = witnessed && server?.reason !== "rebooted";
  // What is seen to die in the moment in which the recorder itself is taken down goes down with it.
  const booted = isSeen ? shutdownAt(atUs) : ended;
  if (booted !== null) {
    const detail = `boot ${booted.bootId.slice(0, 8)}`;
    return { cause: { kind: "reboot", detail, at: exactIsoOf(booted.atUs) }, key: `reboot ${booted.bootId}` };
  }
  if (verdict.reason === SERVER_GONE && server !== undefined) {
    const socket = pane.socket ?? "";
    const pid = pane.own?.server ?? server.pid;
    const name = `process ${pid} on ${socket.slice(socket.lastIndexOf("/") + 1)}`;
    const unseenSinceUs = witnessed ? atUs : (notBeforeUs ?? atUs);
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
  if (life === null) return [...past.boots({ fromUs, toUs: toUs + 1 })].at(-1) ?? null;
  const now = past.explain(facts.name, untilUs).facts.manager?.manager.bootId;
  if (now === undefined || now.startsWith(life)) return null;
  const boots = past.boots({ fromUs: past.beginsUs ?? fromUs, toUs: untilUs + 1 });
  return [...boots].find(({ bootId }) => bootId === now) ?? null;
}

/** The boots of the log, by the moment before which the recorder ended that no other followed until then. */
export function shutdowns(past: Past): Circumstances["shutdownAt"] {
  const whole = once(() => {
    const window = { fromUs: past.beginsUs ?? past.nowUs, toUs: past.nowUs };
    return { gaps: [...past.gaps(window)], boots: [...past.boots(window)] };
  });
  return (atUs) => {
    const { gaps, boots } = whole();
    const gap = gaps.find(({ fromUs }) => fromUs >= atUs && fromUs <= atUs + MOMENT_US);
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
    for (const { payload } of linesBetween({ fromUs, toUs })) {
      const { unit, what } = payload as Partial<PayloadOf<"journal.unit.logged">>;
      if (unit === "default.target" && what === "started") return true;
    }
    return false;
  };
}

/** systemd answered before that moment and could not be asked right after it. */
export function userManagerWent(past: Past, atUs: number): boolean {
  const stateAt = (us: number) => past.table(us, false).observer.sources.systemd?.state;
  const afterUs = Math.min(atUs + NEARBY_US, past.nowUs);
  return stateAt(atUs - NEARBY_US) === "fresh" && stateAt(afterUs) === "unavailable";
}

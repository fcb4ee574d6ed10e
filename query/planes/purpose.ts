import type { Documents, FoldEvent } from "../../store/projection.ts";
import { byClockOf, type SetBack } from "./clock.ts";
import { documentOf } from "./documents.ts";
import { intentOf, surroundingsOf } from "./intent.ts";
import {
  AT_ONCE_US,
  exitAround,
  goingSince,
  type ManagerExits,
  nextBootUs,
  outlived,
} from "./manager-exits.ts";
import type { Intent, Purpose } from "./purpose-document.ts";
import { REACH_IN_INTERVALS } from "./reach.ts";

export const NO_PURPOSE: Purpose = { operator: null, systemd: null, startedAtUs: null };

const START_TAKES_SECONDS = 10;

/**
 * How long, in microseconds, a start may take to bring its agent's pane, before one that is not there is missed. The launcher takes a
 * second, a host under load some more; never longer than a beat would be waited for.
 */
export function startTakesUs(intervalSeconds: number): number {
  return Math.round(Math.min(REACH_IN_INTERVALS * intervalSeconds, START_TAKES_SECONDS) * 1e6);
}

/**
 * Two sources tell of purpose: the journal (a stop job means that somebody wanted the unit down, a start job that somebody wanted it
 * up) and the operator's own verbs. Lines arrive late and in any order, so of each source the newest by its own clock stays.
 */
export function foldPurpose(documents: Documents, event: FoldEvent): void {
  const intent = intentOf(event, () => surroundingsOf(documents));
  if (intent === null || event.agent === null) return;
  const known = documentOf(documents, "agent", event.agent);
  const before = known?.purpose ?? NO_PURPOSE;
  const purpose = withIntent(before, intent);
  if (purpose !== before) documents.set("agent", event.agent, { panes: {}, ...known, purpose });
}

/** The purpose after one more word of it; the same value where an older word says nothing new. */
export function withIntent(purpose: Purpose, intent: Intent): Purpose {
  const { kind, by, atUs } = intent;
  const known = purpose[by] ?? null;
  const isStop = kind !== "start" && standsFor(intent, known);
  const isStart = kind !== "stop" && atUs > (purpose.startedAtUs ?? -Infinity);
  const before = purpose.stopped?.[by];
  let stopped = before;
  if (isStop) stopped = kind === "stop" ? undefined : known?.kind === "stop" ? known : before;
  else if (kind === "stop" && known?.kind === "restart" && standsFor(intent, before ?? null))
    stopped = intent;
  const begins = intent.begins === true && atUs > (purpose.begun?.[by] ?? -Infinity);
  if (!isStop && !isStart && !begins && stopped === before) return purpose;
  const { stopped: all, ...rest } = purpose;
  const { [by]: _, ...others } = all ?? {};
  const kept = stopped === undefined ? others : { ...others, [by]: stopped };
  return {
    ...rest,
    ...(isStop ? { [by]: intent } : {}),
    ...(isStart ? { startedAtUs: atUs } : {}),
    ...(begins ? { begun: { ...purpose.begun, [by]: atUs } } : {}),
    ...(Object.keys(kept).length === 0 ? {} : { stopped: kept }),
  };
}

/** Of two at the same instant one stands whichever came first, so that any order of arrival leaves the same. */
function standsFor({ kind, atUs, done }: Intent, known: Intent | null): boolean {
  if (known === null || atUs !== known.atUs) return atUs > (known?.atUs ?? -Infinity);
  return kind === "stop" && (known.kind === "restart" || (known.done === true && !done));
}

/** The life that a stop may have been meant for. */
export interface Life {
  readonly bornAtUs: number | null;
  /** By when it had begun, where that was told in whole seconds; absent: at `bornAtUs`. */
  readonly bornByUs?: number | undefined;
  readonly bornSeq?: number | undefined;
  /** By when nothing of it ran any more, at the latest; null: it runs, or nobody knows. */
  readonly endedByUs: number | null;
  readonly bootId: string | null;
}

/** A process that beat, since its first beat, and has ended. */
export interface EndedWriter {
  readonly sinceUs: number;
  readonly endedAtUs: number;
  /** It was the runtime itself, and was there when it beat. */
  readonly wasItself?: boolean;
}

/** `firstAtUs`: when the first of the wishes that are in force was told: whoever stops what is stopped does not stop it then. */
export interface StopInForce extends Intent {
  readonly firstAtUs: number;
}

/** A death of the second of a wish may be its doing. */
function hadEnded({ endedByUs }: Life, atUs: number): boolean {
  return endedByUs !== null && endedByUs <= atUs;
}

/**
 * The stop that is in force for a life that began at `bornAtUs`, or null, and until when one was that a start has ended. It counts when it
 * was asked for after that life began, and, where systemd made it, unless its user manager went then: one that goes stops every unit.
 * A start that was asked for since ends it when the life has come that it brings (also one that has gone again), or its unit has failed, or it
 * took too long: until then nobody misses the agent. The operator's own stop goes first: the stop job of systemd is then its echo.
 */
export function stopInForce(
  purpose: Purpose,
  life: Life,
  at: {
    readonly nowUs: number;
    readonly takesUs: number;
    readonly unitFailedAtUs: number | null;
    /** Since when its unit is up, or on its way; null: it is not, or nobody knows. */
    readonly unitUpAtUs?: number | null;
    /** It went with its tmux server. */
    readonly serverGone?: boolean;
    /** Null: the last process that beat is not known to have ended. */
    readonly writer?: EndedWriter | null;
    readonly setBack?: readonly SetBack[];
    readonly managers?: ManagerExits;
    /** Null: nobody told of the manager that there is. */
    readonly bootedAtUs?: number | null;
  },
): { readonly stop: StopInForce | null; readonly endedAtUs: number | null } {
  const { managers = NONE_WENT } = at;
  let endedAtUs: number | null = null;
  const inForce: Intent[] = [];
  const words = [
    meantBy(purpose, "operator", life),
    meantBy(purpose, "systemd", life),
    seenOfUnit(purpose, life, at.serverGone),
  ];
  for (const intent of words) {
    if (intent === null) continue;
    if (isOfEarlierLife(intent, lifeSince(life, purpose.startedAtUs, intent), at.setBack ?? [])) continue;
    if (hasLivedSince(intent, life, purpose.startedAtUs, at.writer)) continue;
    if (!mayStand(intent, life, managers)) {
      // As long as the machine had not booted it was down by that.
      if (stoodUntilBoot(intent, life, managers))
        endedAtUs = latest(endedAtUs, nextBootUs(managers, intent.atUs, at.bootedAtUs ?? null));
      continue;
    }
    const untilUs = endOf(intent, startedSince(intent, purpose, at.unitUpAtUs), at);
    // What comes back with the next user manager was restarted with it; what does not was wanted down by nobody.
    const exit = intent.by !== "operator" ? exitAround(managers, intent.atUs) : undefined;
    if (untilUs === Infinity && exit !== undefined) endedAtUs = latest(endedAtUs, exit.toUs);
    else if (at.nowUs < untilUs) inForce.push(intent);
    else endedAtUs = latest(endedAtUs, untilUs);
  }
  const [stop] = inForce;
  if (stop === undefined) return { stop: null, endedAtUs };
  return {
    stop: {
      ...stop,
      by: stop.by === "operator" ? stop.by : "systemd",
      firstAtUs: Math.min(...inForce.map(({ atUs }) => atUs)),
    },
    endedAtUs: null,
  };
}

/**
 * What a source wanted down last. Whoever restarts what is down already wants it up: it was not stopped by that, and goes on being missed;
 * but where it had been stopped that is the start which follows the stop.
 */
function meantBy(purpose: Purpose, by: "operator" | "systemd", life: Life): Intent | null {
  const newest = purpose[by];
  const isStart = newest?.kind === "restart" && hadEnded(life, newest.atUs);
  return isStart ? (purpose.stopped?.[by] ?? null) : newest;
}

/**
 * What only the state of its unit told. It says nothing where the journal tells of that job, or of a later one: that knows a restart from a stop. Nor of what
 * had ended before, or went with its whole server: systemd then stops what is left of it.
 */
function seenOfUnit({ unit, systemd }: Purpose, life: Life, serverGone: boolean | undefined): Intent | null {
  if (unit === undefined || serverGone || hadEnded(life, unit.atUs)) return null;
  return systemd !== null && systemd.atUs >= unit.atUs - AT_ONCE_US ? null : unit;
}

/** Where the journal does not tell of the stop it does not tell of the start either: the unit is up again. */
function startedSince(
  { by, atUs }: Intent,
  { startedAtUs }: Purpose,
  unitUpAtUs: number | null | undefined,
): number | null {
  const isUp = by === "unit" && typeof unitUpAtUs === "number" && unitUpAtUs > atUs;
  return isUp ? Math.max(unitUpAtUs, startedAtUs ?? unitUpAtUs) : startedAtUs;
}

/** Somebody brought it up after that without a word, and nobody saw more of that life than its beats. */
function hasLivedSince(
  { atUs }: Intent,
  { endedByUs }: Life,
  startedAtUs: number | null,
  writer: EndedWriter | null | undefined,
): boolean {
  if (!writer?.wasItself || endedByUs === null || (startedAtUs ?? -Infinity) >= atUs) return false;
  return writer.sinceUs > Math.max(atUs, endedByUs);
}

const NONE_WENT: ManagerExits = { exits: [], endingFromUs: null };

/** Whether a stop of an earlier boot was somebody's; and one of a manager that goes is none for what had ended before that. */
function mayStand({ by, atUs, bootId }: Intent, life: Life, managers: ManagerExits): boolean {
  if (by === "operator") return true;
  const sinceUs = goingSince(managers, atUs);
  if (sinceUs !== null && hadEnded(life, sinceUs)) return false;
  if (bootId === null || !life.bootId || plain(bootId) === plain(life.bootId)) return true;
  return sinceUs === null && outlived(managers, atUs, bootId);
}

/** One that counts for nothing since the machine has booted did until then, unless what it would have stopped had ended before its manager went. */
function stoodUntilBoot({ atUs }: Intent, life: Life, managers: ManagerExits): boolean {
  const sinceUs = goingSince(managers, atUs);
  return sinceUs === null || !hadEnded(life, sinceUs);
}

function latest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

/** One that began in the second in which a start was wanted after this stop began by that start. */
function lifeSince(life: Life, startedAtUs: number | null, intent: Intent): Life {
  const { bornByUs } = life;
  if (bornByUs === undefined || startedAtUs === null) return life;
  return startedAtUs >= intent.atUs && bornByUs >= startedAtUs ? { ...life, bornAtUs: bornByUs } : life;
}

/** Which of the two came first tells the clock, and where it was set back between them the log. */
function isOfEarlierLife(intent: Intent, { bornAtUs, bornSeq }: Life, setBack: readonly SetBack[]): boolean {
  if (bornAtUs === null) return false;
  const born = { atUs: bornAtUs, seq: bornSeq };
  return byClockOf(setBack, intent, bornSeq ?? 0) < byClockOf(setBack, born, intent.seq);
}

function endOf(
  { atUs }: Intent,
  startedAtUs: number | null,
  { takesUs, unitFailedAtUs, writer }: Parameters<typeof stopInForce>[2],
): number {
  if (startedAtUs === null || startedAtUs < atUs) return Number.POSITIVE_INFINITY;
  let untilUs = startedAtUs + takesUs;
  if (unitFailedAtUs !== null && unitFailedAtUs >= startedAtUs) untilUs = Math.min(untilUs, unitFailedAtUs);
  // Its pane may never have been looked at, but what began to beat after the start is the life that it brought.
  if (writer && writer.sinceUs >= startedAtUs)
    untilUs = Math.min(untilUs, Math.max(startedAtUs, writer.endedAtUs));
  // What began to beat after the stop, and had ended before this start, was brought by an earlier one: that one ended the stop.
  if (writer && writer.sinceUs > atUs && writer.endedAtUs <= startedAtUs)
    untilUs = Math.min(untilUs, writer.sinceUs);
  return untilUs;
}

/** The journal writes boot ids without dashes, /proc with. */
function plain(bootId: string): string {
  return bootId.replaceAll("-", "");
}

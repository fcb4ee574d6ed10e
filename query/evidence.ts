import { programMatches } from "../store/events/program.ts";
import { judgeBeat } from "./beat.ts";
import type { BootGap } from "./boot.ts";
import { judgeBoot } from "./boot.ts";
import { bornUnseenUs } from "./death.ts";
import { type BeatOf, beatOf, bornBy, downByUs, everRan, hasBeaten, writerGone } from "./lived.ts";
import { basename, endOf, paneEvidence, unseenEndOf } from "./pane-evidence.ts";
import { byClockOf, type SetBack } from "./planes/clock.ts";
import type { AgentPane } from "./planes/documents.ts";
import { documentOf, ONLY } from "./planes/documents.ts";
import { managerExits } from "./planes/manager-exits.ts";
import { NO_PURPOSE, startTakesUs, stopInForce } from "./planes/purpose.ts";
import { intervalsOf, outSinceUs, withinSinceUs } from "./planes/reach.ts";
import { statusSinceUs } from "./shown-since.ts";
import { type AgentQuestion, type Told, toldOf } from "./told.ts";
import { activeOf } from "./unit-evidence.ts";
import { vouchedUntil } from "./vouched.ts";
import type { Evidence } from "./weighed.ts";

/** Everything that is known of one agent at one moment: what the planes told, what `judge` weighs of it, and what a row shows beside. */
export interface AgentFacts extends Told, Weighable {
  readonly drift: Drift;
  readonly boot: BootGap;
}

interface Weighable {
  readonly evidence: Evidence;
  /** See `bornUnseenUs`. */
  readonly bornUnseenUs: number | null;
  /** Whose the newest beat is: of the life that is told of here, also where that is over. */
  readonly beatOf: BeatOf;
}

interface Drift {
  readonly state: "yes" | "no" | "unknown";
  readonly expected: string | null;
  readonly actual: string | null;
}

export function factsOf(question: AgentQuestion): AgentFacts {
  const told = toldOf(question);
  const weighable = weighableOf(told, question);
  const { pane } = weighable.evidence;
  const alive = pane.known ? pane.state === "alive" : null;
  return {
    ...told,
    ...weighable,
    drift: driftOf(told, alive),
    boot: bootOf(told, weighable.evidence, alive),
  };
}

function weighableOf(told: Told, question: AgentQuestion): Weighable {
  const { roster, heartbeat, hooked, setBack } = told;
  const { own, socket } = told.pane;
  const { nowUs, documents } = question;
  const unseenEnd = unseenEndOf(own, hooked, told.manager?.manager.bootedAtUs);
  const pane = byClockOfNow(setBack, own, paneEvidence(own, told.server, told.watch.pane, unseenEnd));
  const unit = unitEvidenceOf(told);
  const intervals = intervalsOf(roster);
  const takesUs = startTakesUs(intervals.intervalSeconds);
  const { stop, endedAtUs: stoppedUntilUs } = stopOf(told, { pane, unit }, question, takesUs);
  const beat = beatEvidenceOf(told, pane, question);
  const ran = everRan(roster, own, unit, { missedUs: nowUs - takesUs, setBack });
  // Before that beat nothing of it had been seen since it was declared: it was not missed.
  const answered = !ran && hasBeaten(roster, heartbeat, setBack);
  const beatExpected = roster?.declaration.heartbeat === "expected";
  const bornUs = bornUnseenUs(pane, own, heartbeat);
  return {
    evidence: {
      nowUs,
      beatExpected,
      expectedSinceUs: roster?.expectedSinceUs ?? null,
      lifecycle: roster?.declaration.lifecycle ?? "always",
      ...intervals,
      everRan: ran || answered,
      pane,
      unit,
      stop,
      stoppedUntilUs,
      vouchedUntilUs: latestOf([
        beatExpected
          ? vouchedUntil(documents, socket, pane, heartbeat, { nowUs, freshUntilUs: beat.freshUntilUs })
          : null,
        answered ? (heartbeat?.atUs ?? null) : null,
        // How the pane of the life before had gone says nothing of this one: the look that found nothing does.
        bornUs !== null && pane.known ? pane.atUs : null,
      ]),
      beat,
    },
    bornUnseenUs: bornUs,
    beatOf: beatOf(heartbeat, {
      ...{ own, hooked, writer: told.writer, byClock: clockOfBeats(told) },
      isOnlyTrace: bornUs !== null || (own === undefined && !pane.known),
    }),
  };
}

function unitEvidenceOf({ unit, watch }: Told): Evidence["unit"] {
  return watch.systemd.state === "fresh" && unit
    ? { known: true, active: activeOf(unit), result: unit.unit.result, atUs: unit.atUs }
    : { known: false };
}

function beatEvidenceOf(
  told: Told,
  pane: Evidence["pane"],
  { documents, coverage, nowUs }: AgentQuestion,
): Evidence["beat"] {
  const { roster, heartbeat } = told;
  const { own } = told.pane;
  const intervals = intervalsOf(roster);
  const byClock = clockOfBeats(told);
  const mayLive = !pane.known || pane.state === "alive";
  const endedAtUs = pane.known ? undefined : endOf(own);
  const judged = judgeBeat({
    nowUs,
    intervalSeconds: intervals.intervalSeconds,
    heartbeat,
    watched: told.watch.heartbeat.state === "fresh",
    confirmedAtUs: coverage.confirmedAtUs,
    bornAtUs: own && mayLive && own.startedAtUs !== null ? byClock(own.startedAtUs) : null,
    writer: told.writer,
    endedAtUs: endedAtUs && byClock(endedAtUs, own?.seq),
    resumedAtUs: documentOf(documents, "recorder", ONLY)?.suspended?.toUs ?? null,
  });
  return {
    ...judged,
    status: heartbeat?.beat.status ?? null,
    statusSinceUs: heartbeat ? withinSinceUs(heartbeat.atUs, statusSinceUs(heartbeat, own), intervals) : null,
    // What a process writes by a clock that is behind may be dated before it began itself.
    staleSinceUs: heartbeat
      ? Math.max(
          outSinceUs(heartbeat.atUs, intervals),
          told.writer === "own" && own?.startedAtUs ? byClock(own.startedAtUs) : 0,
        )
      : null,
    writerExitedAtUs: heartbeat?.writerExitedAtUs ?? null,
  };
}

function stopOf(
  { agent, manager, hooked, heartbeat, setBack, pane: { own } }: Told,
  { pane, unit }: Pick<Evidence, "pane" | "unit">,
  { documents, nowUs }: AgentQuestion,
  takesUs: number,
): ReturnType<typeof stopInForce> {
  return stopInForce(
    agent?.purpose ?? NO_PURPOSE,
    {
      ...bornBy(own, hooked),
      bornSeq: own?.bornSeq,
      endedByUs: downByUs(own, pane),
      bootId: manager?.manager.bootId ?? null,
    },
    {
      nowUs,
      takesUs,
      setBack,
      managers: managerExits(documents),
      bootedAtUs: manager?.manager.bootedAtUs ?? null,
      writer: writerGone(heartbeat, own, pane),
      unitFailedAtUs: unit.known && unit.active === "failed" ? unit.atUs : null,
      unitUpAtUs: unit.known && (unit.active === "active" || unit.active === "activating") ? unit.atUs : null,
      serverGone: pane.known && pane.state !== "alive" && pane.serverGone,
    },
  );
}

/** A moment that was told of the pane (by its birth, or by the event that is named) by the clock of the newest beat. */
function clockOfBeats({ setBack, heartbeat, pane: { own } }: Told): (atUs: number, seq?: number) => number {
  return (atUs, seq = own?.bornSeq) => byClockOf(setBack, { atUs, seq }, heartbeat?.seq ?? 0);
}

function driftOf({ roster, pane: { own }, process, watch }: Told, alive: boolean | null): Drift {
  const declaration = roster?.declaration;
  const expected = declaration?.role === "agent" ? declaration.runtime : null;
  const actual = alive && process?.process.panePid === own?.pid ? (process?.process.name ?? null) : null;
  const known = watch.process.state === "fresh" ? actual : null;
  return { state: driftState(expected, known, declaration?.driftAccept ?? []), expected, actual };
}

function bootOf(
  { roster, pane: { own }, unit, manager, watch }: Told,
  evidence: Evidence,
  alive: boolean | null,
): BootGap {
  const strayed =
    roster !== undefined &&
    own !== undefined &&
    alive === true &&
    basename(own.socket) !== roster.declaration.socketName;
  const active = alive || (evidence.unit.known && evidence.unit.active === "active") ? true : alive;
  return judgeBoot({ active, known: watch.systemd.state === "fresh", unit, manager, strayed });
}

function latestOf(moments: readonly (number | null)[]): number | null {
  const known = moments.filter((us) => us !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** How long a life has lasted is asked by the clock of now. */
function byClockOfNow(
  setBack: readonly SetBack[],
  own: AgentPane | undefined,
  pane: Evidence["pane"],
): Evidence["pane"] {
  if (setBack.length === 0 || !pane.known || pane.state !== "alive") return pane;
  const byNow = (atUs: number | null): number | null =>
    atUs === null ? null : byClockOf(setBack, { atUs, seq: own?.bornSeq }, Infinity);
  return { ...pane, startedAtUs: byNow(pane.startedAtUs), atUs: byNow(pane.atUs) };
}

function driftState(
  expected: string | null,
  actual: string | null,
  accept: readonly string[],
): "yes" | "no" | "unknown" {
  if (expected === null || actual === null) return "unknown";
  const matches = programMatches(actual, expected) || accept.some((name) => programMatches(actual, name));
  return matches ? "no" : "yes";
}

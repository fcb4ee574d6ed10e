import { programMatches } from "../store/events/program.ts";
import type { ReadonlyDocuments } from "../store/projection.ts";
import { judgeBeat } from "./beat.ts";
import type { BootGap } from "./boot.ts";
import { judgeBoot } from "./boot.ts";
import type { Coverage, Watch } from "./coverage.ts";
import { bornUnseenUs } from "./death.ts";
import { type BeatOf, beatOf, bornBy, downByUs, everRan, hasBeaten, writerGone } from "./lived.ts";
import { type LivingNamesake, namesakesOf } from "./namesakes.ts";
import {
  basename,
  chooseOwnPane,
  endOf,
  isNowhere,
  ownPanes,
  paneEvidence,
  unseenEndOf,
} from "./pane-evidence.ts";
import { byClockOf, type SetBack, setBackIn } from "./planes/clock.ts";
import type {
  AgentDocument,
  AgentPane,
  HeartbeatDocument,
  ManagerDocument,
  PaneDocument,
  ProcessDocument,
  RefusedBeatDocument,
  RosterDocument,
  ServerDocument,
  UnitDocument,
} from "./planes/documents.ts";
import { documentOf, ONLY, within } from "./planes/documents.ts";
import { managerExits } from "./planes/manager-exits.ts";
import { NO_PURPOSE, startTakesUs, stopInForce } from "./planes/purpose.ts";
import { intervalsOf, outSinceUs, withinSinceUs } from "./planes/reach.ts";
import { statusSinceUs } from "./shown-since.ts";
import { activeOf, unloadedUnit } from "./unit-evidence.ts";
import { vouchedUntil } from "./vouched.ts";
import type { Evidence } from "./weighed.ts";

/** Everything the planes hold on one agent, joined: what `judge` weighs and what a row shows. */
export interface AgentFacts {
  readonly name: string;
  readonly roster: RosterDocument | undefined;
  readonly agent: AgentDocument | undefined;
  readonly pane: {
    readonly own: AgentPane | undefined;
    readonly present: PaneDocument | undefined;
    readonly socket: string | null;
    readonly namesakes: readonly LivingNamesake[];
  };
  readonly server: ServerDocument | undefined;
  readonly unitName: string;
  readonly unit: UnitDocument | undefined;
  readonly manager: ManagerDocument | undefined;
  readonly heartbeat: HeartbeatDocument | undefined;
  /** Whose beat that is: of the life that is told of here, also where that is over. */
  readonly beatOf: BeatOf;
  /** What its file held when it was last read, where that was no heartbeat. */
  readonly refusedBeat: RefusedBeatDocument | undefined;
  /** See `bornUnseenUs`. */
  readonly bornUnseenUs: number | null;
  readonly process: ProcessDocument | undefined;
  readonly watch: {
    readonly pane: Watch;
    readonly systemd: Watch;
    readonly heartbeat: Watch;
    readonly process: Watch;
    /** Of one that is on no roster: who would have seen it named there. */
    readonly roster: Watch | null;
  };
  readonly evidence: Evidence;
  readonly drift: {
    readonly state: "yes" | "no" | "unknown";
    readonly expected: string | null;
    readonly actual: string | null;
  };
  readonly boot: BootGap;
}

export function factsOf(input: {
  readonly name: string;
  readonly documents: ReadonlyDocuments;
  readonly coverage: Coverage;
  readonly nowUs: number;
}): AgentFacts {
  const { name, documents, coverage, nowUs } = input;
  const roster = documentOf(documents, "roster", name);
  const declaration = roster?.declaration;
  const agent = documentOf(documents, "agent", name);
  const panes = ownPanes(documents, agent, coverage, nowUs);
  const own = chooseOwnPane(documents, panes, declaration?.socketName);
  const socket = own?.socket ?? socketOf(coverage, declaration?.socketName);
  const server = socket === null ? undefined : documentOf(documents, "server", socket);
  const ofSocket = coverage.of("tmux", socket ?? "");
  const paneWatch =
    roster === undefined && isNowhere(own, server) ? ofAnySocket(coverage, ofSocket) : ofSocket;
  const unitName = declaration?.unit ?? `mosaic-agent@${name}.service`;
  const systemdWatch = coverage.of("systemd", "");
  const unit =
    documentOf(documents, "unit", unitName) ??
    (roster === undefined && systemdWatch.state === "fresh" ? unloadedUnit(unitName) : undefined);
  const manager = documentOf(documents, "manager", ONLY);
  const heartbeat = documentOf(documents, "heartbeat", name);
  const refused = documentOf(documents, "refusedbeat", name);
  const refusedBeat = refused && refused.seq > (heartbeat?.seq ?? 0) ? refused : undefined;
  const heartbeatWatch = coverage.of("heartbeat", "");
  const intervals = intervalsOf(roster);
  const { intervalSeconds } = intervals;

  const setBack = setBackIn(documents);
  const hooked = own && agent?.hooked?.[own.socket];
  const unseenEnd = unseenEndOf(own, hooked, manager?.manager.bootedAtUs);
  const pane = byClockOfNow(setBack, own, paneEvidence(own, server, paneWatch, unseenEnd));
  const unitEvidence: Evidence["unit"] =
    systemdWatch.state === "fresh" && unit
      ? { known: true, active: activeOf(unit), result: unit.unit.result, atUs: unit.atUs }
      : { known: false };
  const alive = pane.known ? pane.state === "alive" : null;
  const beatSeq = heartbeat?.seq ?? 0;
  const ofBeats = (atUs: number): number => byClockOf(setBack, { atUs, seq: own?.bornSeq }, beatSeq);
  const bornAtUs = own && (alive ?? true) && own.startedAtUs !== null ? ofBeats(own.startedAtUs) : null;
  const endedAtUs = alive === null ? endOf(own) : undefined;
  const namesakes = namesakesOf(documents, panes, own, coverage);
  const isOfNamesake = namesakes.some(({ pane: { pid } }) => pid === heartbeat?.beat.pid && pid !== own?.pid);
  const { health, reason, counts, freshUntilUs } = judgeBeat({
    nowUs,
    intervalSeconds,
    heartbeat,
    watched: heartbeatWatch.state === "fresh",
    confirmedAtUs: coverage.confirmedAtUs,
    bornAtUs,
    isOfNamesake,
    endedAtUs: endedAtUs && byClockOf(setBack, { atUs: endedAtUs, seq: own?.seq }, beatSeq),
    resumedAtUs: documentOf(documents, "recorder", ONLY)?.suspended?.toUs ?? null,
  });
  const takesUs = startTakesUs(intervalSeconds);
  const { stop, endedAtUs: stoppedUntilUs } = stopInForce(
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
      unitFailedAtUs: unitEvidence.known && unitEvidence.active === "failed" ? unitEvidence.atUs : null,
    },
  );
  const ran = everRan(roster, own, unitEvidence, { missedUs: nowUs - takesUs, setBack });
  // Before that beat nothing of it had been seen since it was declared: it was not missed.
  const answered = !ran && hasBeaten(roster, heartbeat, setBack);
  const vouchedUs =
    declaration?.heartbeat === "expected"
      ? vouchedUntil(documents, socket, pane, heartbeat, { nowUs, freshUntilUs })
      : null;
  const bornUs = bornUnseenUs(pane, own, heartbeat);
  const evidence: Evidence = {
    nowUs,
    beatExpected: declaration?.heartbeat === "expected",
    expectedSinceUs: roster?.expectedSinceUs ?? null,
    lifecycle: declaration?.lifecycle ?? "always",
    ...intervals,
    everRan: ran || answered,
    pane,
    unit: unitEvidence,
    stop,
    stoppedUntilUs,
    vouchedUntilUs: latestOf([
      vouchedUs,
      answered ? (heartbeat?.atUs ?? null) : null,
      // How the pane of the life before had gone says nothing of this one: the look that found nothing does.
      bornUs !== null && pane.known ? pane.atUs : null,
    ]),
    beat: {
      health,
      reason,
      counts,
      freshUntilUs,
      status: heartbeat?.beat.status ?? null,
      statusSinceUs: heartbeat
        ? withinSinceUs(heartbeat.atUs, statusSinceUs(heartbeat, own), intervals)
        : null,
      staleSinceUs: heartbeat ? outSinceUs(heartbeat.atUs, intervals) : null,
      writerExitedAtUs: heartbeat?.writerExitedAtUs ?? null,
    },
  };

  const paneId = own && own.pane !== null ? within(own.socket, own.pane) : null;
  const present = paneId === null ? undefined : documentOf(documents, "pane", paneId);
  const process = paneId === null ? undefined : documentOf(documents, "process", paneId);
  const processWatch = coverage.of("process", "");
  const expected = declaration?.role === "agent" ? declaration.runtime : null;
  const actual = alive && process?.process.panePid === own?.pid ? (process?.process.name ?? null) : null;
  const strayed =
    declaration !== undefined &&
    own !== undefined &&
    alive === true &&
    basename(own.socket) !== declaration.socketName;
  const active = alive || (unitEvidence.known && unitEvidence.active === "active") ? true : alive;
  return {
    name,
    roster,
    agent,
    pane: { own, present, socket, namesakes },
    server,
    unitName,
    unit,
    manager,
    heartbeat,
    beatOf: beatOf(heartbeat, {
      ...{ own, hooked, isOfNamesake, byClock: ofBeats },
      isOnlyTrace: bornUs !== null || (own === undefined && !pane.known),
    }),
    refusedBeat,
    bornUnseenUs: bornUs,
    process,
    watch: {
      ...{ pane: paneWatch, systemd: systemdWatch, heartbeat: heartbeatWatch, process: processWatch },
      roster: roster === undefined ? coverage.of("roster", "") : null,
    },
    evidence,
    drift: {
      state: driftState(
        expected,
        processWatch.state === "fresh" ? actual : null,
        declaration?.driftAccept ?? [],
      ),
      expected,
      actual,
    },
    boot: judgeBoot({ active, known: systemdWatch.state === "fresh", unit, manager, strayed }),
  };
}

/**
 * Of a session that no roster names and that was not there when it was last told of: whoever watches tmux looks for every socket of this user, and
 * would have found it on any of them.
 */
function ofAnySocket(coverage: Coverage, ofItsOwn: Watch): Watch {
  if (ofItsOwn.state === "fresh") return ofItsOwn;
  const watches = coverage.scopes("tmux").map((path) => coverage.of("tmux", path));
  return watches.find(({ state }) => state === "fresh") ?? ofItsOwn;
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

function socketOf(coverage: Coverage, socketName: string | undefined): string | null {
  const named = coverage.scopes("tmux").filter((path) => basename(path) === socketName);
  // One of that name in another directory may have been watched at another time.
  return named.find((path) => coverage.of("tmux", path).state === "fresh") ?? named[0] ?? null;
}

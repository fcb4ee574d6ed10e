import { BEFORE_THE_LOG } from "../../query/history/before-the-log.ts";
import type { BootGapStay } from "../../query/history/boot-gaps.ts";
import type { Interval } from "../../query/history/intervals.ts";
import type { Past } from "../../query/history/past.ts";
import type { AgentStatus } from "../../query/row.ts";
import type { MirrorBook } from "../../store/mirror-book.ts";
import { dayStartUs } from "./day.ts";
import { type Life, lifeAt, type Piece, piecesOf, type Stretch } from "./pieces.ts";
import { type Claim, reconcile } from "./reconcile.ts";
import { type AgentSubject, attributesOf, type Session, type Sessions, SPANS_PER_TRACE } from "./session.ts";
import type { Planned } from "./span-record.ts";

/** Statuses that are an error to whoever looks for errors: it should run, and it does not. */
const ERRORS: ReadonlySet<AgentStatus> = new Set(["failed", "dead"]);
/** Not running, wanted or not: a life that follows ends it. */
const DOWN: ReadonlySet<AgentStatus> = new Set([
  "failed",
  "dead",
  "stopped",
  "finished",
  "absent",
  "unobserved",
]);
/** So many intervals are looked back for the beginning of what a restart ended. */
const LOOK_BACK = 32;

export interface AgentPlanInput {
  readonly past: Past;
  readonly subject: AgentSubject;
  /** Those that the day of the window can belong to. */
  readonly lives: readonly Life[];
  readonly sessions: Sessions;
  readonly book: Pick<MirrorBook, "revisions" | "countOf">;
  /** Of one UTC day. */
  readonly window: { readonly fromUs: number; readonly settledUs: number };
}

/** Every span of one agent in a window that has to be sent so that what was sent says what is true. Deterministic in its input. */
export function* planAgent(input: AgentPlanInput): Generator<Planned> {
  const { past, subject, lives, window } = input;
  const { fromUs, settledUs } = window;
  // One microsecond earlier, so that what ended there is looked at again together with what follows it.
  const around = { fromUs: fromUs - 1, toUs: settledUs };
  const day = { fromUs: dayStartUs(fromUs), toUs: settledUs };
  if (day.fromUs >= settledUs) return;
  const told = [...past.intervals(subject.agent, around)].filter(
    ({ status, reason }) => status !== null && reason !== BEFORE_THE_LOG,
  );
  yield* plan(input, "health", piecesOf(told, lives, window), healthClaim);
  const drifts = past.occurrences(subject.agent, "drifted", day);
  yield* plan(input, "drift", piecesOf(drifts, lives, window), driftClaim);
  const gaps = past.bootGaps(subject.agent, day);
  yield* plan(input, "boot-gap", piecesOf(gaps, lives, window), bootClaim);
  yield* planRestarts(input, told);
}

type ClaimOf<T> = (
  piece: Piece<T>,
  attributes: Record<string, string>,
) => Omit<Claim, "session" | "incarnation">;

function* plan<T extends Stretch>(
  input: AgentPlanInput,
  kind: string,
  pieces: Iterable<Piece<T>>,
  claimOf: ClaimOf<T>,
): Generator<Planned> {
  const { subject, window, book } = input;
  const attributes = attributesOf(subject);
  const sent = book.revisions(subject.agent, kind, dayStartUs(window.fromUs), window.settledUs);
  const parts = partsOf(input);
  const claims = (function* () {
    for (const piece of pieces) {
      const claim = claimOf(piece, attributes);
      const part = sent.has(piece.fromUs) ? 0 : parts(piece.fromUs);
      yield { ...claim, session: sessionAt(input, piece, part), incarnation: piece.incarnation };
    }
  })();
  for (const planned of reconcile({ agent: subject.agent, kind, claims, sent, fromUs: window.fromUs })) {
    // A root goes before what stands beneath it.
    yield* input.sessions.take();
    yield planned;
  }
}

function sessionAt({ sessions, lives }: AgentPlanInput, piece: Piece<Stretch>, part: number): Session {
  return sessions.of(piece.incarnation, piece.fromUs, lifeAt(lives, piece.fromUs)?.fromUs ?? null, part);
}

/** Which part of a day's trace takes the next span, once the trace is full. */
function partsOf({ book, subject }: AgentPlanInput): (atUs: number) => number {
  const counts = new Map<number, number>();
  return (atUs) => {
    const dayUs = dayStartUs(atUs);
    const count = counts.get(dayUs) ?? book.countOf(subject.agent, dayUs, dayStartUs(dayUs + 86_400_000_001));
    counts.set(dayUs, count + 1);
    return Math.floor(count / SPANS_PER_TRACE);
  };
}

const healthClaim: ClaimOf<Interval> = (
  { fromUs, toUs, status, reason, rules, why, incarnation },
  attributes,
) => ({
  place: fromUs,
  endsUs: toUs,
  content: JSON.stringify([incarnation, toUs, status, reason, rules]),
  name: `health ${status}`,
  fromUs,
  ...(status !== null && ERRORS.has(status) ? { error: reason ?? status } : {}),
  attributes: {
    ...attributes,
    "fleet.health.state": status ?? "",
    ...(reason === null ? {} : { "fleet.health.reason": reason }),
    "fleet.rules.version": rules,
    ...evidence(why),
  },
});

const driftClaim: ClaimOf<Stretch & { readonly reason: string | null; readonly why: readonly number[] }> = (
  { fromUs, toUs, reason, why, incarnation },
  attributes,
) => ({
  place: fromUs,
  endsUs: toUs,
  content: JSON.stringify([incarnation, toUs, reason]),
  name: "drift",
  fromUs,
  attributes: {
    ...attributes,
    ...(reason === null ? {} : { "fleet.drift.actual": reason }),
    ...evidence(why),
  },
});

const bootClaim: ClaimOf<BootGapStay> = ({ fromUs, toUs, reasons, incarnation }, attributes) => ({
  place: fromUs,
  endsUs: toUs,
  content: JSON.stringify([incarnation, toUs, reasons]),
  name: "boot gap",
  fromUs,
  attributes: { ...attributes, "fleet.boot_gap.reasons": reasons },
});

function evidence(why: readonly number[]): Record<string, readonly number[]> {
  return why.length === 0 ? {} : { "fleet.evidence.seqs": why };
}

/** A life after another one: from when the one before was first known to be down to the moment at which this one began. */
function* planRestarts(input: AgentPlanInput, told: readonly Interval[]): Generator<Planned> {
  const { past, subject, lives, window, book } = input;
  const { fromUs, settledUs } = window;
  const sent = book.revisions(subject.agent, "restart", dayStartUs(fromUs), settledUs);
  const claims = (function* () {
    for (const [index, life] of lives.entries()) {
      const before = lives[index - 1];
      if (before === undefined || life.fromUs < fromUs || life.fromUs >= settledUs) continue;
      const down = downBefore(heldBefore(past, subject.agent, told), life.fromUs, before.fromUs);
      yield {
        place: life.fromUs,
        endsUs: life.fromUs,
        content: JSON.stringify([life.incarnation, before.incarnation, down.fromUs, down.statuses]),
        session: input.sessions.of(life.incarnation, life.fromUs, life.fromUs),
        incarnation: life.incarnation,
        name: "restart",
        fromUs: down.fromUs,
        attributes: {
          ...attributesOf(subject),
          ...(before.incarnation === null ? {} : { "fleet.incarnation.previous": before.incarnation }),
          ...(down.statuses.length === 0 ? {} : { "fleet.restart.after": down.statuses }),
        },
      };
    }
  })();
  for (const planned of reconcile({ agent: subject.agent, kind: "restart", claims, sent, fromUs })) {
    yield* input.sessions.take();
    yield planned;
  }
}

/** The interval that held just before a moment, told or from before what is told. */
function heldBefore(past: Past, agent: string, told: readonly Interval[]) {
  return (atUs: number): Interval | undefined => {
    let low = 0;
    let high = told.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((told[middle] as Interval).fromUs < atUs) low = middle + 1;
      else high = middle;
    }
    const [held] = low > 0 ? [told[low - 1]] : past.intervals(agent, { fromUs: atUs - 1, toUs: atUs });
    return held && (held.toUs ?? Number.POSITIVE_INFINITY) >= atUs ? held : undefined;
  };
}

function downBefore(
  heldBefore: (atUs: number) => Interval | undefined,
  lifeFromUs: number,
  notBeforeUs: number,
): { fromUs: number; statuses: string[] } {
  let fromUs = lifeFromUs;
  const statuses: string[] = [];
  const begins: number[] = [];
  for (let looked = 0; looked < LOOK_BACK && fromUs > notBeforeUs; looked++) {
    const interval = heldBefore(fromUs);
    if (interval?.status == null || !DOWN.has(interval.status)) break;
    statuses.unshift(interval.status);
    fromUs = Math.max(interval.fromUs, notBeforeUs);
    begins.push(fromUs);
  }
  // Time that nobody watched is passed over on the way to what was seen, and is no beginning of its own.
  const seen = statuses.findIndex((status) => status !== "unobserved");
  if (seen === -1) return { fromUs: lifeFromUs, statuses: [] };
  return {
    fromUs: begins[begins.length - 1 - seen] ?? lifeFromUs,
    statuses: [...new Set(statuses.slice(seen))],
  };
}

import { REACH_IN_INTERVALS } from "../planes/reach.ts";
import { factsButBeatsAt } from "./evidence-at.ts";
import type { History } from "./history.ts";
import type { Occurrence } from "./occurrence.ts";
import type { Span, Spans } from "./span.ts";
import { spansOf } from "./span.ts";
import type { Window } from "./sweep.ts";
import { changesOf, valueAt } from "./timeline.ts";

/** A stretch of the window in which the same program was known to run, or nothing was known. */
interface Part {
  readonly fromUs: number;
  readonly toUs: number;
  readonly drift: "yes" | "no" | "unknown";
  readonly paneKnown: boolean;
  readonly paneAlive: boolean;
  readonly actual: string | null;
  readonly why: readonly number[];
  /** The life that it ran in, and until when that one counts as starting. */
  readonly life: string;
  readonly startingUntilUs: number;
}

/** Drift is judged by the function of the present; it changes only with the program, the pane and the roster. */
export function driftWithin(
  history: History,
  agent: string,
  window: Window,
): { occurrences: Occurrence[]; observed: Spans } {
  const parts = partsOf(history, agent, window);
  const found: Occurrence[] = [];
  const known: Span[] = [];
  let before = false;
  for (const [index, part] of parts.entries()) {
    const { fromUs, toUs, drift, actual, why } = part;
    const is = drift === "yes" && part.paneKnown && !isStart(parts, index);
    if (fromUs >= window.fromUs) {
      if (drift !== "unknown") known.push({ fromUs, toUs });
      const end = toUs >= window.toUs ? null : toUs;
      const last = found.at(-1);
      // A program may be read while a launcher is still on its way to it: a drift is told by what it was in the end.
      if (is && last?.toUs === fromUs)
        found[found.length - 1] = {
          ...{ ...last, toUs: end, reason: actual ?? last.reason, why, endUnseen: false },
        };
      else if (is) {
        const beganBefore = before && fromUs === window.fromUs;
        found.push({
          ...{ fromUs, toUs: end, beganBefore, found: 1, unseenUs: 0, endUnseen: false, reason: actual, why },
        });
      } else if (last?.toUs === fromUs && isUnseen(part, parts[index - 1]))
        found[found.length - 1] = { ...last, endUnseen: true };
    }
    before = is;
  }
  return { occurrences: found, observed: spansOf(known) };
}

/** Whether a drift ended only for whoever watched it: the pane is not known, or its life goes on and what runs in it is not known. */
function isUnseen({ drift, paneKnown, paneAlive, life }: Part, before: Part | undefined): boolean {
  if (drift === "no") return false;
  return !paneKnown || (paneAlive && life === before?.life);
}

/**
 * What ran in a life that was still starting, and that the next reading of this very life which differs found to be the roster's program
 * while it still was, is no drift: a wrapper or a shim was on its way to it.
 */
function isStart(parts: readonly Part[], index: number): boolean {
  const { life, startingUntilUs } = parts[index] as Part;
  for (let next = index + 1; next < parts.length; next += 1) {
    const part = parts[next] as Part;
    if (part.life !== life || part.fromUs > startingUntilUs) return false;
    if (part.drift === "no") return true;
  }
  return false;
}

function partsOf(history: History, agent: string, window: Window): Part[] {
  const moments = momentsOf(history, agent, window);
  return moments.map((fromUs, index) => {
    const declaration = valueAt(history.roster(agent), fromUs)?.declaration;
    const { drift, process, own, paneKnown, paneAlive } = factsButBeatsAt(history, agent, fromUs);
    const bornUs = own?.startedAtUs ?? own?.atUs ?? -Infinity;
    const { state, actual } = drift;
    return {
      fromUs,
      toUs: moments[index + 1] ?? window.toUs,
      drift: declaration === undefined ? "unknown" : state,
      paneKnown,
      paneAlive,
      actual,
      why: process ? [process.seq] : [],
      life: own === undefined ? "" : `${own.server} ${own.pane} ${own.pid} ${own.start}`,
      startingUntilUs: bornUs + REACH_IN_INTERVALS * (declaration?.intervalSeconds ?? 0) * 1e6,
    };
  });
}

function momentsOf(history: History, agent: string, { fromUs, toUs }: Window): number[] {
  const timelines = [
    history.roster(agent),
    ...history.told.sockets(agent).flatMap((socket) => {
      const { own, known } = history.pane(agent, socket);
      const panes = new Set(own.values.flatMap((told) => told?.pane.pane ?? []));
      const programs = [...panes].flatMap((pane) => [
        history.program(socket, pane),
        history.programKnown(socket, pane),
      ]);
      return [own, known, history.server(socket), ...programs];
    }),
  ];
  const covered = history.coverage.spans("process", "");
  const changes = [
    ...timelines.flatMap((timeline) => changesOf(timeline)),
    ...covered.flatMap((span) => [span.fromUs, span.toUs]),
  ];
  const moments = new Set([fromUs - 1, fromUs, ...changes.filter((atUs) => atUs > fromUs && atUs < toUs)]);
  return [...moments].sort((a, b) => a - b);
}

import { factsButBeatsAt } from "./evidence-at.ts";
import type { History } from "./history.ts";
import type { Occurrence } from "./occurrence.ts";
import type { Span, Spans } from "./span.ts";
import { spansOf } from "./span.ts";
import type { Window } from "./sweep.ts";
import { changesOf, valueAt } from "./timeline.ts";

/** Drift is judged by the function of the present; it changes only with the program, the pane and the roster. */
export function driftWithin(
  history: History,
  agent: string,
  window: Window,
): { occurrences: Occurrence[]; observed: Spans } {
  const found: Occurrence[] = [];
  const moments = momentsOf(history, agent, window);
  const known: Span[] = [];
  let before = false;
  for (const [index, fromUs] of moments.entries()) {
    const toUs = moments[index + 1] ?? window.toUs;
    const rostered = valueAt(history.roster(agent), fromUs) !== undefined;
    const { drift, process, paneKnown } = factsButBeatsAt(history, agent, fromUs);
    const is = rostered && drift.state === "yes" && paneKnown;
    if (fromUs >= window.fromUs) {
      if (rostered && drift.state !== "unknown") known.push({ fromUs, toUs });
      const end = toUs >= window.toUs ? null : toUs;
      const last = found.at(-1);
      const why = process ? [process.seq] : [];
      // A program may be read while a launcher is still on its way to it: a drift is told by what it was in the end.
      if (is && last?.toUs === fromUs)
        found[found.length - 1] = { ...last, toUs: end, reason: drift.actual ?? last.reason, why };
      else if (is) {
        found.push({
          fromUs,
          toUs: end,
          beganBefore: before && fromUs === window.fromUs,
          reason: drift.actual,
          why,
        });
      }
    }
    before = is;
  }
  return { occurrences: found, observed: spansOf(known) };
}

function momentsOf(history: History, agent: string, { fromUs, toUs }: Window): number[] {
  const timelines = [
    history.roster(agent),
    ...history.told.sockets(agent).flatMap((socket) => {
      const { own, known } = history.pane(agent, socket);
      const panes = new Set(own.values.flatMap((told) => (told === null ? [] : [told.pane.pane])));
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

import type { ClientDocument } from "../planes/documents.ts";
import type { AgentStatus } from "../row.ts";
import { driftWithin } from "./drift.ts";
import type { History } from "./history.ts";
import type { Interval } from "./intervals.ts";
import type { Occurrence } from "./occurrence.ts";
import type { RuleBook } from "./rules.ts";
import { rulesInForce } from "./rules.ts";
import type { Spans } from "./span.ts";
import { overlapOf, spansOf } from "./span.ts";
import type { Window } from "./sweep.ts";
import { statusIntervals } from "./sweep.ts";
import { endOf } from "./timeline.ts";

/** What `fleet when` can be asked for besides the statuses. */
export type Happening = "drifted" | "started" | "attached" | "rebooted";

export interface When {
  /** In order of time. */
  readonly occurrences: readonly Occurrence[];
  readonly first: Occurrence | null;
  readonly last: Occurrence | null;
  readonly count: number;
  /** How much of the window was watched well enough to tell: what never happened is only said of this part. */
  readonly observedUs: number;
  readonly observedShare: number;
}

/** When an agent was in a state, or when something happened to it, within a window whose ends are finite. */
export function when(
  history: History,
  agent: string,
  state: AgentStatus | Happening,
  window: Window,
  book: RuleBook = rulesInForce,
): When {
  switch (state) {
    case "drifted": {
      const { occurrences, observedUs } = driftWithin(history, agent, window);
      return answer(window, occurrences, observedUs);
    }
    case "started":
      return answer(window, startsOf(history, agent, window), watchedUs(history, agent, window));
    case "attached":
      return answer(window, attachmentsOf(history, agent, window), watchedUs(history, agent, window));
    case "rebooted":
      // Each boot tells its own hour, but of several in one gap only the last one is still there to tell.
      return answer(
        window,
        rebootsOf(history, window),
        lengthWithin(history.coverage.spans("systemd", ""), window),
      );
    default:
      return whenStatus(
        statusIntervals(history, agent, { fromUs: window.fromUs - 1, toUs: window.toUs }, book),
        state,
        window,
      );
  }
}

/** From intervals that begin before the window, so that what was so already can be told from what began at its first moment. */
export function whenStatus(intervals: readonly Interval[], status: AgentStatus, window: Window): When {
  const found: Occurrence[] = [];
  let observedUs = 0;
  let previous: AgentStatus | null | undefined;
  for (const { fromUs, toUs, ...interval } of intervals) {
    const begins = Math.max(fromUs, window.fromUs);
    const ends = Math.min(toUs ?? Infinity, window.toUs);
    const inside = begins < ends;
    if (inside && interval.status !== "unobserved" && interval.status !== null) observedUs += ends - begins;
    if (inside && interval.status === status) {
      const last = found.at(-1);
      const end = (toUs ?? Infinity) >= window.toUs ? null : ends;
      // One stay in a status may have had several reasons; the first one is what brought it about.
      if (last && last.toUs === begins) found[found.length - 1] = { ...last, toUs: end };
      else {
        const beganBefore = fromUs < window.fromUs || (fromUs === window.fromUs && previous === status);
        found.push({ fromUs: begins, toUs: end, beganBefore, reason: interval.reason, why: interval.why });
      }
    }
    previous = interval.status;
  }
  return answer(window, found, observedUs);
}

function answer(window: Window, occurrences: readonly Occurrence[], observedUs: number): When {
  const lengthUs = window.toUs - window.fromUs;
  return {
    occurrences,
    first: occurrences[0] ?? null,
    last: occurrences.at(-1) ?? null,
    count: occurrences.length,
    observedUs,
    observedShare: lengthUs > 0 ? observedUs / lengthUs : 0,
  };
}

/** The lives of an agent, each by its first moment. */
function startsOf(history: History, agent: string, window: Window): Occurrence[] {
  const starts = new Map<number, Occurrence>();
  for (const socket of history.told.sockets(agent)) {
    let last = "";
    for (const [piece, told] of history.told.ownPane(agent, socket).values.entries()) {
      if (told === null) continue;
      const { pane, begun } = told;
      const life = `${pane.server} ${pane.pane} ${pane.pid} ${pane.start}`;
      if (life === last) continue;
      last = life;
      const fromUs = pane.startedAtUs ?? (history.told.ownPane(agent, socket).fromUs[piece] as number);
      if (fromUs < window.fromUs || fromUs >= window.toUs) continue;
      const reason = begun === "own-time" || pane.startedAtUs !== null ? null : "first seen then";
      starts.set(fromUs, { fromUs, toUs: fromUs, beganBefore: false, reason, why: [pane.seq] });
    }
  }
  return [...starts.values()].sort((a, b) => a.fromUs - b.fromUs);
}

function rebootsOf({ boots }: History, window: Window): Occurrence[] {
  // The first boot that the log tells of is the one it began in: nobody saw a boot before it end.
  return boots
    .slice(1)
    .filter(({ atUs }) => atUs >= window.fromUs && atUs < window.toUs)
    .map(({ atUs, bootId, seq }) => ({
      fromUs: atUs,
      toUs: atUs,
      beganBefore: false,
      reason: `boot ${bootId.slice(0, 8)}`,
      why: [seq],
    }));
}

function attachmentsOf(history: History, agent: string, window: Window): Occurrence[] {
  const found: Occurrence[] = [];
  for (const id of history.told.ids("client")) {
    const client = history.told.of("client", id);
    for (const [piece, value] of client.values.entries()) {
      const document = value as ClientDocument | undefined;
      if (document?.payload.name !== agent) continue;
      const fromUs = client.fromUs[piece] as number;
      const toUs = endOf(client, piece);
      if (fromUs >= window.toUs || toUs <= window.fromUs) continue;
      found.push({
        fromUs: Math.max(fromUs, window.fromUs),
        toUs: toUs >= window.toUs ? null : toUs,
        beganBefore: fromUs < window.fromUs,
        reason: document.payload.readOnly ? "read-only" : null,
        why: [document.seq],
      });
    }
  }
  return found.sort((a, b) => a.fromUs - b.fromUs);
}

/** How much of the window a socket of this agent was watched for. */
function watchedUs(history: History, agent: string, window: Window): number {
  const sockets = new Set(history.told.sockets(agent));
  if (sockets.size === 0) for (const scope of history.coverage.scopes("tmux")) sockets.add(scope);
  const spans = [...sockets].flatMap((socket) => [...history.coverage.spans("tmux", socket)]);
  return lengthWithin(spansOf(spans), window);
}

function lengthWithin(spans: Spans, window: Window): number {
  return overlapOf(spans, [window]).reduce((total, { fromUs, toUs }) => total + toUs - fromUs, 0);
}

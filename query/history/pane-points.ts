import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { FoldEvent } from "../../store/projection.ts";
import type { AgentPane, ServerDocument } from "../planes/documents.ts";
import { endOfUnitUs, WITHIN_US } from "../planes/within.ts";
import type { Chronology } from "./chronology.ts";
import type { ServerTold } from "./server-timeline.ts";
import type { Span, Spans } from "./span.ts";
import { gapsBetween } from "./span.ts";
import type { Timeline } from "./timeline.ts";
import { endOf, setWithin, valueAt } from "./timeline.ts";
import type { OwnPaneTold } from "./told.ts";

/** A line that one of tmux's own hooks wrote down when a pane's process ended or the pane went away. */
export interface EndPoint {
  readonly seq: number;
  readonly atUs: number;
  /** It happened within this much after `atUs`: hooks write whole seconds. */
  readonly withinUs: number;
  readonly recordedAtUs: number;
  readonly socket: string;
  readonly server: number;
  readonly state: "dead" | "closed";
  readonly session: string | null;
  readonly pane: string | null;
  readonly status: number | null;
  readonly signal: number | null;
}

/** Hook lines that end something, in order of time, whatever order they arrived in. */
export function endPointsOf(events: Iterable<FoldEvent>, chronology: Chronology): EndPoint[] {
  const points: EndPoint[] = [];
  for (const event of events) {
    const point = endPointOf(event, chronology.effectUs(event));
    if (point !== null) points.push(point);
  }
  return inOrder(points);
}

/**
 * Of two that tell of the same the more exact one comes first, whichever arrived first. A pane that died twice in one second was respawned between, and
 * whoever is there last has died by the last one.
 */
export function inOrder(points: readonly EndPoint[]): EndPoint[] {
  // By when they were written down: that says by when it had ended, wherever in the log they stand.
  const told = (a: EndPoint, b: EndPoint) => a.recordedAtUs - b.recordedAtUs || a.seq - b.seq;
  const later = (a: EndPoint, b: EndPoint) => (a.state === "dead" ? told(b, a) : told(a, b));
  const ofSame = (a: EndPoint, b: EndPoint) => a.withinUs - b.withinUs || later(a, b);
  return [...points].sort(
    (a, b) => a.atUs - b.atUs || (a.state === b.state ? ofSame(a, b) : a.state === "dead" ? -1 : 1),
  );
}

/** What a hook line says of an end, or null. */
export function endPointOf(event: FoldEvent, atUs: number): EndPoint | null {
  if (event.type !== "tmux.hook.fired") return null;
  const { hook, socket, server, session, pane, status, signal, nudged } =
    event.payload as PayloadOf<"tmux.hook.fired">;
  if (nudged) return null;
  const what = { seq: event.seq, recordedAtUs: event.recordedAtUs, socket, server, session, pane };
  const when = { atUs, withinUs: WITHIN_US[event.precision] };
  if (hook === "pane-died") return { ...what, ...when, state: "dead", session: null, status, signal };
  // `hook_session` names the session that closed; other formats of these two hooks describe whoever is still alive.
  if (hook === "pane-exited") return { ...what, ...when, ...CLOSED, session: null };
  if (hook === "session-closed") return { ...what, ...when, ...CLOSED, pane: null };
  return null;
}

const CLOSED = { state: "closed", status: null, signal: null } as const;

/**
 * The own pane over time with what hooks know of the gaps: from the point at which a hook saw it end it is dead or gone, until
 * the next word of a look. A life that a look finds alive at the end of the gap is believed before any hook; and where no look
 * has ended the gap yet nothing is claimed, as the present claims nothing.
 */
export function withEndPoints(
  own: Timeline<OwnPaneTold | null>,
  server: Timeline<ServerTold>,
  points: readonly EndPoint[],
  covered: Spans,
): Timeline<OwnPaneTold | null> {
  if (points.length === 0) return own;
  const result = copyOf(own);
  const gaps = gapsBetween(covered);
  for (const [piece, told] of own.values.entries()) {
    if (told === null || told.pane.state === "closed") continue;
    const life = { fromUs: own.fromUs[piece] as number, toUs: endOf(own, piece) };
    const there = (atUs: number) => serves(valueAt(server, atUs).server, told.pane);
    let { pane } = told;
    for (const point of points.filter((point) => ends(point, told.pane))) {
      // The line's second may have begun before the gap, or before the life; and there may be more than one gap in it.
      const begins = (gap: Span) => Math.max(point.atUs, life.fromUs, gap.fromUs);
      const isWithin = (gap: Span): boolean => {
        const atUs = begins(gap);
        if (gap.toUs === Infinity || atUs >= Math.min(point.atUs + point.withinUs, life.toUs)) return false;
        const livesOn = gap.toUs < life.toUs && there(gap.toUs);
        return there(atUs) && !livesOn;
      };
      const gap = gaps.find((gap) => gap.toUs > begins(gap) && isWithin(gap));
      if (!gap || (pane.state === "dead" && point.state === "dead")) continue;
      const atUs = begins(gap);
      pane = endedBy(point, pane, atUs);
      setWithin(result, atUs, Math.min(life.toUs, gap.toUs), { pane, begun: "point" });
      if (point.state === "closed") break;
    }
  }
  return result;
}

function serves(server: ServerDocument | undefined, pane: AgentPane): boolean {
  return server?.state === "up" && server.pid === pane.server;
}

function ends(point: EndPoint, { server, session, pane }: AgentPane): boolean {
  return point.server === server && (point.session === session || point.pane === pane);
}

function endedBy(point: EndPoint, pane: AgentPane, atUs: number): AgentPane {
  const { state, seq, recordedAtUs } = point;
  const status = state === "dead" ? point.status : pane.status;
  const signal = state === "dead" ? point.signal : pane.signal;
  const died = state === "closed" && pane.state === "dead" ? { diedAtUs: pane.atUs } : {};
  const endedBy = pane.state === "alive" ? { endedByUs: endOfUnitUs(point) } : {};
  return { ...pane, state, status, signal, atUs, ...died, ...endedBy, seq, recordedAtUs };
}

function copyOf<T>({ fromUs, values }: Timeline<T>): Timeline<T> {
  return { fromUs: [...fromUs], values: [...values] };
}

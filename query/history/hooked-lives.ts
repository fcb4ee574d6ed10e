import type { AgentPane, HookedLife } from "../planes/documents.ts";
import { lastLife } from "../planes/hooked-life.ts";
import type { ServerTold } from "./server-timeline.ts";
import type { Spans } from "./span.ts";
import { gapsBetween, spanAt } from "./span.ts";
import type { Timeline } from "./timeline.ts";
import { pieceAt, setFrom, valueAt } from "./timeline.ts";
import type { OwnPaneTold } from "./told.ts";

/**
 * The own pane over time with the lives that no look saw: `lastLife` of the present, asked at each moment. Where no look has ended the gap yet
 * nothing is claimed, as the present claims nothing.
 */
export function withHookedLives(
  own: Timeline<OwnPaneTold | null>,
  hooked: Timeline<HookedLife | undefined>,
  server: Timeline<ServerTold>,
  covered: Spans,
): Timeline<OwnPaneTold | null> {
  const lives = hooked.values.flatMap((life) => (life?.created ? [life.created] : []));
  const [first] = lives;
  if (first === undefined) return own;
  const gaps = gapsBetween(covered);
  const moments = new Set([
    ...lives.map(({ atUs, withinUs }) => atUs + withinUs),
    ...[...own.fromUs, ...hooked.fromUs, ...server.fromUs],
    ...gaps.flatMap(({ fromUs, toUs }) => [fromUs, toUs]),
  ]);
  const result = { fromUs: [-Infinity], values: [own.values[0] as OwnPaneTold | null] };
  const made = new Map<HookedLife, OwnPaneTold>();
  for (const atUs of [...moments].filter((us) => us < Infinity).sort((a, b) => a - b)) {
    const told = valueAt(own, atUs);
    const life = begunBy(hooked, atUs);
    const isOpen = spanAt(gaps, atUs)?.toUs === Infinity;
    const pane = isOpen ? told?.pane : lastLife(told?.pane, life, valueAt(server, atUs).server, atUs);
    if (pane === told?.pane || life === undefined) setFrom(result, atUs, told);
    else setFrom(result, atUs, once(made, life, pane as AgentPane));
  }
  return result;
}

/** The newest life of which it is certain that it had begun: until the second of a line is over, the one before it is the last. */
function begunBy(hooked: Timeline<HookedLife | undefined>, atUs: number): HookedLife | undefined {
  const now = valueAt(hooked, atUs);
  for (let piece = pieceAt(hooked, atUs); ; piece--) {
    const life = hooked.values[piece];
    if (!life?.created) return now;
    if (atUs >= life.created.atUs + life.created.withinUs) return life;
  }
}

/** One value for one life, so that nothing is taken for a change. */
function once(made: Map<HookedLife, OwnPaneTold>, life: HookedLife, pane: AgentPane): OwnPaneTold {
  const known = made.get(life) ?? { pane, begun: pane.byHooks?.ended ? "point" : "unseen" };
  made.set(life, known);
  return known;
}

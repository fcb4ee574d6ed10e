import type { AgentPane, HookedLife } from "../planes/documents.ts";
import { lastLife, lookedForUs } from "../planes/hooked-life.ts";
import type { Boot, ServerTold } from "./server-timeline.ts";
import type { Spans } from "./span.ts";
import { gapsBetween, spanAt } from "./span.ts";
import type { Timeline } from "./timeline.ts";
import { pieceAt, setFrom, valueAt } from "./timeline.ts";
import type { OwnPaneTold } from "./told.ts";

/**
 * The own pane over time with the lives that no look saw: `lastLife` of the present, asked at each moment. Where no look has ended the gap yet
 * nothing is claimed, as the present claims nothing. One that had died, and whose session nobody had closed, was there still, dead, until
 * the look that found nothing of it.
 */
export function withHookedLives(
  own: Timeline<OwnPaneTold | null>,
  hooked: Timeline<HookedLife | undefined>,
  server: Timeline<ServerTold>,
  boots: readonly Boot[],
  covered: Spans,
): Timeline<OwnPaneTold | null> {
  const lives = hooked.values.flatMap((life) => (life?.created ? [life.created] : []));
  const [first] = lives;
  if (first === undefined) return own;
  const gaps = gapsBetween(covered);
  const moments = new Set([
    ...lives.flatMap((begun) => [begun.atUs + begun.withinUs, lookedForUs(begun)]),
    ...[...own.fromUs, ...hooked.fromUs, ...server.fromUs],
    ...boots.map(({ atUs }) => atUs),
    ...gaps.flatMap(({ fromUs, toUs }) => [fromUs, toUs]),
  ]);
  const result = { fromUs: [-Infinity], values: [own.values[0] as OwnPaneTold | null] };
  const made = { dead: new Map(), closed: new Map() };
  /** The life that was last shown to have ended, and since when. */
  let ended = { id: "", sinceUs: -Infinity };
  for (const atUs of [...moments].filter((us) => us < Infinity).sort((a, b) => a - b)) {
    const told = valueAt(own, atUs);
    const life = begunBy(hooked, atUs);
    const gap = spanAt(gaps, atUs);
    const watch = { nowUs: atUs, watchedFromUs: spanAt(covered, atUs)?.fromUs };
    const pane =
      gap?.toUs === Infinity ? told?.pane : lastLife(told?.pane, life, valueAt(server, atUs).server, watch);
    if (pane === undefined || pane === told?.pane || life === undefined) {
      ended = { id: "", sinceUs: -Infinity };
      setFrom(result, atUs, told);
      continue;
    }
    const id = pane.byHooks?.ended ? `${pane.server} ${pane.session}` : "";
    if (ended.id !== id) ended = { id, sinceUs: atUs };
    const isFound = gap === null || ended.sinceUs < gap.fromUs;
    const remains = life.died !== null && life.closed === null && !isFound;
    const serves = remains && !isServerGone(pane.server, { server, boots }, life.died.atUs, atUs);
    const shown: AgentPane = serves ? { ...pane, state: "dead" } : pane;
    setFrom(result, atUs, once(serves ? made.dead : made.closed, life, shown));
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

/** Whether its server is known to have gone meanwhile: the machine has booted, or another one serves. */
export function isServerGone(
  pid: number,
  { server, boots }: { readonly server: Timeline<ServerTold>; readonly boots: readonly Boot[] },
  fromUs: number,
  atUs: number,
): boolean {
  if (boots.some((boot) => boot.atUs >= fromUs && boot.atUs <= atUs)) return true;
  for (let piece = pieceAt(server, atUs); (server.fromUs[piece] as number) >= fromUs; piece--) {
    const told = server.values[piece]?.server;
    if (told !== undefined && (told.state === "up") !== (told.pid === pid)) return true;
  }
  return false;
}

/** One value for one life in one state, so that nothing is taken for a change. */
function once(made: Map<HookedLife, OwnPaneTold>, life: HookedLife, pane: AgentPane): OwnPaneTold {
  const known = made.get(life) ?? { pane, begun: pane.byHooks?.ended ? "point" : "unseen" };
  made.set(life, known);
  return known;
}

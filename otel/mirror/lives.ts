import type { Past } from "../../query/history/past.ts";
import { DAY_US } from "./day.ts";
import type { Life } from "./pieces.ts";

/** How much further back is looked each time that nobody was found to have lived. */
const FURTHER = 16;

/**
 * The lives of an agent that a UTC day can belong to: the last one that had begun before it, and those that begin in it. Only so many, so
 * that a year of lives is never held at once.
 */
export function livesOn(past: Pick<Past, "lives" | "beginsUs">, agent: string, dayUs: number): Life[] {
  for (let backUs = DAY_US; ; backUs *= FURTHER) {
    // A pane may be older than the log.
    const fromUs = dayUs - backUs <= (past.beginsUs ?? 0) ? 0 : dayUs - backUs;
    const lives = past.lives(agent, { fromUs, toUs: dayUs + DAY_US });
    const before = lives.findLastIndex((life) => life.fromUs < dayUs);
    if (before === -1 && fromUs > 0) continue;
    return lives.slice(Math.max(0, before)).map(({ fromUs, incarnation }) => ({ fromUs, incarnation }));
  }
}

import { expect } from "vitest";
import { factsAt } from "../../../query/history/evidence-at.ts";
import { historyOf } from "../../../query/history/history.ts";
import { intervalAt } from "../../../query/history/intervals.ts";
import { rulesInForce } from "../../../query/history/rules.ts";
import { statusIntervals } from "../../../query/history/sweep.ts";
import type { Evidence } from "../../../query/weighed.ts";
import { createReference } from "./reference.ts";
import { AGENTS } from "./stories.ts";
import { BEGIN_US, type Played } from "./world.ts";

const EVER = { fromUs: BEGIN_US - 200_000, toUs: Infinity };

/** Every millisecond of the story, and the microsecond after it, where deadlines fall; and the last one before a life began. */
function* momentsAndBirths(played: Played): Generator<number> {
  yield* moments(played);
  for (const { fromUs } of played.lives) yield fromUs - 1;
}

/** Every millisecond of the story in which anything may change, and the microsecond after it, where deadlines fall. */
export function* moments({ events, endUs }: Played): Generator<number> {
  const busy = new Set([BEGIN_US, endUs].map(Math.floor));
  for (const { occurredAtUs, recordedAtUs } of events) busy.add(occurredAtUs).add(recordedAtUs);
  const near = [...busy].sort((a, b) => a - b);
  let next = 0;
  for (let atUs = Math.min(BEGIN_US, endUs) - 10_000; atUs <= endUs + 40_000; atUs += 1000) {
    while ((near[next] ?? Infinity) < atUs - 45_000) next++;
    if ((near[next] ?? Infinity) > atUs + 10_000) continue;
    yield atUs;
    yield atUs + 1;
  }
}

/** At each of its moments the intervals and the tables of a story say what the reference judge says. */
export function agree(played: Played): void {
  const { events, lapsedAtUs } = played;
  const history = historyOf({ events, lapsedAtUs });
  const reference = createReference(events, lapsedAtUs);
  for (const agent of AGENTS) {
    const intervals = statusIntervals(history, agent, EVER);
    const sightings = statusIntervals(history, agent, EVER, rulesInForce, true);
    for (const atUs of momentsAndBirths(played)) {
      const expected = reference.at(agent, atUs);
      const found = intervalAt(intervals, atUs);
      const at = { agent, at: atUs - BEGIN_US };
      expect({ ...at, status: found?.status, reason: found?.reason }).toEqual({
        ...at,
        status: expected?.status ?? null,
        reason: expected?.reason ?? null,
      });
      if (expected === null) {
        const seen = intervalAt(sightings, atUs);
        const sighted = reference.sighting(agent, atUs);
        expect({ ...at, sighted: [seen?.status, seen?.reason] }).toEqual({
          ...at,
          sighted: [sighted?.status ?? null, sighted?.reason ?? null],
        });
        continue;
      }
      expect({ ...at, pane: paneOf(factsAt(history, agent, atUs).evidence.pane) }).toEqual({
        ...at,
        pane: paneOf(reference.pane(agent, atUs)),
      });
    }
  }
}

/** What the cell of a table shows of a pane. */
function paneOf(pane: Evidence["pane"]): unknown {
  return pane.known ? [pane.state, pane.status, pane.signal] : "unknown";
}

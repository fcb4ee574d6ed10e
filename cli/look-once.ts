import { sampleAll } from "../collectors/supervise.ts";
import type { Observer } from "../query/coverage.ts";
import type { FleetEvent } from "../store/events/catalogue.ts";
import { collectingFor } from "./collecting.ts";
import type { Variables } from "./environment.ts";
import { isHolderAlive } from "./holder.ts";
import { openOwnLog } from "./own-log.ts";

/** Longer than any collector's own deadline: one that has none left to say is then unavailable, and the others still count. */
const DEADLINE_MS = 6000;
/** As many as the event's schema takes; a host with more scopes than this has its rows judged all the same. */
const MAX_OUTCOMES = 256;

/**
 * One look at everything, by the very command that wants to know: each collector once, what it saw into the log, and one
 * event that says which sources were looked at. It covers its own instant only.
 */
export async function lookOnce(variables: Variables): Promise<Extract<Observer, { state: "one-shot" }>> {
  const own = openOwnLog(variables);
  const { log, clock } = own;
  try {
    log.settleLapsedLease(isHolderAlive);
    const begunAtUs = clock.nowUs();
    const { stages } = collectingFor(own, variables);
    const world = { clock, emit: log.append, cursor: log.cursor };
    const outcomes = await sampleAll(stages, world, DEADLINE_MS);
    const taken: FleetEvent = {
      type: "recorder.sample.taken",
      agent: null,
      source: "recorder",
      occurredAtUs: clock.nowUs(),
      precision: "us",
      payload: { begunAtUs, sources: outcomes.slice(0, MAX_OUTCOMES).map((outcome) => ({ ...outcome })) },
    };
    log.append({ source: "recorder", events: [taken] });
    return { state: "one-shot", sinceUs: begunAtUs, outcomes };
  } finally {
    log.close();
  }
}

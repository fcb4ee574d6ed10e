import type { NamedOutcome } from "../../collectors/supervise.ts";
import { documentOf, ONLY } from "../../query/planes/documents.ts";
import type { FleetEvent } from "../../store/events/catalogue.ts";
import type { OwnLog } from "../own-log.ts";

export interface Coverage {
  note(outcome: NamedOutcome): void;
  restate(): void;
}

/**
 * What the sources last told. A recorder that was silent for too long (stopped, or kept from writing) counts as lapsed and
 * begins again under the same process; with the lapse the log took every source for unwatched, so each is stated again.
 */
export function createCoverage({ log, clock }: OwnLog): Coverage {
  const told = new Map<string, NamedOutcome>();
  const beginning = (): number | undefined => documentOf(log.documents(), "recorder", ONLY)?.sinceUs;
  let begunUs = beginning();
  return {
    note: (outcome) => told.set(`${outcome.source} ${outcome.scope}`, outcome),
    restate() {
      const now = beginning();
      if (now === begunUs) return;
      const events = [...told.values()].map(({ source, scope, reason }): FleetEvent => {
        const occurred = {
          agent: null,
          source: "recorder",
          occurredAtUs: clock.nowUs(),
          precision: "us",
        } as const;
        return reason === null
          ? { ...occurred, type: "recorder.source.started", payload: { source, scope } }
          : { ...occurred, type: "recorder.source.unavailable", payload: { source, scope, reason } };
      });
      log.append({ source: "recorder", events });
      begunUs = now;
    },
  };
}

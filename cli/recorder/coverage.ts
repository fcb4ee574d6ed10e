import { documentOf, ONLY } from "../../query/planes/documents.ts";
import type { OwnLog } from "../own-log.ts";

export interface Coverage {
  /** Takes what to call when the log has come to take every source for unwatched. */
  onLoss(begin: () => void): void;
  look(): void;
}

/**
 * A recorder that was silent for too long (stopped, or kept from writing) counts as lapsed and begins again under the same process. With the
 * lapse the log took every source for unwatched, whoever wrote it, and rightly so: what its collectors know is from before.
 */
export function createCoverage({ log }: Pick<OwnLog, "log">): Coverage {
  const listeners: (() => void)[] = [];
  const beginning = (): number | undefined => documentOf(log.documents(), "recorder", ONLY)?.sinceUs;
  let begunUs = beginning();
  return {
    onLoss: (begin) => void listeners.push(begin),
    look() {
      const now = beginning();
      if (now === begunUs) return;
      begunUs = now;
      for (const begin of listeners) begin();
    },
  };
}

import type { Appended, Batch } from "../../store/events/batch.ts";
import type { Log } from "../../store/log.ts";
import { isFleetError } from "../failure.ts";
import type { Voice } from "./voice.ts";

/**
 * On a disk that is full a small write finds room now and then, and the next one does not: 25 times in 18 s it was said that the log could be written again.
 */
const WELL_FOR_US = 5_000_000;

/** The log as the collectors get it: trouble with writing is told once, and once more when it is over. */
export interface GuardedLog {
  append(batch: Batch): Appended;
  /** Does something with the log; what it throws is told, not thrown. */
  attempt(work: () => void): void;
  /** Why recording cannot go on at all, or null. */
  fatal(): unknown;
}

export function guardLog(log: Log, voice: Voice, monotonicUs: () => number): GuardedLog {
  let told = false;
  let illAtUs = 0;
  let fatal: unknown = null;
  const lost = new Set<string>();
  const well = (): void => {
    if (!told || monotonicUs() - illAtUs < WELL_FOR_US) return;
    voice({ what: "log", reason: null });
    told = false;
  };
  const ill = (error: unknown): void => {
    // Anything else is no trouble of the log: an event that its own schema refuses is its collector's.
    if (!isFleetError(error)) return;
    // An old file that is lost keeps nobody from writing.
    if (error.kind === "archive") {
      if (!lost.has(error.message)) voice({ what: "archive", reason: error.message });
      lost.add(error.message);
      return;
    }
    // Waiting mends a full disk and a busy log; it mends none of these.
    if (["too-new", "corrupt", "conflict"].includes(error.kind)) fatal ??= error;
    else if (!told) voice({ what: "log", reason: error.message });
    told = true;
    illAtUs = monotonicUs();
  };
  return {
    append(batch) {
      try {
        const appended = log.append(batch);
        well();
        return appended;
      } catch (error) {
        ill(error);
        throw error;
      }
    },
    attempt(work) {
      try {
        work();
        well();
      } catch (error) {
        ill(error);
      }
    },
    fatal: () => fatal,
  };
}

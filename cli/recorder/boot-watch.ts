import { bootId } from "../../collectors/proc/stat.ts";
import { lastPromise } from "../../query/boot-promise.ts";
import { openReader, type Reader } from "../../store/reader.ts";
import { keepBootPromise } from "../boot-promise.ts";
import type { OwnLog } from "../own-log.ts";
import { liveRecorder, readPresent } from "../present.ts";
import type { GuardedLog } from "./guarded-log.ts";

/** Units are enabled and disabled rarely: every fifth look is enough, but while a promise waits to be compared. */
const EVERY_MS = 2000;
const LOOKS_APART = 5;
/** Where no event has come, the table would be the same one, but for a source that was silent and is heard again. */
const LOOKS_APART_WITHOUT_NEWS = 30;
/** What has not come back after this long has not come back. */
const PATIENCE_MS = 60_000;

/** Keeps the promise of who would come back after a reboot, and after one compares it with who did. */
export function startBootWatch({ own, guarded }: { readonly own: OwnLog; readonly guarded: GuardedLog }): {
  stop(): void;
} {
  const begunMs = performance.now();
  let reader: Reader | null = null;
  let looks = 0;
  let seen = "";
  const isPatienceOver = (): boolean => performance.now() - begunMs > PATIENCE_MS;
  const look = (): void => {
    const isDue = looks++ % LOOKS_APART === 0;
    const state = `${own.log.lastSeq()} ${isPatienceOver()} ${Math.floor(looks / LOOKS_APART_WITHOUT_NEWS)}`;
    if (state === seen) return;
    const waits = (): boolean => lastPromise(own.log.documents())?.bootId !== bootId();
    if (!isDue && (isPatienceOver() || !waits())) return;
    reader ??= openReader(own.log.path);
    const recorder = liveRecorder(reader);
    if (recorder === null) return;
    const observer = { state: "recording", sinceUs: recorder.sinceUs } as const;
    const input = readPresent(reader, { nowUs: own.clock.nowUs(), observer, all: false });
    keepBootPromise(own.log, input, isPatienceOver);
    // Only then: one that could not be written is looked at again.
    seen = state;
  };
  const timer = setInterval(() => guarded.attempt(look), EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
      reader?.close();
    },
  };
}

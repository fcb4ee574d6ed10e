import type { Observer } from "../query/coverage.ts";
import type { PsInput } from "../query/ps.ts";
import { LEASE_US } from "../store/lease.ts";
import type { Reader } from "../store/reader.ts";
import { monotonicUs } from "./clock.ts";
import { isHolderAlive } from "./holder.ts";

/**
 * The recorder that watches right now, or null. A lease that was not renewed in time has lapsed, also where its process still
 * exists (stopped, stuck). Its age is read on the monotonic clock, so that a wall clock that is set makes nobody lapse.
 */
export function liveRecorder(reader: Pick<Reader, "lease">): { sinceUs: number; pid: number } | null {
  const lease = reader.lease();
  if (lease === null) return null;
  const silentUs = monotonicUs() - lease.lastAliveMonotonicUs;
  if (silentUs < 0 || silentUs > LEASE_US || !isHolderAlive(lease)) return null;
  return { sinceUs: lease.claimedAtUs, pid: lease.pid };
}

/** Everything that `ps` and `why` judge from, as the log holds it at this moment. */
export function readPresent(
  reader: Reader,
  present: { nowUs: number; observer: Observer; all: boolean },
): PsInput {
  return reader.atOnce(() => {
    const partition = reader.identity();
    return {
      ...partition,
      ...present,
      observer: withProof(present.observer, reader, present.nowUs),
      logSeq: reader.lastSeq(),
      documents: reader.documents(partition),
      observations: reader.observations(partition),
      gauges: reader.gauges(partition),
    };
  });
}

/** When the recorder last renewed its lease, on the wall clock: what it would have seen is certain until then. */
export function withProof(observer: Observer, reader: Pick<Reader, "lease">, nowUs: number): Observer {
  const lease = observer.state === "recording" ? reader.lease() : null;
  if (observer.state !== "recording" || lease === null) return observer;
  const silentUs = Math.max(0, monotonicUs() - lease.lastAliveMonotonicUs);
  return { ...observer, aliveAtUs: nowUs - silentUs };
}

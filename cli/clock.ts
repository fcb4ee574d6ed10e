import type { Clock } from "../collectors/collector.ts";

/** CLOCK_MONOTONIC in microseconds: the same clock for every process of this boot. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Wall clock in microseconds since the epoch, to the millisecond: enough to judge ages by. */
export function nowUs(): number {
  return Date.now() * 1000;
}

/**
 * The clocks that the log is written by. The wall clock is told to the microsecond, which Node's own is not: the monotonic
 * clock fills in between two milliseconds, and never leaves the millisecond that the wall clock shows, so that a wall clock
 * that is set is followed at once.
 */
export function createClock(
  read: { readonly wallMs: () => number; readonly monotonicUs: () => number } = {
    wallMs: Date.now,
    monotonicUs,
  },
): Clock {
  let offsetUs = read.wallMs() * 1000 - read.monotonicUs();
  return {
    monotonicUs: read.monotonicUs,
    nowUs() {
      const elapsedUs = read.monotonicUs();
      const leastUs = read.wallMs() * 1000;
      const atUs = Math.min(Math.max(elapsedUs + offsetUs, leastUs), leastUs + 999);
      offsetUs = atUs - elapsedUs;
      return atUs;
    },
  };
}

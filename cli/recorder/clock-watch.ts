/** One reading of the clocks of this machine, all in microseconds. */
export interface ClockReading {
  /** Since the epoch; people and NTP set it. */
  readonly wallUs: number;
  /** CLOCK_MONOTONIC: stands still while the machine sleeps. */
  readonly monotonicUs: number;
  /** Since boot, sleep included (`/proc/uptime`, to 10 ms). */
  readonly boottimeUs: number;
}

export type ClockFinding =
  | { readonly kind: "stepped"; readonly byMs: number }
  | { readonly kind: "suspended"; readonly fromUs: number; readonly toUs: number };

const STEP_US = 500_000;
/** Reading two clocks one after the other on a busy machine takes time, and `/proc/uptime` is coarse. */
const SUSPEND_US = 1_000_000;

/**
 * Watches the clocks against one another. Call it each second: wall and boot time that have come apart by over 500 ms since
 * they were last in step mean that the wall clock was set; boot time that ran on while the monotonic clock stood still means
 * that the machine slept.
 */
export function createClockWatch(first: ClockReading): (reading: ClockReading) => ClockFinding[] {
  let offsetUs = first.wallUs - first.boottimeUs;
  let previous = first;
  return (reading) => {
    const findings: ClockFinding[] = [];
    const sleptUs = reading.boottimeUs - previous.boottimeUs - (reading.monotonicUs - previous.monotonicUs);
    const drift = reading.wallUs - reading.boottimeUs - offsetUs;
    if (Math.abs(drift) > STEP_US) {
      findings.push({ kind: "stepped", byMs: Math.round(drift / 1000) });
      offsetUs += drift;
    }
    if (sleptUs > SUSPEND_US) {
      // The beginning is told on the clock as it stands now, also where it was set at the same time.
      const fromUs = reading.wallUs - (reading.boottimeUs - previous.boottimeUs);
      findings.push({ kind: "suspended", fromUs: Math.round(fromUs), toUs: reading.wallUs });
    }
    previous = reading;
    return findings;
  };
}

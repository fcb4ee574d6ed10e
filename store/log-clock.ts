/** How many moments are remembered: looks last milliseconds, so a few commits reach back far enough. */
const REMEMBERED = 64;

export interface Clock {
  /** Wall clock, microseconds since the epoch. It may step. */
  nowUs(): number;
  /** CLOCK_MONOTONIC, microseconds. Leases are measured by it; without it by the wall clock, which may step. */
  monotonicUs?(): number;
}

/** The clock that `recordedAtUs` is stamped from: the wall clock, held back from ever going back. */
export interface LogClock {
  /** The next stamp after `lastUs`: max(wall clock, lastUs + 1). */
  next(lastUs: number): number;
  /** A transaction of ours has just ended and the newest event was stamped `lastUs`. */
  note(lastUs: number): void;
  /**
   * A recent moment of the wall clock, carried over to this clock. Where the wall clock was set back, this clock stands
   * almost still until it is overtaken, and subtracting would make every look seem older than every event of that
   * time; what we knew to be recorded at that moment is then the better bound.
   */
  carry(wallUs: number, lastUs: number): number;
}

export function createLogClock(clock: Clock): LogClock {
  const now = () => Math.floor(clock.nowUs());
  let noted: { wallUs: number; lastUs: number }[] = [];
  const next = (lastUs: number) => Math.max(now(), lastUs + 1);
  return {
    next,
    note(lastUs) {
      const wallUs = now();
      const newest = noted.at(-1);
      // After a step back earlier moments are no longer comparable.
      if (newest && wallUs < newest.wallUs) noted = [];
      else if (newest?.lastUs === lastUs) return;
      noted.push({ wallUs, lastUs });
      if (noted.length > REMEMBERED) noted.shift();
    },
    carry(wallUs, lastUs) {
      const nowUs = now();
      const elapsedUs = Math.max(0, nowUs - wallUs);
      const newest = noted.at(-1);
      // Set back since our last transaction: a look by the new time began after it.
      const isSetBack = newest !== undefined && nowUs < newest.wallUs;
      const known = isSetBack ? newest : noted.findLast((moment) => moment.wallUs <= wallUs);
      return Math.max(next(lastUs) - elapsedUs, known?.lastUs ?? 0);
    },
  };
}

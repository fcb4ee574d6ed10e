import type { Log } from "../../../store/log.ts";
import { beat, vanished } from "./events.ts";
import type { testClock } from "./log.ts";

export const DAY_US = 86_400_000_000;
/** 2026-03-01T00:00:00Z */
export const MARCH_US = Date.UTC(2026, 2, 1) * 1000;
export const APRIL_US = Date.UTC(2026, 3, 1) * 1000;
export const MAY_US = Date.UTC(2026, 4, 1) * 1000;

/** Small ones, so that a short log has several files of several parts. */
export const SMALL = { segment: 200, block: 64 };

/** Writes two months and a half of a log: beats, transitions, late and early events, commits of many sizes. */
export function recordMonths(log: Log, clock: ReturnType<typeof testClock>, commits = 300): void {
  for (let n = 0; n < commits; n += 1) {
    clock.us = MARCH_US + Math.floor((n * 75 * DAY_US) / commits) + n;
    const at = (lag: number) => ({ occurredAtUs: clock.us - lag });
    log.append({
      source: "heartbeat",
      events: [
        ...Array.from({ length: n % 7 }, (_, i) =>
          beat(`a${i}`, { ...at((clock.us % 1e6) + 1e6 * i), status: n % 3 === 0 ? "busy" : "ok" }),
        ),
        beat("late", { ...at(n % 5 === 0 ? 40 * DAY_US : 3), pid: n }),
        ...(n % 11 === 0 ? [vanished(`/tmp/${n}`, at(n % 2 === 0 ? -2 * DAY_US : 1500))] : []),
      ],
    });
  }
}

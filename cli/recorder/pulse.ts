import { readFileSync } from "node:fs";
import { parseUptime } from "../../collectors/proc/stat.ts";
import type { FleetEvent } from "../../store/events/catalogue.ts";
import type { Interrupt } from "../interrupt.ts";
import type { OwnLog } from "../own-log.ts";
import { formatDuration } from "../render/duration.ts";
import { type ClockReading, createClockWatch } from "./clock-watch.ts";
import type { Coverage } from "./coverage.ts";
import type { GuardedLog } from "./guarded-log.ts";
import { createLateWords } from "./late-words.ts";
import { createLostAttaches } from "./lost-attaches.ts";
import { tidyHeap } from "./tidy-heap.ts";
import type { Voice } from "./voice.ts";

/** The lease is renewed and the clocks are compared this often. */
const PULSE_MS = 1000;
/** Verdicts of the past are settled this often: so much at most is judged anew by whoever asks. */
const SETTLE_EVERY = 60;
/**
 * And for so long at most in each second. A newer fleet judges all of an older one's log anew, two minutes for 10^7 events: done at once,
 * nobody would record meanwhile, and the lease would lapse.
 */
const SETTLING_MS = 200;
/** By then every source has looked, and looked again. */
const STARTED_AFTER = 20;

/** Once a second: says that this recorder lives, compares the clocks, listens for what runtimes say of messages and for persons who have left, and ends it when it cannot go on; once a minute, settles verdicts. */
export function startPulse(parts: {
  readonly own: OwnLog;
  readonly guarded: GuardedLog;
  readonly voice: Voice;
  readonly interrupt: Interrupt;
  readonly coverage: Coverage;
}): { stop(): void } {
  const { own, guarded, voice, interrupt, coverage } = parts;
  const lateWords = createLateWords(own);
  const lostAttaches = createLostAttaches(own);
  const watchClocks = createClockWatch(readClocks(own.clock));
  let pulses = 0;
  let isSettling = false;
  const settle = (): void => {
    const untilMs = performance.now() + SETTLING_MS;
    // Where it fails it is tried again in a minute, not in a second.
    isSettling = false;
    isSettling = !own.log.settle(() => performance.now() > untilMs);
  };
  const beat = (): void => {
    guarded.attempt(() => own.log.renewLease());
    guarded.attempt(coverage.look);
    guarded.attempt(lateWords.look);
    guarded.attempt(lostAttaches.look);
    for (const finding of watchClocks(readClocks(own.clock))) {
      const event = {
        agent: null,
        source: "recorder",
        occurredAtUs: own.clock.nowUs(),
        precision: "us",
      } as const;
      const { text, told }: { text: string; told: FleetEvent } =
        finding.kind === "stepped"
          ? {
              text: `the wall clock was set by ${formatDuration(finding.byMs / 1000)}`,
              told: { ...event, type: "recorder.clock.stepped", payload: { byMs: finding.byMs } },
            }
          : {
              text: `the machine slept for ${formatDuration((finding.toUs - finding.fromUs) / 1e6)}`,
              told: {
                ...event,
                type: "recorder.suspended",
                payload: { fromUs: finding.fromUs, toUs: finding.toUs },
              },
            };
      voice({ what: "clock", text });
      guarded.attempt(() => own.log.append({ source: "recorder", events: [told] }));
    }
    if (pulses === STARTED_AFTER) tidyHeap();
    if (++pulses % SETTLE_EVERY === 0) isSettling = true;
    if (isSettling) guarded.attempt(settle);
    if (guarded.fatal() !== null) interrupt.end();
  };
  const timer = setInterval(beat, PULSE_MS);
  return {
    stop() {
      clearInterval(timer);
      lateWords.close();
      lostAttaches.close();
    },
  };
}

function readClocks(clock: OwnLog["clock"]): ClockReading {
  const seconds = parseUptime(readFileSync("/proc/uptime", "latin1"));
  if (seconds === null) throw new Error("/proc/uptime does not begin with a number");
  return { wallUs: clock.nowUs(), monotonicUs: clock.monotonicUs(), boottimeUs: Math.round(seconds * 1e6) };
}

import { z } from "zod";
import { boundedText, count, instantUs, shortText, startTicks } from "./text.ts";

/** A source, and within it the scope that is watched as a whole: a tmux socket, else the empty string. */
const watched = { source: shortText, scope: boundedText };

export const recorderEvents = {
  "recorder.started": z.strictObject({
    pid: count,
    pidStart: startTicks.nullable(),
    bootId: shortText,
    version: shortText,
    /** The same process as before: it had been stopped or starved since then, was told as lapsed, and goes on. */
    silentSinceUs: instantUs.optional(),
  }),
  "recorder.stopped": z.strictObject({ pid: count, reason: shortText }),
  /**
   * Written by the next writer when a recorder died without a word, or when the log tells of a watch that nobody is left to end (it was imported):
   * it was last known alive at `lastAliveUs`. `pid` is null where the log does not hold who it was.
   */
  "recorder.lapsed": z.strictObject({ pid: count.nullable(), lastAliveUs: instantUs }),
  "recorder.source.started": z.strictObject(watched),
  "recorder.source.stopped": z.strictObject(watched),
  "recorder.source.unavailable": z.strictObject({ ...watched, reason: boundedText }),
  "recorder.source.recovered": z.strictObject(watched),
  /** One look by a one-shot `ps`: it covers its own instant only. */
  "recorder.sample.taken": z.strictObject({
    begunAtUs: instantUs,
    sources: z
      .array(
        z.strictObject({
          ...watched,
          state: z.enum(["observed", "unavailable"]),
          reason: boundedText.nullable(),
        }),
      )
      .max(256),
  }),
  /** Who would come back if the host rebooted now; written when the answer changes. At most 1024 of a roster's agents. */
  "recorder.boot.promised": z.strictObject({
    bootId: shortText,
    agents: z
      .array(
        z.strictObject({
          name: boundedText,
          returns: z.enum(["yes", "no", "unknown"]),
          reasons: z.array(shortText).max(16),
        }),
      )
      .max(1024),
  }),
  /** After a reboot: what was promised in the boot before it against what runs. */
  "recorder.boot.compared": z.strictObject({
    bootId: shortText,
    promisedBootId: shortText,
    returned: z.array(boundedText).max(1024),
    missing: z.array(boundedText).max(1024),
    unexpected: z.array(boundedText).max(1024),
  }),
  "recorder.clock.stepped": z.strictObject({ byMs: z.int() }),
  "recorder.suspended": z.strictObject({ fromUs: instantUs, toUs: instantUs }),
} as const;

export const collectorEvents = {
  /** Input that could not be parsed, kept instead of dropped. `raw` is at most 1024 characters of it. */
  "collector.input.rejected": z.strictObject({
    reason: shortText,
    where: boundedText,
    raw: boundedText,
    bytes: count,
  }),
} as const;

import { z } from "zod";
import { count, instantUs, shortText, startTicks } from "./text.ts";

export const heartbeatEvents = {
  /** One beat: `occurred_at` is its `ts`. `extra` keeps additive keys that have no field of their own (probe, ack, model, task, seq, unknown ones). */
  "heartbeat.received": z.strictObject({
    pid: count,
    /** Start ticks of that pid when the beat was first read; null when it was gone already or belongs to nobody we can see. */
    pidStart: startTicks.nullable(),
    status: shortText,
    evidence: z.enum(["runtime", "hook", "sidecar"]),
    extra: z.record(shortText, shortText).optional(),
    /** The beat that was read before it is dated later than this one was read: the clock was set back, or had been ahead. */
    afterSetBack: z.boolean().optional(),
  }),
  /**
   * The beat's process is gone (its pid is free or belongs to a process with another start time). `goneByUs`: it was not there when the beat was
   * first read, so it went at some time between `occurred_at`, which is the beat's own, and that look.
   */
  "heartbeat.writer.exited": z.strictObject({
    pid: count,
    pidStart: startTicks.nullable(),
    goneByUs: instantUs.optional(),
  }),
  /** An operator asked for a beat (`NAME.probe`), and the agent wrote one that repeats the nonce. */
  "heartbeat.probe.answered": z.strictObject({
    nonce: shortText,
    afterMs: count,
    pid: count.nullable(),
    evidence: z.enum(["runtime", "hook", "sidecar"]),
  }),
  /** An operator asked, and no answer came in that time. */
  "heartbeat.probe.unanswered": z.strictObject({ nonce: shortText, waitedMs: count }),
  /** The file is no longer there. */
  "heartbeat.file.removed": z.strictObject({}),
} as const;

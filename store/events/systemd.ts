import { z } from "zod";
import { count, instantUs, shortText } from "./text.ts";

export const systemdEvents = {
  /** The whole state of a unit after the change, as the user manager states it. Empty properties are null. */
  "systemd.unit.changed": z.strictObject({
    unit: shortText,
    load: shortText,
    active: shortText,
    sub: shortText,
    result: shortText.nullable(),
    /** UnitFileState: enabled, disabled, enabled-runtime, static, ...; null when the manager states none. */
    fileState: shortText.nullable(),
    serviceType: shortText.nullable(),
    remainAfterExit: z.boolean().nullable(),
    killMode: shortText.nullable(),
    mainPid: count.nullable(),
    invocationId: shortText.nullable(),
    restarts: count.nullable(),
    execCode: z.int().nullable(),
    execStatus: z.int().nullable(),
    /** StateChangeTimestamp. */
    sinceUs: instantUs.nullable(),
  }),
  /** The unit is not asked about any longer (its agent left the roster and it is not loaded). */
  "systemd.unit.forgotten": z.strictObject({ unit: shortText }),
  /** What holds for the whole user manager. A changed boot id is a reboot. */
  "systemd.manager.changed": z.strictObject({
    bootId: shortText,
    bootedAtUs: instantUs,
    linger: z.enum(["yes", "no", "unknown"]),
    version: shortText.nullable(),
  }),
} as const;

export const UNIT_LOG_KINDS = [
  "starting",
  "started",
  "start-failed",
  "stopping",
  "stopped",
  "process-exited",
  "failed",
  "restart-scheduled",
  "exec-failed",
  "deactivated",
  "resources",
  "other",
] as const;

export const journalEvents = {
  /** One line that the user manager logged about a unit. */
  "journal.unit.logged": z.strictObject({
    unit: shortText,
    what: z.enum(UNIT_LOG_KINDS),
    jobType: shortText.nullable(),
    jobResult: shortText.nullable(),
    exitCode: shortText.nullable(),
    exitStatus: shortText.nullable(),
    unitResult: shortText.nullable(),
    restarts: count.nullable(),
    invocationId: shortText.nullable(),
    bootId: shortText.nullable(),
    priority: count.nullable(),
    /** The manager's own sentence, bounded; never a line that an agent printed. */
    message: shortText.nullable(),
  }),
  /** Entries between the remembered cursor and the next one found are gone (vacuumed, rotated away, another machine's cursor). */
  "journal.gap.found": z.strictObject({
    fromUs: instantUs.nullable(),
    toUs: instantUs.nullable(),
    reason: z.enum(["vacuumed", "future-cursor", "bad-cursor"]),
  }),
} as const;

import { z } from "zod";

/** Text from outside is bounded when it becomes part of an event: 1 KB session names exist, 10 MB ones do not. */
export const boundedText = z.string().max(2048);
export const shortText = z.string().max(256);
export const count = z.int().min(0);
/** Microseconds since the epoch. */
export const instantUs = z.int().min(0);
/** Field 22 of /proc/PID/stat: clock ticks after boot at which the process started. With the pid it names a process. */
export const startTicks = z.int().min(0);
/** `<first 8 of boot id>-<pid>-<start ticks>`: one life of an agent. */
export const incarnationId = z.string().max(64);

import type { z } from "zod";
import type { NewEvent } from "./envelope.ts";
import { heartbeatEvents } from "./heartbeat.ts";
import { messageEvents } from "./message.ts";
import { operatorEvents } from "./operator.ts";
import { processEvents } from "./process.ts";
import { collectorEvents, recorderEvents } from "./recorder.ts";
import { rosterEvents } from "./roster.ts";
import { rulesEvents } from "./rules.ts";
import { journalEvents, systemdEvents } from "./systemd.ts";
import { tmuxEvents } from "./tmux.ts";

/** Every event type this version can write, with the schema of its payload. All are version 1. */
export const eventCatalogue = {
  ...tmuxEvents,
  ...systemdEvents,
  ...journalEvents,
  ...heartbeatEvents,
  ...processEvents,
  ...rosterEvents,
  ...recorderEvents,
  ...collectorEvents,
  ...operatorEvents,
  ...messageEvents,
  ...rulesEvents,
} as const;

export type EventType = keyof typeof eventCatalogue;
export type PayloadOf<T extends EventType> = z.infer<(typeof eventCatalogue)[T]>;
/** A new event whose payload fits its type; the union over all types. */
export type FleetEvent = { [T in EventType]: NewEvent<T, PayloadOf<T>> }[EventType];

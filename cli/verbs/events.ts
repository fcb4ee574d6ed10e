import type { Invocation } from "../declaration.ts";
import { openExistingLog } from "../existing-log.ts";
import { listEvents } from "../list-events.ts";

/** `fleet events`, where something keeps it from starting fast (fast-events.ts). */
export function run(invocation: Invocation): Promise<number> {
  return listEvents(invocation, async (here) => openExistingLog(here));
}

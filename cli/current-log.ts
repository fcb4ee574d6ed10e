import { openCurrentReader, type Reader } from "../store/reader.ts";
import type { Here } from "./here.ts";

/**
 * The log as `openExistingLog` opens it. What brings an older one up to date is loaded only where there is an older one: its text is a tenth of
 * all that `fleet events` starts with.
 */
export async function openCurrentLog(here: Here): Promise<Reader | null> {
  const reader = here.hasStateDirectory ? openCurrentReader(here.places.database) : null;
  if (reader !== null) return reader;
  const { openExistingLog } = await import("./existing-log.ts");
  return openExistingLog(here);
}

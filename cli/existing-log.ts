import { noLog } from "../store/open.ts";
import { openReader, type Reader } from "../store/reader.ts";
import { isFleetError } from "./failure.ts";
import type { Here } from "./here.ts";

/**
 * Opens the log for reading, or null where there is nothing to read yet: no file, or one that another fleet is making at this very
 * moment (the recorder and a first `ps` are often started together).
 */
export function openExistingLog({
  hasStateDirectory,
  places,
}: Pick<Here, "hasStateDirectory" | "places">): Reader | null {
  if (!hasStateDirectory) return null;
  try {
    return openReader(places.database);
  } catch (error) {
    if (isFleetError(error) && error.message === noLog(places.database).message) return null;
    throw error;
  }
}

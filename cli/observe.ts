import type { Observer } from "../query/coverage.ts";
import { openReader, type Reader } from "../store/reader.ts";
import type { Variables } from "./environment.ts";
import { openExistingLog } from "./existing-log.ts";
import { isFleetError } from "./failure.ts";
import { type Here, lookAround, nothingRecorded } from "./here.ts";
import { liveRecorder } from "./present.ts";
import { visible } from "./render/text.ts";

/**
 * Opens the log for reading and says who watches the present: a live recorder; else, with `collect`, the one look that is taken
 * here and now; else nobody. The code that looks is heavy and is loaded only when it is needed.
 */
export async function observe(
  variables: Variables,
  options: { collect: boolean; complain: (text: string) => void },
): Promise<{ reader: Reader; observer: Observer; here: Here }> {
  const here = lookAround(variables);
  const reader = openExistingLog(here);
  const recorder = reader === null ? null : liveRecorder(reader);
  if (reader !== null && recorder !== null) {
    return { reader, observer: { state: "recording", sinceUs: recorder.sinceUs }, here };
  }
  if (!options.collect) {
    if (reader === null) throw nothingRecorded(here.places);
    return { reader, observer: { state: "absent" }, here };
  }
  reader?.close();
  const { lookOnce } = await import("./look-once.ts");
  try {
    const observer = await lookOnce(variables);
    return { reader: openReader(here.places.database), observer, here };
  } catch (error) {
    // A log that takes nothing more (a full disk, a read-only place) still tells what it knew.
    if (reader === null || !isFleetError(error) || error.kind !== "unavailable") throw error;
    const last = openReader(here.places.database);
    options.complain(`fleet: what is now could not be looked at: ${visible(error.message)}\n`);
    return { reader: last, observer: { state: "absent" }, here };
  }
}

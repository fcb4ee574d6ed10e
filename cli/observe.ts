import type { Observer } from "../query/coverage.ts";
import { FleetError } from "../store/errors.ts";
import { openReader, type Reader } from "../store/reader.ts";
import type { Variables } from "./environment.ts";
import { openExistingLog } from "./existing-log.ts";
import { isFleetError } from "./failure.ts";
import { type Here, lookAround, nothingRecorded } from "./here.ts";
import { liveRecorder } from "./present.ts";
import { visible } from "./render/text.ts";

/** Of whom a log is that was brought here, and who would write to it now. */
export interface Brought {
  readonly of: string;
  readonly here: string;
}

/**
 * Opens the log for reading and says who watches the present: a live recorder; else, with `collect`, the one look that is taken
 * here and now; else nobody. The code that looks is heavy and is loaded only when it is needed. No look is taken into a log that was brought here
 * from elsewhere: it would be given a second host, and answer for that from then on.
 */
export async function observe(
  variables: Variables,
  options: { collect: boolean; complain: (text: string) => void },
): Promise<{ reader: Reader; observer: Observer; here: Here; brought: Brought | null }> {
  const here = lookAround(variables);
  const reader = openExistingLog(here);
  const recorder = reader === null ? null : liveRecorder(reader);
  if (reader !== null && recorder !== null) {
    return { reader, observer: { state: "recording", sinceUs: recorder.sinceUs }, here, brought: null };
  }
  if (!options.collect) {
    if (reader === null) throw nothingRecorded(here.places);
    return { reader, observer: { state: "absent" }, here, brought: null };
  }
  const brought = reader === null ? null : await broughtFrom(reader, here, variables);
  if (reader !== null && brought !== null) {
    options.complain(
      `fleet: this log was brought here and is of ${brought.of}: nothing of ${brought.here} is looked at, or added to it\n  Another FLEET_STATE, or none, is for this host; --no-collect says that the log alone is meant.\n`,
    );
    return { reader, observer: { state: "absent" }, here, brought };
  }
  reader?.close();
  const { lookOnce } = await import("./look-once.ts");
  try {
    const observer = await lookOnce(variables);
    return { reader: openReader(here.places.database), observer, here, brought: null };
  } catch (error) {
    // A log that takes nothing more (a full disk, a read-only place) still tells what it knew.
    if (reader === null || !isFleetError(error) || error.kind !== "unavailable") throw error;
    const last = openReader(here.places.database);
    options.complain(`fleet: what is now could not be looked at: ${visible(error.message)}\n`);
    return { reader: last, observer: { state: "absent" }, here, brought: null };
  }
}

async function broughtFrom(reader: Reader, here: Here, variables: Variables): Promise<Brought | null> {
  const { broughtHere, nameOf } = await import("./brought-here.ts");
  const found = broughtHere(reader, here, variables);
  return found === null ? null : { of: nameOf(found.of), here: nameOf(found.here) };
}

/** What to throw where more than looking was asked for. */
export function notOfThisHost({ of, here }: Brought): FleetError {
  return new FleetError(
    "conflict",
    `this log was brought here and is of ${of}: nothing of ${here} is written to it`,
    {
      hint: "Set FLEET_STATE to the log of this host, or leave it out.",
    },
  );
}
